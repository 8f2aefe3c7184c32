package report

import (
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

func TestSplitCommand(t *testing.T) {
	for _, c := range []struct{ remedy, prose, command string }{
		{"npm install lodash@4.17.21", "run:", "npm install lodash@4.17.21"},
		{"pip install 'pyyaml>=5.4'", "run:", "pip install 'pyyaml>=5.4'"},
		{"go get golang.org/x/net@v0.7.0", "run:", "go get golang.org/x/net@v0.7.0"},
		{"go to IAM and deactivate the key", "go to IAM and deactivate the key", ""},
		{"rebuild with Go 1.22.5 or later", "rebuild with Go 1.22.5 or later", ""},
		{"change it, then: `npm ci`", "change it, then: ", "npm ci"},
		{"change it, then: `npm ci`.", "change it, then: ", "npm ci"},
		{"`npm ci` alone does not help", "`npm ci` alone does not help", ""},
		{"set `PASSWORD`", "set `PASSWORD`", ""},
		{"an open ` npm ci", "an open ` npm ci", ""},
	} {
		prose, command := splitCommand(c.remedy)
		if prose != c.prose || command != c.command {
			t.Errorf("splitCommand(%q) = %q, %q", c.remedy, prose, command)
		}
	}
}

func TestSummary(t *testing.T) {
	for message, want := range map[string]string{
		"lodash 4.17.15 has CVE-1: Prototype pollution": "Prototype pollution",
		"lodash 4.17.15 has CVE-1":                      "",
		"lodash 4.17.15 is malicious (CVE-1): Steals":   "is malicious (CVE-1): Steals",
		"something else":                                "something else",
	} {
		f := Finding{Message: message, Package: &PackageRef{Name: "lodash", Version: "4.17.15"}, Advisory: &Advisory{ID: "CVE-1"}}
		if got := summary(f); got != want {
			t.Errorf("summary of %q is %q", message, got)
		}
	}
}

func TestSizeAndShort(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0.0 KiB", 2048: "2.0 KiB", 1<<20 - 1: "1024.0 KiB", 1 << 20: "1.0 MiB", 262144000: "250.0 MiB"} {
		if got := size(bytes); got != want {
			t.Errorf("size(%d) = %q", bytes, got)
		}
	}
	for digest, want := range map[string]string{
		"": "", "abc": "abc", "0123456789abcdef": "0123456789ab", "sha256:0123456789abcdef": "0123456789ab",
		"sha256:0123456789abcdeg": "sha256:0123456789abcdeg", "a-layer-by-name": "a-layer-by-name",
	} {
		if got := short(digest); got != want {
			t.Errorf("short(%q) = %q", digest, got)
		}
	}
}

func TestVerdictParagraph(t *testing.T) {
	incomplete := func(status audit.Status, targets ...string) (all List[Incomplete]) {
		for _, target := range targets {
			all = append(all, Incomplete{Inspector: "osv", Target: target, Status: status, Reason: "because"})
		}
		return all
	}
	finding := func(fingerprint, rule, pkg string) Finding {
		f := Finding{Fingerprint: fingerprint, Rule: rule}
		if pkg != "" {
			f.Package = &PackageRef{Name: pkg}
		}
		return f
	}
	two := List[Target]{{Name: "a"}, {Name: "b"}}
	for _, c := range []struct {
		name   string
		report Report
		want   string
	}{
		{"nothing at all", Report{}, "UNDECIDED  nobody has looked, so nothing is known\n  Next: remove the cause"},
		{"pass", Report{Verdict: Verdict{Decision: gate.Pass}}, "PASS  nothing blocks this release\n"},
		{
			"pass with more to say",
			Report{Verdict: Verdict{Decision: gate.Pass, Warnings: List[Reason]{{"1", "a", "x"}, {"1", "a", "y"}}, Waived: List[Waived]{{}, {}}}},
			"PASS  nothing blocks this release (1 warning, 2 waived)\n",
		},
		{
			"failed", Report{Targets: two[:1], Verdict: Verdict{Incomplete: incomplete(audit.StatusFailed, "a")}},
			"UNDECIDED  osv could not look: because\n  Next: remove the cause",
		},
		{
			"partial", Report{Targets: two[:1], Verdict: Verdict{Incomplete: incomplete(audit.StatusPartial, "a")}},
			"UNDECIDED  osv did not see everything: because\n  Next: repair",
		},
		{
			"skipped, in many targets", Report{Targets: two, Verdict: Verdict{Incomplete: incomplete(audit.StatusSkipped, "a", "b", "c", "d", "e")}},
			"UNDECIDED  osv did not look in a, b, c and 2 more: because\n  Next: remove",
		},
		{
			"too old as well", Report{Verdict: Verdict{Incomplete: incomplete(audit.StatusPartial, "a"), Undecided: List[string]{"too old"}}},
			"UNDECIDED  osv did not see everything: because\n  and too old\n  Next: repair",
		},
		{
			"kinds, each package once",
			Report{
				Findings: List[Finding]{
					finding("1", "osv-vulnerable", "p"), finding("2", "osv-vulnerable", "p"), finding("3", "osv-vulnerable", "q"),
					finding("4", "osv-malicious", "p"), finding("5", "secret-x", ""), finding("6", "acme-1", ""), finding("7", "corp-1", ""),
				},
				Verdict: Verdict{Decision: gate.Block, Reasons: List[Reason]{
					{Finding: "1"}, {Finding: "2"}, {Finding: "3"}, {Finding: "4"}, {Finding: "5"}, {Finding: "6"}, {Finding: "7"}, {Finding: "7"},
				}},
			},
			"BLOCK  7 findings block this release (2 vulnerable packages, 1 malicious package, 1 credential, 2 others)\n",
		},
		{
			"one", Report{Findings: List[Finding]{finding("1", "role-admin", "")}, Verdict: Verdict{Decision: gate.Block, Reasons: List[Reason]{{Finding: "1"}}}},
			"BLOCK  1 finding blocks this release (1 permission flaw)\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := Write(&b, "text", c.report, Options{Quiet: true, Width: 200}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains("\n"+b.String(), "\n"+c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", &b, c.want)
			}
		})
	}
}

// The hint is made for pasting, so only a real fingerprint goes into it.
func TestWaiveHint(t *testing.T) {
	for fingerprint, want := range map[string]bool{"0123456789abcdef": true, "1; rm -rf y": false, "": false} {
		r := Report{Verdict: Verdict{Decision: gate.Block, Reasons: List[Reason]{{Finding: fingerprint}}}}
		var b strings.Builder
		if err := Write(&b, "text", r, Options{WaiveCommand: true}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "lambdagate waive 0123456789ab --owner"); got != want {
			t.Errorf("%q: hint %v in\n%s", fingerprint, got, &b)
		}
	}
}
