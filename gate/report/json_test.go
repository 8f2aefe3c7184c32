package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

const minimal = `{"schema":1,"tool":{"name":"lambdagate"},"verdict":{"decision":"pass"}}`

func TestReadJSONRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "not a lambdagate report"},
		{"not JSON", "PASS  nothing blocks", "not a lambdagate report"},
		{"another kind of JSON", `[{"schema":1}]`, "not a lambdagate report"},
		{"SARIF", `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[]}`, "no schema number"},
		{"schema zero", strings.Replace(minimal, "1", "0", 1), "no schema number"},
		{"schema in words", strings.Replace(minimal, "1", `"1"`, 1), "not a lambdagate report"},
		{"a newer schema", strings.Replace(minimal, "1", "2", 1), "schema 2 is newer than this lambdagate"},
		{"a newer schema of another shape", `{"schema":3,"findings":{}}`, "schema 3 is newer than this lambdagate"},
		{"no tool", `{"schema":1,"verdict":{"decision":"pass"}}`, "names no tool"},
		{"no verdict", `{"schema":1,"tool":{"name":"lambdagate"}}`, "no verdict"},
		{"no decision", `{"schema":1,"tool":{"name":"lambdagate"},"verdict":{}}`, "no verdict"},
		{"an unknown decision", strings.Replace(minimal, "pass", "maybe", 1), `unknown decision "maybe"`},
		{"an unknown severity", strings.Replace(minimal, "{", `{"findings":[{"severity":"bad"}],`, 1), `unknown severity "bad"`},
		{"an unknown status", strings.Replace(minimal, "{", `{"outcomes":[{"status":"fine"}],`, 1), `unknown status "fine"`},
		{"cut off", minimal[:len(minimal)-1], "not a lambdagate report"},
		{"something after it", minimal + "{}", "not a lambdagate report"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadJSON(strings.NewReader(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestReadJSONBound(t *testing.T) {
	size := int64(len(minimal))
	if _, err := readJSON(strings.NewReader(minimal), size); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := readJSON(strings.NewReader(minimal+" "), size)
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("above the limit: error %v", err)
	}
}

var errDisk = errors.New("disk gone")

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errDisk }
func (broken) Write([]byte) (int, error) { return 0, errDisk }

func TestErrorsOfStreams(t *testing.T) {
	if _, err := ReadJSON(broken{}); !errors.Is(err, errDisk) {
		t.Errorf("read: error %v", err)
	}
	for _, format := range Formats() {
		err := Write(broken{}, format, Report{}, Options{})
		if !errors.Is(err, errDisk) || !strings.Contains(err.Error(), format) {
			t.Errorf("write %s: error %v", format, err)
		}
	}
}

func TestWriteUnknownFormat(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, "yaml", Report{}, Options{})
	if err == nil || err.Error() != `unknown format "yaml" (allowed: json, text)` {
		t.Errorf("error %v", err)
	}
	if b.Len() > 0 {
		t.Errorf("wrote %q", &b)
	}
}

// Fields that a later version 1 adds are passed over.
func TestReadJSONToleratesNewFields(t *testing.T) {
	r, err := ReadJSON(strings.NewReader(strings.Replace(minimal, "{", `{"colour":{"a":[1]},"findings":[{"rule":"x","mood":"calm"}],`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 1 || r.Findings[0].Rule != "x" {
		t.Errorf("findings %+v", r.Findings)
	}
}

// fill puts one zero element into every list and pointer, so that every type
// of the contract is in the JSON.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

func TestListsAreNeverNull(t *testing.T) {
	var full Report
	fill(reflect.ValueOf(&full).Elem())
	hollow := full // one element each, whose own lists are nil
	hollow.Findings = List[Finding]{{Advisory: &Advisory{}}}
	hollow.Outcomes, hollow.Packages, hollow.Rules = List[Outcome]{{}}, List[Package]{{}}, List[Rule]{{}}
	for name, r := range map[string]Report{"zero": {}, "full": full, "hollow": hollow} {
		var b bytes.Buffer
		if err := Write(&b, "json", r, Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "null") {
			t.Errorf("%s report holds null:\n%s", name, &b)
		}
	}
	eachType(reflect.TypeFor[Report](), func(owner reflect.Type, field reflect.StructField) {
		if field.Type.Kind() != reflect.Slice {
			return
		}
		if !strings.HasPrefix(field.Type.Name(), "List[") || strings.Contains(field.Tag.Get("json"), "omitempty") {
			t.Errorf("%v.%s is a %v with the tag %q: a list that can be null or absent", owner, field.Name, field.Type, field.Tag)
		}
	})
}

// eachType calls f with every field of every struct that the report is made
// of.
func eachType(typ reflect.Type, f func(reflect.Type, reflect.StructField)) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		eachType(typ.Elem(), f)
	case reflect.Struct:
		for i := range typ.NumField() {
			f(typ, typ.Field(i))
			eachType(typ.Field(i).Type, f)
		}
	}
}

// The names of version 1 are promised: none of these may change.
func TestContractNames(t *testing.T) {
	var r Report
	fill(reflect.ValueOf(&r).Elem())
	names := make(map[string]bool)
	collect(reflect.TypeOf(r), "", names)
	for _, group := range []string{
		"schema tool.name tool.version policy.name policy.digest advisories.source advisories.date advisories.digest",
		"targets.name targets.kind targets.digest outcomes.inspector outcomes.target outcomes.status outcomes.reason",
		"findings.fingerprint findings.rule findings.inspector findings.severity findings.confidence findings.message",
		"findings.target findings.origin findings.location.path findings.location.line findings.location.column",
		"findings.location.layer findings.related.path findings.package.purl findings.package.ecosystem",
		"findings.package.name findings.package.version findings.advisory.id findings.advisory.aliases",
		"findings.advisory.fixed findings.evidence findings.remedy findings.waiver",
		"packages.purl packages.ecosystem packages.name packages.version packages.target packages.locations.path",
		"packages.origin packages.how rules.id rules.title rules.severity rules.cwe rules.help rules.refs",
		"verdict.waived.finding verdict.waived.waiver.owner verdict.decision verdict.reasons.finding verdict.reasons.clause verdict.expired verdict.incomplete",
	} {
		for name := range strings.FieldsSeq(group) {
			if !names[name] {
				t.Errorf("no field %s", name)
			}
		}
	}
}

func collect(typ reflect.Type, prefix string, names map[string]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		collect(typ.Elem(), prefix, names)
	case reflect.Struct:
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			names[prefix+name] = true
			collect(typ.Field(i).Type, prefix+name+".", names)
		}
	}
}

// HTML stays escaped in JSON, and nothing invisible gets through.
func TestJSONIsHarmless(t *testing.T) {
	r := Report{Targets: List[Target]{{Name: "</script>\u202e\u009b\x7f\U000e0041&"}}}
	var b bytes.Buffer
	if err := Write(&b, "json", r, Options{}); err != nil {
		t.Fatal(err)
	}
	want := `"\u003c/script\u003e\u202e\u009b\u007f\udb40\udc41\u0026"`
	if !strings.Contains(b.String(), want) {
		t.Errorf("want %s in:\n%s", want, &b)
	}
	var back Report
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Targets[0].Name != r.Targets[0].Name {
		t.Errorf("read back %q, %v", back.Targets[0].Name, err)
	}
}
