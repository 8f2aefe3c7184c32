package gate_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/policies"
)

func readSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(policies.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

func resolveSchema(t testing.TB) *jsonschema.Resolved {
	t.Helper()
	r, err := readSchema(t).Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// validate judges a policy file as an editor would.
func validate(schema *jsonschema.Resolved, content []byte) error {
	var v any
	if err := yaml.Unmarshal(bytes.TrimPrefix(content, []byte("\ufeff")), &v); err != nil {
		return err
	}
	// Editors see YAML as JSON.
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	return schema.Validate(plain)
}

func TestSchemaAndLoaderKnowTheSameKeys(t *testing.T) {
	schema := readSchema(t)
	known := gate.Keys()
	for kind, keys := range known {
		of := schema
		if kind != "" {
			of = schema.Defs[kind]
		}
		if of == nil {
			t.Errorf("the schema lacks %q", kind)
			continue
		}
		if got, want := slices.Sorted(maps.Keys(of.Properties)), slices.Sorted(slices.Values(keys)); !slices.Equal(got, want) {
			t.Errorf("%q: the schema has %q, the loader %q", kind, got, want)
		}
		if of.AdditionalProperties == nil {
			t.Errorf("%q: the schema allows other keys", kind)
		}
		for key, p := range of.Properties {
			if p.Description == "" && (p.Ref == "" || schema.Defs[strings.TrimPrefix(p.Ref, "#/$defs/")].Description == "") {
				t.Errorf("%q: key %q has no description", kind, key)
			}
		}
	}
	for name, def := range schema.Defs {
		if _, is := known[name]; !is && len(def.Properties) > 0 {
			t.Errorf("the loader doesn't know the mapping %q", name)
		}
	}
	if !slices.Equal(schema.Required, gate.RequiredKeys()) {
		t.Errorf("required: the schema has %q, the loader %q", schema.Required, gate.RequiredKeys())
	}
}

func TestBuiltInsAndTemplateAreValid(t *testing.T) {
	schema := resolveSchema(t)
	contents := map[string][]byte{"template": policies.Template(), "full": []byte(fullPolicy), "org": []byte(orgPolicy)}
	for _, name := range []string{"baseline", "strict"} {
		data, err := fs.ReadFile(policies.Files(), name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		contents[name] = data
	}
	for name, data := range contents {
		if err := validate(schema, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := load(t, string(data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTemplateExamplesAreValid(t *testing.T) {
	var lines []string
	for line := range strings.Lines(string(policies.Template())) {
		// An example is a comment line of YAML: "# key:" or "#   …".
		if rest, is := strings.CutPrefix(line, "# "); is && (strings.HasPrefix(rest, " ") || strings.HasSuffix(rest, ":\n")) {
			line = rest
		}
		lines = append(lines, line)
	}
	content := strings.Join(lines, "")
	p := mustLoad(t, content)
	if len(p.Waivers) != 2 || len(p.Block) < 3 {
		t.Errorf("the examples were not all read:\n%s", content)
	}
	if err := validate(resolveSchema(t), []byte(content)); err != nil {
		t.Error(err)
	}
}

func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	const base = "version: 1\nextends: baseline\n"
	const waiver = base + "waivers:\n  - {owner: o, reason: r, expires: 2026-12-31, "
	schema := resolveSchema(t)
	for _, content := range []string{
		"[]", "extends: baseline\n", "version: 2\nextends: baseline\n", "version: '1'\n", base + "blok: []\n",
		base + "description: ''\n", base + "description: 5\n", base + "block: {id: a}\n",
		base + "require: [{locked: true}]\n", base + "require: [{inspector: osv, locked: 1}]\n",
		base + "block: [{severity: high}]\n", base + "block: [{id: A, severity: high}]\n", base + "block: [{id: a}]\n",
		base + "block: [{id: a, severity: hihg}]\n", base + "block: [{id: a, severity: unknown}]\n",
		base + "block: [{id: a, confidence: sure}]\n", base + "block: [{id: a, rule: []}]\n", base + "block: [{id: a, rule: 5}]\n",
		base + "block: [{id: a, origin: mine}]\n", base + "block: [{id: a, origin: 1}]\n", base + "image: {bases: []}\n",
		base + "image: {allowed-bases: alpine}\n", base + "image: {allowed-bases: }\n", base + "image: {allowed-bases: ['']}\n",
		base + "image: {allowed-bases: ['a b']}\n", base + "image: {allowed-bases: [docker://a]}\n", base + "image: {locked: 1}\n",
		base + "limits: {layers: 1.5}\n", base + "limits: {image-entries: 1KiB}\n",
		base + "advisories: {max-age: 2w}\n", base + "advisories: {max-age: 14}\n", base + "advisories: {named: warning}\n",
		base + "limits: {total-bytes: 1GB}\n", base + "limits: {total-bytes: -1}\n", base + "limits: {ratio: 1.5}\n",
		base + "limits: {depth: -1}\n", base + "limits: {entries: 2147483648}\n", base + "limits: {entries: 1KiB}\n",
		waiver + "}\n", waiver + "fingerprint: 1a2b3c4d, rule: osv-*, subject: x}\n", waiver + "fingerprint: 1a2b3c4}\n",
		waiver + "fingerprint: 12345678}\n", waiver + "rule: osv-vulnerable}\n", waiver + `rule: osv-vulnerable, subject: "**"}` + "\n",
		base + "waivers: [{fingerprint: 1a2b3c4d, reason: r, expires: 2026-12-31}]\n",
		base + "waivers: [{fingerprint: 1a2b3c4d, owner: o, expires: 2026-12-31}]\n",
		base + "waivers: [{fingerprint: 1a2b3c4d, owner: o, reason: r}]\n",
		base + "waivers: [{fingerprint: 1a2b3c4d, owner: o, reason: r, expires: 31.12.2026}]\n",
	} {
		if err := validate(schema, []byte(content)); err == nil {
			t.Errorf("the schema accepts %q", content)
		}
		if _, err := load(t, content); err == nil {
			t.Errorf("the loader accepts %q", content)
		}
	}
}
