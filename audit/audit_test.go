package audit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestSecretCannotBePrinted(t *testing.T) {
	raw := "hunter" + "2-correct-horse"
	s := audit.NewSecret(raw)
	holder := struct{ Value audit.Secret }{s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %[1]v"} {
		for _, v := range []any{s, &s, holder, []audit.Secret{s}, map[string]audit.Secret{"k": s}} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, raw) || strings.Contains(out, fmt.Sprintf("%x", raw)) {
				t.Errorf("%s of %T shows the value: %s", verb, v, out)
			}
		}
	}
	out, err := json.Marshal(holder)
	if err != nil || strings.Contains(string(out), raw) {
		t.Errorf("JSON: %s, %v", out, err)
	}
	if s.Reveal() != raw {
		t.Error("Reveal must give the value")
	}
	if got, want := s.Evidence("AKIA"), "AKIA… (21 characters)"; got != want {
		t.Errorf("evidence %q, want %q", got, want)
	}
}

func TestNewFindingRefusesTheIncomplete(t *testing.T) {
	rule := audit.Rule{ID: "x-rule", Inspector: "x"}
	whole := audit.Finding{Message: "m", Target: "t", Subject: "s", Remedy: "r", Location: audit.Location{Path: "p"}}
	f, err := audit.NewFinding(rule, whole)
	if err != nil {
		t.Fatal(err)
	}
	if f.Rule != "x-rule" || f.Inspector != "x" || f.Origin != audit.OriginOwn || len(f.Fingerprint) != 64 {
		t.Errorf("not completed: %+v", f)
	}
	for name, spoil := range map[string]func(*audit.Finding){
		"message":                func(f *audit.Finding) { f.Message = "" },
		"target":                 func(f *audit.Finding) { f.Target = "" },
		"subject":                func(f *audit.Finding) { f.Subject = "" },
		"remedy":                 func(f *audit.Finding) { f.Remedy = "" },
		"location path":          func(f *audit.Finding) { f.Location.Path = "" },
		"package without a name": func(f *audit.Finding) { f.Package = &audit.Package{} },
	} {
		draft := whole
		spoil(&draft)
		if _, err := audit.NewFinding(rule, draft); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: got error %v", name, err)
		}
	}
	if _, err := audit.NewFinding(audit.Rule{}, whole); err == nil {
		t.Error("a finding without a rule must be refused")
	}
}

func TestFingerprintIgnoresPlaceAndTarget(t *testing.T) {
	rule := audit.Rule{ID: "x-rule", Inspector: "x"}
	make := func(target, subject string, line int) string {
		f, err := audit.NewFinding(rule, audit.Finding{Message: "m", Target: target, Subject: subject, Remedy: "r",
			Location: audit.Location{Path: "p", Line: line}})
		if err != nil {
			t.Fatal(err)
		}
		return f.Fingerprint
	}
	if make("a", "s", 1) != make("b", "s", 9) {
		t.Error("line and target must not change the fingerprint")
	}
	if make("a", "s", 1) == make("a", "other", 1) {
		t.Error("the subject must change the fingerprint")
	}
}

func TestWordsRoundTrip(t *testing.T) {
	for _, s := range []audit.Severity{audit.SeverityUnknown, audit.SeverityInfo, audit.SeverityLow, audit.SeverityMedium, audit.SeverityHigh, audit.SeverityCritical} {
		if back, err := audit.ParseSeverity(s.String()); err != nil || back != s {
			t.Errorf("%s: got %s, %v", s, back, err)
		}
	}
	for _, c := range []audit.Confidence{audit.ConfidenceLow, audit.ConfidenceMedium, audit.ConfidenceHigh} {
		if back, err := audit.ParseConfidence(c.String()); err != nil || back != c {
			t.Errorf("%s: got %s, %v", c, back, err)
		}
	}
	for _, s := range []audit.Status{audit.StatusFailed, audit.StatusPartial, audit.StatusSkipped, audit.StatusComplete} {
		var back audit.Status
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%s: got %s, %v", s, back, err)
		}
	}
	var (
		sev  audit.Severity
		conf audit.Confidence
		st   audit.Status
	)
	for _, u := range []interface{ UnmarshalText([]byte) error }{&sev, &conf, &st} {
		if err := u.UnmarshalText([]byte("severe")); err == nil || !strings.Contains(err.Error(), "allowed:") {
			t.Errorf("%T takes an unknown word: %v", u, err)
		}
	}
	var zero audit.Outcome
	if zero.Status != audit.StatusFailed {
		t.Error("an outcome that nobody filled must not look like success")
	}
}
