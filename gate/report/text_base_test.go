package report

import (
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// baseFinding is an advisory on a package of the base image; the fingerprint
// ends with a digit of its own.
func baseFinding(target, pkg, digit string, severity audit.Severity, fixed string) Finding {
	return Finding{
		Fingerprint: "0123456789a" + digit, Rule: "osv-vulnerable", Target: target, Origin: "base",
		Severity: severity, Confidence: audit.ConfidenceHigh, Message: "flawed", Remedy: "apt-get install " + pkg,
		Location: Location{Path: "var/lib/dpkg/status"}, Package: &PackageRef{Name: pkg, Version: "1.0"},
		Advisory: &Advisory{ID: "CVE-" + digit, Fixed: fixed},
	}
}

func TestBaseSummary(t *testing.T) {
	type flaw struct {
		severity audit.Severity
		fixed    string
	}
	for want, flaws := range map[string][]flaw{
		"1 advisory, high, fixed in 2":                                           {{audit.SeverityHigh, "2"}},
		"1 advisory, unknown severity, no fix known":                             {{audit.SeverityUnknown, ""}},
		"2 advisories, worst high, no fix known":                                 {{audit.SeverityLow, ""}, {audit.SeverityHigh, ""}},
		"2 advisories, worst unknown severity, fixed in 2":                       {{audit.SeverityMedium, "2"}, {audit.SeverityUnknown, "2"}},
		"3 advisories, worst critical, fixed in 2, 3; 1 without a fix":           {{audit.SeverityCritical, "2"}, {audit.SeverityLow, ""}, {audit.SeverityLow, "3"}},
		"5 advisories, worst info, fixed in 1, 2, 3 and 1 more":                  {{audit.SeverityInfo, "1"}, {audit.SeverityInfo, "2"}, {audit.SeverityInfo, "3"}, {audit.SeverityInfo, "3"}, {audit.SeverityInfo, "4"}},
		"5 advisories, worst info, fixed in 1, 2, 3 and 1 more; 1 without a fix": {{audit.SeverityInfo, "1"}, {audit.SeverityInfo, "2"}, {audit.SeverityInfo, "3"}, {audit.SeverityInfo, "4"}, {audit.SeverityInfo, ""}},
	} {
		g := group{severity: flaws[0].severity}
		for _, f := range flaws {
			g.add(baseFinding("f", "p", "1", f.severity, f.fixed), levelNote)
		}
		if got := baseSummary(g); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBaseImageSection(t *testing.T) {
	one, two := List[Target]{{Name: "a"}}, List[Target]{{Name: "b"}, {Name: "a"}}
	own := baseFinding("a", "own", "9", audit.SeverityLow, "2")
	own.Origin = "own"
	blocks := func(digits string) (v Verdict) {
		for _, d := range digits {
			v.Reasons = append(v.Reasons, Reason{"0123456789a" + string(d), "a", "baseline:base-critical"})
		}
		v.Decision = gate.Block
		return v
	}
	for _, c := range []struct {
		name   string
		report Report
		quiet  bool
		want   []string // in this order
		absent []string
	}{
		{
			name: "after what is the function's own, which is less bad",
			report: Report{Targets: one, Findings: List[Finding]{
				baseFinding("a", "x", "1", audit.SeverityHigh, "2"), baseFinding("a", "y", "2", audit.SeverityLow, ""), own,
			}},
			want: []string{
				"LOW\n", "own 1.0", "\nFrom the base image  2 packages, 2 advisories\n",
				"  note   x 1.0  1 advisory, high, fixed in 2\n  note   y 1.0  1 advisory, low, no fix known\n  fix    rebuild on a newer base image\n  rule   osv-vulnerable\n",
			},
			absent: []string{"apt-get install x", "CVE-1", "from the base image"},
		},
		{
			name: "what blocks comes first and is named",
			report: Report{
				Targets:  one,
				Findings: List[Finding]{baseFinding("a", "x", "1", audit.SeverityCritical, ""), baseFinding("a", "y", "2", audit.SeverityHigh, "2"), baseFinding("a", "y", "3", audit.SeverityLow, "2")},
				Verdict:  blocks("2"),
			},
			want: []string{
				"  BLOCK  y 1.0  2 advisories, worst high, fixed in 2\n", "high  CVE-2", "0123456789a2", "fixed in 2\n", "  note   x 1.0",
				"rule   osv-vulnerable  by baseline:base-critical\n",
			},
			absent: []string{"CVE-3", "CVE-1"},
		},
		{
			name: "quiet", quiet: true,
			report: Report{
				Targets:  one,
				Findings: List[Finding]{baseFinding("a", "x", "1", audit.SeverityCritical, ""), baseFinding("a", "y", "2", audit.SeverityHigh, "2")},
				Verdict:  blocks("2"),
			},
			want:   []string{"From the base image  1 package, 1 advisory\n", "  BLOCK  y 1.0", "0123456789a2", "rebuild on a newer base image"},
			absent: []string{"x 1.0"},
		},
		{
			name:   "a section for each target, in their order",
			report: Report{Targets: two, Findings: List[Finding]{baseFinding("a", "x", "1", audit.SeverityHigh, ""), baseFinding("b", "x", "1", audit.SeverityLow, "")}},
			want:   []string{"From the base image in b  1 package", "note   x 1.0  1 advisory, low", "From the base image in a  1 package", "note   x 1.0  1 advisory, high"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := Write(&b, "text", c.report, Options{Quiet: c.quiet}); err != nil {
				t.Fatal(err)
			}
			rest := b.String()
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("lacks %q, at its place, in:\n%s", want, &b)
				}
				rest = after
			}
			for _, absent := range c.absent {
				if strings.Contains(b.String(), absent) {
					t.Errorf("holds %q:\n%s", absent, &b)
				}
			}
		})
	}
}
