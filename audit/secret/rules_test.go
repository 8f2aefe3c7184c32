package secret

import (
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestRules(t *testing.T) {
	for _, rule := range Rules() {
		if err := rule.Validate(); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(rule.ID, "secret-") || rule.Severity < audit.SeverityHigh || rule.Doc.Limits == "" || len(rule.CWE) == 0 || len(rule.Refs) == 0 {
			t.Errorf("rule %q lacks its family, severity, limits, CWE or references", rule.ID)
		}
	}
}

// TestExamples shows that each rule's example fires the rule and the corrected
// one fires nothing.
func TestExamples(t *testing.T) {
	for _, rule := range Rules() {
		before, after, ok := Sample(rule.ID)
		if !ok || strings.Contains(before, "{{") || strings.Contains(after, "{{") {
			t.Errorf("%q has no sample, or one with a placeholder left", rule.ID)
		}
		fired := false
		for _, f := range examine("k", memory{path: "example.txt", text: before}).Findings {
			fired = fired || f.Rule == rule.ID && f.Confidence >= audit.ConfidenceMedium
		}
		if !fired {
			t.Errorf("the example of %q does not fire it", rule.ID)
		}
		if found := examine("k", memory{path: "example.txt", text: after}).Findings; len(found) != 0 {
			t.Errorf("the corrected example of %q gives %v", rule.ID, found)
		}
		if found := examine("k", memory{path: "rule.md", text: rule.Doc.Before + rule.Doc.After}).Findings; len(found) != 0 {
			t.Errorf("the documentation of %q, before it is filled in, gives %v", rule.ID, found)
		}
	}
	if _, _, ok := Sample("no-such-rule"); ok {
		t.Error("there is a sample of an unknown rule")
	}
}

// TestChecksum uses the example published with GitHub's format.
func TestChecksum(t *testing.T) {
	if got := checksum62([]byte("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ")); got != "0mLq17" {
		t.Errorf("checksum %q, want the published 0mLq17", got)
	}
}
