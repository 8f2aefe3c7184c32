package gate_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/policies"
)

const orgPolicy = `version: 1
extends: baseline
require:
  - inspector: secret
    locked: true
block:
  - id: credential
    rule: secret-*
    locked: true
advisories:
  max-age: 7d
  locked: true
limits:
  depth: 2
  entries: 9
image:
  allowed-bases: [public.ecr.aws/lambda/*]
  locked: true
`

func TestExtends(t *testing.T) {
	dir := write(t, map[string]string{
		"org/org.yaml": orgPolicy,
		"team/lambdagate.yaml": `version: 1
description: the team's
extends: ../org/org.yaml
require:
  - {inspector: osv, off: true}
  - inspector: secret
block:
  - {id: severity-high, off: true}
  - {id: severity-medium, severity: critical}
limits:
  entries: 0
`,
	})
	p, err := newLoader().Load(filepath.Join(dir, "team/lambdagate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := clauseNames(p.Block); !slices.Equal(got, []string{
		"baseline:base-critical", "baseline:image-high", "org.yaml:credential", "baseline:malicious-package", "lambdagate.yaml:severity-medium",
	}) {
		t.Errorf("block: %q", got)
	}
	if len(p.Warn) != 0 {
		t.Errorf("warn: %+v; severity-medium moved to block", p.Warn)
	}
	if len(p.Require) != 2 || p.Require[0].Inspector != "secret" || p.Require[1].Inspector != "image" || !p.Require[0].Locked || !strings.HasSuffix(p.Require[0].Source, "org.yaml:4") {
		t.Errorf("require: %+v", p.Require)
	}
	if p.Limits != (gate.Limits{Depth: 2}) || p.Advisories.MaxAge.Hours() != 7*24 || p.Description != "the team's" {
		t.Errorf("%+v %+v %q", p.Limits, p.Advisories, p.Description)
	}
	var names []string
	for _, s := range p.Sources {
		names = append(names, s.Name)
	}
	if want := []string{"baseline", filepath.Join(dir, "org/org.yaml"), filepath.Join(dir, "team/lambdagate.yaml")}; !slices.Equal(names, want) {
		t.Errorf("sources: %q", names)
	}
}

func clauseNames(clauses []gate.Clause) []string {
	var names []string
	for _, c := range clauses {
		names = append(names, c.Name())
	}
	return names
}

func TestLocksHold(t *testing.T) {
	for name, c := range map[string]struct{ team, want string }{
		"replace": {"block: [{id: credential, rule: secret-*, confidence: high}]",
			`team.yaml:3:9: clause "credential" is locked at org.yaml:7 and can't be replaced or switched off`},
		"move":       {"warn: [{id: credential, rule: secret-*}]", `team.yaml:3:8: clause "credential" is locked at org.yaml:7`},
		"off":        {"block: [{id: credential, off: true}]", `team.yaml:3:9: clause "credential" is locked at org.yaml:7`},
		"require":    {"require: [{inspector: secret, off: true}]", `team.yaml:3:11: inspector "secret" is locked at org.yaml:4 and can't be switched off`},
		"advisories": {"advisories: {max-age: 1d}", `team.yaml:3:13: advisories are locked at org.yaml:11 and can't be set again`},
		"image":      {"image: {allowed-bases: []}", `team.yaml:3:8: image is locked at org.yaml:17 and can't be set again`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"org.yaml": orgPolicy, "team.yaml": "version: 1\nextends: org.yaml\n" + c.team + "\n"})
			_, err := newLoader().Load(filepath.Join(dir, "team.yaml"))
			if err == nil {
				t.Fatal("accepted")
			}
			if got := (&shortened{err, dir}).Error(); !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestChainErrors(t *testing.T) {
	files := map[string]string{
		"self.yaml":    "version: 1\nextends: self.yaml\n",
		"a.yaml":       "version: 1\nextends: ./b.yaml\n",
		"b.yaml":       "version: 1\nextends: sub/../a.yaml\n",
		"missing.yaml": "version: 1\nextends: nowhere.yaml\n",
		"folder.yaml":  "version: 1\nextends: ./sub\n",
		"typo.yaml":    "version: 1\nextends: basline\n",
		"url.yaml":     "version: 1\nextends: https://example.com/p.yaml\n",
		"bad.yaml":     "version: 1\nblok: 1\n",
		"onbad.yaml":   "version: 1\nextends: bad.yaml\nwarm: 1\n",
		"5.yaml":       "version: 1\nextends: baseline\n",
		"sub/x.txt":    "",
	}
	for i := range 5 {
		files[fmt.Sprintf("%d.yaml", i)] = fmt.Sprintf("version: 1\nextends: %d.yaml\n", i+1)
	}
	dir := write(t, files)
	for file, want := range map[string]string{
		"self.yaml":    `self.yaml:2:10: policies extend each other in a circle: "self.yaml" is in its own chain`,
		"a.yaml":       `b.yaml:2:10: policies extend each other in a circle: "a.yaml" is in its own chain`,
		"missing.yaml": `missing.yaml:2:10: policy "nowhere.yaml" can't be read: no such file or directory`,
		"folder.yaml":  `folder.yaml:2:10: policy "sub" is not a regular file`,
		"typo.yaml":    `typo.yaml:2:10: unknown policy "basline"; did you mean "baseline"? (built in: baseline, strict; a file has a slash or an extension)`,
		"url.yaml":     `url.yaml:2:10: policy "https:/example.com/p.yaml" can't be read`,
		"onbad.yaml":   "onbad.yaml:3:1: unknown key \"warm\" in the policy; did you mean \"warn\"? (allowed: version, description, extends, require, block, warn, advisories, limits, image, waivers)\nbad.yaml:2:1: unknown key \"blok\"",
		"0.yaml":       `4.yaml:2:10: a chain of more than 5 policies`,
		"none.yaml":    `policy "none.yaml" can't be read: no such file or directory`,
	} {
		_, err := newLoader().Load(filepath.Join(dir, file))
		if pe := (*gate.Error)(nil); !errors.As(err, &pe) {
			t.Errorf("%s: not an Error: %v", file, err)
			continue
		}
		if got := (&shortened{err, dir}).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", file, got, want)
		}
	}
	if _, err := newLoader().Load(filepath.Join(dir, "2.yaml")); err != nil {
		t.Errorf("a chain of five: %v", err)
	}
	if _, err := newLoader().Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
	if _, err := newLoader().Load("strickt"); err == nil || !strings.HasPrefix(err.Error(), `unknown policy "strickt"; did you mean "strict"?`) {
		t.Errorf("unknown built-in: %v", err)
	}
	if _, err := (gate.Loader{}).Load("baseline"); err == nil || !strings.HasPrefix(err.Error(), `unknown policy "baseline" (built in: ;`) {
		t.Errorf("no built-ins: %v", err)
	}
}

// digest is the documented digest, computed once more.
func digest(contents ...string) string {
	sum := sha256.New()
	for _, c := range contents {
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(c))))
		sum.Write([]byte(c))
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func TestDigest(t *testing.T) {
	baseline, err := fs.ReadFile(policies.Files(), "baseline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"org.yaml": orgPolicy})
	l := newLoader()
	file := filepath.Join(dir, "org.yaml")
	p, err := l.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	want := digest(string(baseline), orgPolicy)
	if p.Digest != want || p.Name != file {
		t.Errorf("%s of %s, want %s", p.Digest, p.Name, want)
	}
	l.PinnedDigest = want
	if _, err := l.Load(file); err != nil {
		t.Errorf("pinned: %v", err)
	}
	l.PinnedDigest = digest("other")
	if _, err := l.Load(file); err == nil || !strings.Contains(err.Error(), "policy has digest "+want+", but "+l.PinnedDigest+" is pinned") {
		t.Errorf("wrong pin: %v", err)
	}
	l.PinnedDigest = "sha256:ABC"
	if _, err := l.Load(file); err == nil || !strings.Contains(err.Error(), `pinned digest "sha256:ABC" is not a digest`) {
		t.Errorf("malformed pin: %v", err)
	}
	if err := os.WriteFile(file, []byte(orgPolicy+"# changed\nblok: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.PinnedDigest = want
	if _, err := l.Load(file); err == nil || strings.Contains(err.Error(), "blok") || !strings.Contains(err.Error(), "is pinned") {
		t.Errorf("changed file: %v", err)
	}
}

func TestAllowedBasesAreReplaced(t *testing.T) {
	const inherited = "version: 1\nextends: baseline\nimage:\n  allowed-bases: [alpine:*, debian:*]\n"
	for name, c := range map[string]struct {
		team string
		want []string
	}{
		"inherited":     {"", []string{"alpine:*", "debian:*"}},
		"another list":  {"image: {allowed-bases: [public.ecr.aws/lambda/*]}\n", []string{"public.ecr.aws/lambda/*"}},
		"an empty list": {"image: {allowed-bases: []}\n", nil},
		"locked as is":  {"image: {locked: true}\n", []string{"alpine:*", "debian:*"}},
	} {
		dir := write(t, map[string]string{"org.yaml": inherited, "team.yaml": "version: 1\nextends: org.yaml\n" + c.team})
		p, err := newLoader().Load(filepath.Join(dir, "team.yaml"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !slices.Equal(p.Image.AllowedBases, c.want) {
			t.Errorf("%s: %q", name, p.Image.AllowedBases)
		}
	}
}

// What the built-ins make of a flaw by where it comes from.
func TestBuiltInsAndOrigin(t *testing.T) {
	draft := func(rule string, severity audit.Severity, origin audit.Origin, fixed string) audit.Finding {
		f := flaw(severity, "a", "GHSA-1111")
		f.Rule, f.Origin, f.Advisory.Fixed = rule, origin, fixed
		return f
	}
	unsure := draft("osv-vulnerable", audit.SeverityCritical, audit.OriginBase, "2")
	unsure.Confidence = audit.ConfidenceLow
	for name, c := range map[string]struct {
		finding          audit.Finding
		baseline, strict string // the clause that blocks, or warns after "warn "
	}{
		"own, high":                {draft("osv-vulnerable", audit.SeverityHigh, audit.OriginOwn, ""), "baseline:severity-high", "strict:severity-high"},
		"not said, unknown":        {draft("osv-vulnerable", audit.SeverityUnknown, "", ""), "baseline:severity-high", "strict:severity-high"},
		"base, critical, fixed":    {draft("osv-vulnerable", audit.SeverityCritical, audit.OriginBase, "2"), "baseline:base-critical", "strict:severity-high"},
		"base, critical, no fix":   {draft("osv-vulnerable", audit.SeverityCritical, audit.OriginBase, ""), "warn baseline:severity-medium", "strict:severity-high"},
		"base, critical, unsure":   {unsure, "warn baseline:severity-medium", "warn strict:severity-low"},
		"base, high, fixed":        {draft("osv-vulnerable", audit.SeverityHigh, audit.OriginBase, "2"), "warn baseline:severity-medium", "strict:severity-high"},
		"base, unknown":            {draft("osv-vulnerable", audit.SeverityUnknown, audit.OriginBase, "2"), "warn baseline:severity-medium", "strict:severity-high"},
		"base, medium":             {draft("osv-vulnerable", audit.SeverityMedium, audit.OriginBase, "2"), "warn baseline:severity-medium", "strict:severity-medium"},
		"base, low":                {draft("osv-vulnerable", audit.SeverityLow, audit.OriginBase, "2"), "", "warn strict:severity-low"},
		"base, malicious":          {draft("osv-malicious", audit.SeverityUnknown, audit.OriginBase, ""), "baseline:malicious-package", "baseline:malicious-package"},
		"base, credential":         {draft("secret-private-key", audit.SeverityMedium, audit.OriginBase, ""), "baseline:credential", "strict:credential"},
		"base, system out of date": {draft("image-os-end-of-life", audit.SeverityHigh, audit.OriginBase, ""), "baseline:image-high", "baseline:image-high"},
		"base, not allowed":        {draft("image-base-not-allowed", audit.SeverityHigh, audit.OriginBase, ""), "baseline:image-high", "baseline:image-high"},
		"own, setuid":              {draft("image-setuid", audit.SeverityLow, audit.OriginOwn, ""), "", "warn strict:severity-low"},
	} {
		for policy, want := range map[string]string{"baseline": c.baseline, "strict": c.strict} {
			p, err := newLoader().Load(policy)
			if err != nil {
				t.Fatal(err)
			}
			v := gate.Decide(p, resultOf(c.finding), today())
			got := ""
			for _, r := range v.Reasons {
				got += r.Clause
			}
			for _, r := range v.Warnings {
				got += "warn " + r.Clause
			}
			if got != want || (v.Decision == gate.Block) != (len(v.Reasons) > 0) {
				t.Errorf("%s by %s: %q (%v), want %q", name, policy, got, v.Decision, want)
			}
		}
	}
}

func TestBuiltInsLoad(t *testing.T) {
	for _, name := range []string{"baseline", "strict"} {
		p, err := newLoader().Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct {
			severity   audit.Severity
			confidence audit.Confidence
			want       gate.Decision
		}{
			{audit.SeverityCritical, audit.ConfidenceMedium, gate.Block},
			{audit.SeverityUnknown, audit.ConfidenceMedium, gate.Block},
			{audit.SeverityHigh, audit.ConfidenceLow, gate.Pass},
			{audit.SeverityMedium, audit.ConfidenceHigh, map[string]gate.Decision{"baseline": gate.Pass, "strict": gate.Block}[name]},
			{audit.SeverityLow, audit.ConfidenceHigh, gate.Pass},
		} {
			finding := flaw(f.severity, "a", "GHSA-1111")
			finding.Confidence = f.confidence
			if v := gate.Decide(p, resultOf(finding), today()); v.Decision != f.want {
				t.Errorf("%s: %v %v: %v", name, f.severity, f.confidence, v.Decision)
			}
		}
	}
}
