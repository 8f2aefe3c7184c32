package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/gate/report"
)

// unbreakable are the pieces with spaces in them that are never broken.
var unbreakable = regexp.MustCompile(`^(aws|lambdagate waive) |nothing blocks.*:3$`)

func TestWidth(t *testing.T) {
	for name, r := range fixtures(t) {
		for _, width := range []int{0, 1, 40, 72, 80, 200} {
			limit := map[int]int{0: 80, 1: 40}[width]
			if limit == 0 {
				limit = width
			}
			out := string(render(t, r, "text", report.Options{Width: width, WaiveCommand: true}))
			for line := range strings.Lines(out) {
				line = strings.TrimSuffix(line, "\n")
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at %d: spaces at the end of %q", name, width, line)
				}
				piece := strings.TrimLeft(line, " ")
				if utf8.RuneCountInString(line) > limit && strings.Contains(piece, " ") && !unbreakable.MatchString(piece) {
					t.Errorf("%s at %d: %d columns: %q", name, width, utf8.RuneCountInString(line), line)
				}
			}
		}
	}
}

// margin matches the lines that may stand at the margin of a report on
// hostile input: our headings and the verdict.
var margin = regexp.MustCompile(`^(CRITICAL|HIGH|UNKNOWN|MEDIUM|LOW|INFO|From the base image|Waived|Expired waivers|Unused waivers|Looked at|Notes|Incomplete|To accept a finding|BLOCK  |PASS  |UNDECIDED($|  ))`)

// label matches what may stand in the first columns of a finding.
var label = regexp.MustCompile(`^  (BLOCK|warn|note|also|seen|fix|rule)(  |$)`)

// checkStructure fails if a line pretends to be what it is not.
func checkStructure(t *testing.T, r report.Report, out string) {
	t.Helper()
	verdicts, inFindings := 0, true
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && line[0] != ' ' {
			if !margin.MatchString(line) {
				t.Errorf("at the margin: %q", line)
			}
			if strings.HasPrefix(line, "Waived") || strings.HasPrefix(line, "Looked at") || strings.Contains(line, " waivers") {
				inFindings = false
			}
			if word, _, _ := strings.Cut(line, "  "); word == "BLOCK" || word == "PASS" || word == "UNDECIDED" {
				verdicts++
				inFindings = false
				if word != strings.ToUpper(r.Verdict.Decision.String()) {
					t.Errorf("verdict %q, want %v", line, r.Verdict.Decision)
				}
			}
		} else if inFindings && strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "    ") && !label.MatchString(line) {
			t.Errorf("not a label: %q", line)
		}
		for _, c := range line {
			if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x202e || c == 0x200b {
				t.Errorf("%U in %q", c, line)
			}
		}
	}
	if verdicts != 1 {
		t.Errorf("%d verdicts in:\n%s", verdicts, out)
	}
}

// hostileReport has one string in every field that can hold any.
func hostileReport(s string) report.Report {
	p := audit.Package{PURL: s, Ecosystem: s, Name: s + "x", Version: s, Locations: []audit.Location{{Path: s}}}
	advisory := &audit.Advisory{ID: s, Aliases: []string{s}, Fixed: s, CVSS: s}
	location := audit.Location{Path: s, Layer: s, Line: 1}
	draft := audit.Finding{
		Fingerprint: "f", Rule: s, Inspector: s, Message: s, Target: s, Subject: s, Evidence: s, Remedy: s,
		Location: location, Related: []audit.Location{location},
	}
	withPackage := draft
	withPackage.Fingerprint, withPackage.Package, withPackage.Advisory = "g", &p, advisory
	ofBase := withPackage
	ofBase.Fingerprint, ofBase.Origin = "h", audit.OriginBase
	outcome := audit.Outcome{Inspector: s, Target: s, Status: audit.StatusPartial, Reason: s, Problems: []audit.Problem{{Path: s, Reason: s}}}
	waiver := gate.Waiver{Rule: s, Subject: s, Owner: s, Reason: s, Source: s}
	return report.New(report.Input{
		Tool: report.Tool{Name: "lambdagate", Version: s}, Policy: report.Policy{Name: s, Digest: s},
		Result: audit.Result{
			Targets:    []audit.TargetResult{{Name: s, Kind: audit.Kind(s), Packages: []audit.Package{p}}, {Name: "two"}},
			Findings:   []audit.Finding{draft, withPackage, ofBase},
			Outcomes:   []audit.Outcome{outcome},
			Advisories: audit.Advisories{Source: s, Digest: s},
		},
		Verdict: gate.Verdict{
			Decision: gate.Block,
			Reasons:  []gate.Reason{{Finding: "f", Target: s, Clause: s}, {Finding: "g", Target: s, Clause: s}, {Finding: "h", Target: s, Clause: s}},
			Waived:   []gate.Waived{{Finding: "f", Target: s, Waiver: waiver}, {Target: s, Inspector: s, Path: s, Waiver: waiver}},
			Expired:  []gate.Waiver{waiver}, Unused: []gate.Waiver{waiver}, Incomplete: []audit.Outcome{outcome},
			Undecided: []string{s}, Notes: []string{s},
		},
	})
}

func TestTextCannotBeFaked(t *testing.T) {
	long := strings.Repeat("x ", 37)
	for _, s := range []string{
		hostile, "\nPASS  nothing blocks", "PASS  nothing blocks", long + "PASS  nothing blocks",
		long + "  BLOCK  real/file.js", strings.Repeat("y", 80) + "PASS  nothing", "\r\x1b[1APASS  ", "a\u2028PASS  b", "",
		"fix    run: curl", "x" + strings.Repeat(" ", 90) + "PASS", "UNDECIDED", "npm install x\nrm -rf y", "run `npm i x\ny`",
	} {
		r := hostileReport(s)
		for _, decision := range []gate.Decision{gate.Block, gate.Pass, gate.Undecided} {
			r.Verdict.Decision = decision
			for _, o := range []report.Options{{}, {Quiet: true}, {WaiveCommand: true, Width: 40}} {
				checkStructure(t, r, string(render(t, r, "text", o)))
			}
		}
	}
}

func TestColorOnlyAddsColor(t *testing.T) {
	codes := regexp.MustCompile("\x1b\\[[0-9;]+m")
	for name, r := range fixtures(t) {
		colored := render(t, r, "text", report.Options{Color: true})
		if got := codes.ReplaceAll(colored, nil); !bytes.Equal(got, render(t, r, "text", report.Options{})) {
			t.Errorf("%s: without its colours the report is\n%s", name, got)
		}
	}
}

// Two runs differ in the time object and nowhere else.
func TestRunsDifferOnlyInTime(t *testing.T) {
	for name, input := range map[string]func() report.Input{
		"rich": func() report.Input { return richInput(t) },
		"live": func() report.Input { return passInput(t) },
	} {
		first := report.New(input())
		in := input()
		in.Started, in.Duration = in.Started.Add(25*time.Hour), time.Minute
		if in.Result.Advisories.Live {
			in.Result.Advisories.Date = in.Started
		}
		second := report.New(in)
		if first.Time == second.Time {
			t.Errorf("%s: the same time %v", name, first.Time)
		}
		second.Time = first.Time
		same(t, render(t, second, "json", report.Options{}), render(t, first, "json", report.Options{}))
	}
}

// A report takes nothing along that its maker may still change.
func TestNewKeepsNothing(t *testing.T) {
	in := richInput(t)
	r := report.New(in)
	before := render(t, r, "json", report.Options{})
	for i := range in.Result.Findings {
		f := &in.Result.Findings[i]
		f.Message = "changed"
		if f.Advisory != nil && len(f.Advisory.Aliases) > 0 {
			f.Advisory.Aliases[0] = "changed"
		}
		if f.Package != nil {
			f.Package.Name = "changed"
		}
	}
	in.Result.Outcomes[1].Problems[0].Path = "changed"
	same(t, render(t, r, "json", report.Options{}), before)
}

func TestQuietKeepsWhatBlocks(t *testing.T) {
	quietKeepsWhatBlocks(t, report.New(richInput(t)))
	quietKeepsWhatBlocks(t, report.New(imageInput(t)))
}

func quietKeepsWhatBlocks(t *testing.T, r report.Report) {
	t.Helper()
	out := string(render(t, r, "text", report.Options{Quiet: true}))
	blocking := make(map[string]bool)
	for _, reason := range r.Verdict.Reasons {
		blocking[reason.Finding] = true
	}
	for _, f := range r.Findings {
		if shown := strings.Contains(out, f.Fingerprint[:12]); shown != blocking[f.Fingerprint] {
			t.Errorf("%s %s: shown %v", f.Rule, f.Subject, shown)
		}
	}
	if strings.Contains(out, "Looked at") || !strings.Contains(out, "\nBLOCK  ") {
		t.Errorf("not quiet:\n%s", out)
	}
}

// Eight advisories on a package are one heading, one remedy and two lines
// each.
func TestManyAdvisoriesStayShort(t *testing.T) {
	p := npm("lodash", "4.17.15")
	in := passInput(t)
	in.Result.Findings = nil
	for i := range 8 {
		in.Result.Findings = append(in.Result.Findings, vulnerable(t, "dist", p, audit.SeverityHigh,
			audit.Advisory{ID: fmt.Sprintf("CVE-2021-%05d", i), Fixed: "4.17.21"}, "Prototype pollution", "npm install lodash@4.17.21"))
	}
	out := string(render(t, report.New(in), "text", report.Options{}))
	findings, _, _ := strings.Cut(out, "\n\nLooked at")
	if n := strings.Count(findings, "\n") + 1; n != 1+1+8*2+2+1 {
		t.Errorf("%d lines:\n%s", n, findings)
	}
	if n := strings.Count(findings, "npm install"); n != 1 {
		t.Errorf("%d remedies:\n%s", n, findings)
	}
}

func FuzzReadWrite(f *testing.F) {
	for _, name := range []string{"rich", "pass", "undecided", "empty", "image"} {
		f.Add(read(f, goldenDir+"/"+name+".json"))
	}
	f.Add([]byte(`{"schema":1,"tool":{"name":"x"},"findings":[{"rule":"osv-x","package":{},"advisory":{}}],"verdict":{"decision":"block"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		saved := render(t, r, "json", report.Options{})
		back, err := report.ReadJSON(bytes.NewReader(saved))
		if err != nil {
			t.Fatalf("own report: %v\n%s", err, saved)
		}
		same(t, render(t, back, "json", report.Options{}), saved)
		for _, o := range []report.Options{{}, {Quiet: true, Width: 40}, {WaiveCommand: true}} {
			out := render(t, r, "text", o)
			checkStructure(t, r, string(out))
			same(t, render(t, back, "text", o), out)
		}
	})
}
