package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/gate/report"
)

// manyKeys is a report of n findings of one rule, of which the first block.
func manyKeys(n, blocking int) report.Report {
	r := report.Report{Schema: report.Schema, Rules: []report.Rule{{ID: "secret-private-key", Title: "Private key"}}}
	for i := range n {
		f := report.Finding{Fingerprint: audit.Fingerprint("secret-private-key", fmt.Sprint(i)), Rule: "secret-private-key",
			Severity: audit.SeverityHigh, Confidence: audit.ConfidenceLow, Message: "key", Remedy: "revoke it",
			Location: report.Location{Path: fmt.Sprintf("node_modules/ssh2/test/key%02d", i), Line: 1}}
		r.Findings = append(r.Findings, f)
		if i < blocking {
			r.Verdict.Reasons = append(r.Verdict.Reasons, report.Reason{Finding: f.Fingerprint, Clause: "x:y"})
		}
	}
	r.Verdict.Decision = gate.Block
	return r
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		n, blocking int
		folded      string
		named       int
	}{
		{n: 3, named: 3},
		{n: 4, folded: "Private key, 4 times", named: 4},
		{n: 70, folded: "Private key, 70 times", named: 5},
		{n: 70, blocking: 70, named: 70}, // what blocks is never folded
		{n: 12, blocking: 2, folded: "Private key, 10 times", named: 7},
	} {
		var b strings.Builder
		if err := report.Write(&b, "text", manyKeys(c.n, c.blocking), report.Options{}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if got := strings.Count(text, "node_modules/ssh2/test/key"); got != c.named {
			t.Errorf("%d, %d blocking: %d places named, want %d", c.n, c.blocking, got, c.named)
		}
		if got := strings.Contains(text, " times"); got != (c.folded != "") || !strings.Contains(text, c.folded) {
			t.Errorf("%d, %d blocking: folded %v, want %q in\n%s", c.n, c.blocking, got, c.folded, text)
		}
		if left := c.n - c.blocking - 5; c.folded != "" && left > 0 && !strings.Contains(text, fmt.Sprintf("and %d more", left)) {
			t.Errorf("%d, %d blocking: the rest is not counted", c.n, c.blocking)
		}
	}
}
