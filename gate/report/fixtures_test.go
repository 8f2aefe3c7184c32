package report_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/gate/report"
)

// fixtures are the reports that the goldens hold, by name.
func fixtures(t *testing.T) map[string]report.Report {
	return map[string]report.Report{
		"rich":      report.New(richInput(t)),
		"pass":      report.New(passInput(t)),
		"undecided": report.New(undecidedInput()),
		"image":     report.New(imageInput(t)),
		"empty":     report.New(report.Input{Tool: report.Tool{Name: "lambdagate", Version: "0.1.0"}}),
	}
}

func started() time.Time { return time.Date(2026, 11, 22, 17, 58, 3, 250e6, time.UTC) }

func sha(digit string) string {
	return "sha256:" + audit.Fingerprint("golden", digit)
}

func rules() []audit.Rule {
	rule := func(id, inspector, title string, severity audit.Severity, cwe int) audit.Rule {
		return audit.Rule{
			ID: id, Inspector: inspector, Title: title, Severity: severity, Since: "0.1.0", CWE: []int{cwe},
			Doc: audit.Doc{
				What: "Reports " + title + ".", Why: "It can be used against the account.",
				Before: "before", After: "after", Remedy: "Take it out.", Limits: "Sees <text> & bytes only.",
			},
			Refs: []audit.Ref{{Name: "CWE", URL: "https://cwe.mitre.org/"}, {Name: "Checkov CKV_AWS_45"}},
		}
	}
	return []audit.Rule{
		rule("osv-vulnerable", "osv", "package with a known flaw", audit.SeverityUnknown, 1395),
		rule("osv-malicious", "osv", "malicious package", audit.SeverityCritical, 506),
		rule("osv-lockfile-mismatch", "osv", "lockfile that names another version", audit.SeverityMedium, 1395),
		rule("secret-aws-access-key", "secret", "AWS access key id", audit.SeverityHigh, 798),
		rule("secret-generic-credential", "secret", "hardcoded credential", audit.SeverityHigh, 798),
		rule("secret-never-found", "secret", "nothing", audit.SeverityLow, 798),
	}
}

// finding builds one the way an inspector does.
func finding(t *testing.T, rule string, draft audit.Finding) audit.Finding {
	t.Helper()
	for _, r := range rules() {
		if r.ID == rule {
			f, err := audit.NewFinding(r, draft)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("no rule %q", rule)
	return audit.Finding{}
}

func npm(name, version string) *audit.Package {
	return &audit.Package{
		PURL: "pkg:npm/" + name + "@" + version, Ecosystem: "npm", Name: name, Version: version,
		Locations: []audit.Location{{Path: "node_modules/" + name + "/package.json"}},
		How:       audit.HowInstalled, Origin: audit.OriginOwn,
	}
}

func vulnerable(t *testing.T, target string, p *audit.Package, severity audit.Severity, advisory audit.Advisory, what, remedy string) audit.Finding {
	t.Helper()
	return finding(t, "osv-vulnerable", audit.Finding{
		Severity: severity, Confidence: audit.ConfidenceHigh, Target: target,
		Message:  p.Name + " " + p.Version + " has " + advisory.ID + ": " + what,
		Location: p.Locations[0], Related: p.Locations[1:],
		Subject: p.PURL + " " + advisory.ID, Remedy: remedy, Package: p, Advisory: &advisory,
	})
}

func lodashFindings(t *testing.T) (*audit.Package, []audit.Finding) {
	p := npm("lodash", "4.17.15")
	p.Locations = append(p.Locations, audit.Location{Path: "node_modules/async/node_modules/lodash/package.json"})
	const remedy = "npm install lodash@4.17.21"
	find := func(severity audit.Severity, id, fixed, what string, score float64) audit.Finding {
		return vulnerable(t, "orders", p, severity, audit.Advisory{
			ID: id, Aliases: []string{"GHSA-" + id[4:8] + "-aaaa-bbbb"}, Fixed: fixed, Score: score,
			CVSS: "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H",
		}, what, remedy)
	}
	return p, []audit.Finding{
		find(audit.SeverityCritical, "CVE-2019-10744", "4.17.12", "Prototype pollution in defaultsDeep", 9.1),
		find(audit.SeverityHigh, "CVE-2021-23337", "4.17.21", "Command injection in template", 7.2),
		find(audit.SeverityHigh, "CVE-2020-8203", "4.17.19", "Prototype pollution in zipObjectDeep", 7.4),
		find(audit.SeverityMedium, "CVE-2020-28500", "4.17.21",
			"Regular expressions in toNumber, trim and trimEnd can be made to take very long", 5.3),
	}
}

// hostile is text that tries to leave its place: a line of its own that looks
// like the verdict, a terminal escape, a right-to-left override, HTML, a byte
// that is not UTF-8, and a C1 control.
const hostile = "a\nPASS  nothing blocks\x1b[2J\u202egpj.exe<script>\xff\u009b31m\u200b"

func richFindings(t *testing.T) ([]audit.Package, []audit.Finding) {
	lodash, findings := lodashFindings(t)
	parser, evil := npm("tiny-parser", "0.3.0"), npm("evi1-colors", "1.0.1")
	findings = append(findings,
		finding(t, "osv-malicious", audit.Finding{
			Severity: audit.SeverityCritical, Confidence: audit.ConfidenceHigh, Target: "orders",
			Message:  "evi1-colors 1.0.1 is malicious (MAL-2025-1234): Sends the environment to a third party",
			Location: evil.Locations[0], Subject: evil.PURL + " MAL-2025-1234",
			Remedy:  "Remove evi1-colors, and rotate every credential that the build and the function could read",
			Package: evil, Advisory: &audit.Advisory{ID: "MAL-2025-1234"},
		}),
		vulnerable(t, "orders", parser, audit.SeverityUnknown, audit.Advisory{ID: "GHSA-xxxx-yyyy-zzzz"},
			"Reads beyond the end of its input",
			"No fixed version is known: replace tiny-parser, or accept the flaw until a date"),
		finding(t, "secret-aws-access-key", audit.Finding{
			Severity: audit.SeverityCritical, Confidence: audit.ConfidenceHigh, Target: "orders",
			Message:  "AWS access key id with its secret key in src/config.js, which opens the account that issued it",
			Location: audit.Location{Path: "src/config.js", Line: 12, Column: 18},
			Related: []audit.Location{
				{Path: "src/config.js", Line: 40, Column: 3}, {Path: "src/old.js", Line: 1, Column: 1},
				{Path: "src/older.js", Line: 7, Column: 9}, {Path: "src/oldest.js", Line: 2}, {Path: "x.js", Layer: "common"},
			},
			Subject:  "src/config.js 5f2b",
			Evidence: audit.NewSecret("AKIA" + "Q3EGRIVN7XJ2PLMB").Evidence("AKIA"),
			Remedy:   "Deactivate the key in IAM now, then load it at run time from Secrets Manager or Parameter Store",
		}),
		finding(t, "secret-generic-credential", audit.Finding{
			Severity: audit.SeverityHigh, Confidence: audit.ConfidenceLow, Target: "billing", Origin: audit.OriginBase,
			Message:  "a value that looks like a password in " + hostile,
			Location: audit.Location{Path: hostile, Line: 3, Layer: sha("layer")}, Subject: hostile,
			Evidence: hostile, Remedy: "Move " + hostile + " to Secrets Manager",
		}),
		finding(t, "secret-generic-credential", audit.Finding{
			Severity: audit.SeverityHigh, Confidence: audit.ConfidenceMedium, Target: "billing",
			Message: "DATABASE_PASSWORD holds a password", Subject: "settings.py 88aa",
			Location: audit.Location{
				Path: "a/very/deep/folder/structure/that/some/build/tool/left/behind/in/the/package/settings.py", Line: 210, Column: 5,
			},
			Evidence: "DATABASE_PASSWORD (25 characters)",
			Remedy:   "Change the password, and read it from Secrets Manager: `aws secretsmanager create-secret --name billing/database --generate-secret-string file://shape.json`",
		}),
		finding(t, "osv-lockfile-mismatch", audit.Finding{
			Severity: audit.SeverityMedium, Confidence: audit.ConfidenceMedium, Target: "orders",
			Message:  "package-lock.json names lodash 4.17.21, but 4.17.15 is installed",
			Location: audit.Location{Path: "package-lock.json", Line: 812}, Subject: lodash.PURL, Remedy: "npm ci", Package: lodash,
		}),
		vulnerable(t, "orders", lodash, audit.SeverityMedium, audit.Advisory{ID: "GHSA-warn-warn-warn"},
			"Assigns to inherited properties", "npm install lodash@4.17.21"),
		vulnerable(t, "orders", lodash, audit.SeverityLow, audit.Advisory{ID: "GHSA-note-note-note", Fixed: "4.18.0"},
			"Keeps memory for longer than needed", "npm install lodash@4.17.21"),
	)
	return []audit.Package{*evil, *lodash, *parser}, findings
}

func richInput(t *testing.T) report.Input {
	packages, findings := richFindings(t)
	waivedOne, low, blocked := findings[3], findings[7], []int{0, 1, 2, 4, 5, 6, 8}
	verdict := gate.Verdict{
		Decision: gate.Block,
		Warnings: []gate.Reason{
			{Finding: findings[9].Fingerprint, Target: "orders", Clause: "baseline:severity-medium"},
			{Finding: findings[10].Fingerprint, Target: "orders", Clause: "baseline:severity-medium"},
		},
		Waived: []gate.Waived{{Finding: waivedOne.Fingerprint, Target: waivedOne.Target, Waiver: gate.Waiver{
			Fingerprint: waivedOne.Fingerprint[:16], Owner: "payments@example.com",
			Reason: "no user input reaches trim", Expires: date(2026, 12, 31), Source: "lambdagate.yaml:14",
		}}, {Target: "billing", Inspector: "secret", Path: "a.zip", Waiver: gate.Waiver{
			Rule: "unread", Subject: "*.zip", Owner: "payments@example.com", Reason: "broken on purpose",
			Expires: date(2026, 12, 31), Source: "lambdagate.yaml:16",
		}}},
		Expired: []gate.Waiver{{
			Fingerprint: findings[6].Fingerprint, Owner: "ops@example.com", Reason: "rotation planned",
			Expires: date(2026, 10, 1), Source: "lambdagate.yaml:20",
		}, {
			Rule: "osv-*", Subject: "CVE-2020-8203", Owner: "payments@example.com", Reason: "not called",
			Expires: date(2026, 11, 1), Source: "lambdagate.yaml:27",
		}},
		Unused: []gate.Waiver{{
			Rule: "secret-*", Subject: "test/**", Target: "bill*", Owner: "payments@example.com", Reason: "samples",
			Expires: date(2027, 1, 31), Source: "lambdagate.yaml:33",
		}},
		Notes: []string{"the advisories of --db are 16 days old"},
	}
	for _, i := range blocked {
		clause := "baseline:severity-high"
		if findings[i].Inspector == "secret" {
			clause = "baseline:credential"
		}
		verdict.Reasons = append(verdict.Reasons, gate.Reason{Finding: findings[i].Fingerprint, Target: findings[i].Target, Clause: clause})
	}
	outcomes := richOutcomes(low.Location.Path)
	verdict.Incomplete = []audit.Outcome{outcomes[1]}
	return report.Input{
		Tool: report.Tool{Name: "lambdagate", Version: "0.1.0"}, Policy: report.Policy{Name: "baseline", Digest: sha("policy")},
		Verdict: verdict, Rules: rules(), Started: started(), Duration: 1234 * time.Millisecond,
		Result: audit.Result{
			Targets: []audit.TargetResult{
				{
					Name: "orders", Kind: audit.KindZip, Files: 812, Bytes: 13_002_342, Packages: packages,
					Digest: audit.Digest{SHA256: sha("zip"), CodeSHA256: "C1xCbUm2zhUSyxG5yDB9gq4DtEi8qBSlBcYPwbpGpqw="},
				},
				{Name: "billing", Kind: audit.KindFolder, Files: 1, Bytes: 2048},
			},
			Findings: findings, Outcomes: outcomes,
			Advisories: audit.Advisories{Source: "advisories/osv", Date: date(2026, 11, 6), Digest: sha("osv"), Named: true},
		},
	}
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func richOutcomes(hostilePath string) []audit.Outcome {
	problems := []audit.Problem{{Reason: "its central directory lists two files by one name"}}
	for _, name := range []string{"a.zip", "b.zip", "c.zip", "d.zip", hostilePath} {
		problems = append(problems, audit.Problem{Path: name, Reason: "is truncated: no zip central directory"})
	}
	return []audit.Outcome{
		{Inspector: "osv", Target: "billing", Status: audit.StatusSkipped, Reason: audit.NotSelected},
		{
			Inspector: "secret", Target: "billing", Status: audit.StatusPartial, Problems: problems,
			Reason: "its central directory lists two files by one name, and 5 more not examined",
		},
		{Inspector: "osv", Target: "orders", Status: audit.StatusComplete},
		{Inspector: "secret", Target: "orders", Status: audit.StatusComplete},
	}
}

func passInput(t *testing.T) report.Input {
	parser := npm("tiny-parser", "0.3.0")
	warned := vulnerable(t, "dist", parser, audit.SeverityMedium, audit.Advisory{
		ID: "GHSA-xxxx-yyyy-zzzz", Fixed: "0.3.1",
	}, "Reads beyond the end of its input", "npm install tiny-parser@0.3.1")
	return report.Input{
		Tool: report.Tool{Name: "lambdagate", Version: "0.1.0"}, Policy: report.Policy{Name: "baseline", Digest: sha("policy")},
		Verdict: gate.Verdict{
			Decision: gate.Pass,
			Warnings: []gate.Reason{{Finding: warned.Fingerprint, Target: "dist", Clause: "baseline:severity-medium"}},
		},
		Rules: rules(), Started: started(), Duration: 340 * time.Millisecond,
		Result: audit.Result{
			Targets:    []audit.TargetResult{{Name: "dist", Kind: audit.KindFolder, Digest: audit.Digest{SHA256: sha("dist")}, Files: 96, Bytes: 412_000, Packages: []audit.Package{*parser}}},
			Findings:   []audit.Finding{warned},
			Outcomes:   []audit.Outcome{{Inspector: "osv", Target: "dist", Status: audit.StatusComplete}, {Inspector: "secret", Target: "dist", Status: audit.StatusComplete}},
			Advisories: audit.Advisories{Source: "https://api.osv.dev", Live: true, Date: started()},
		},
	}
}

func undecidedInput() report.Input {
	cause := errors.New("no network and no advisory database: give one with --db PATH")
	failed := audit.Outcome{Inspector: "osv", Target: "orders.zip", Status: audit.StatusFailed, Reason: cause.Error()}
	return report.Input{
		Tool: report.Tool{Name: "lambdagate", Version: "0.1.0"}, Policy: report.Policy{Name: "baseline", Digest: sha("policy")},
		Verdict: gate.Verdict{
			Decision: gate.Undecided, Incomplete: []audit.Outcome{failed},
			Undecided: []string{"the advisories are 20 days old, more than the 14 that baseline allows"},
		},
		Rules: rules(), Started: started(), Duration: 81 * time.Millisecond,
		Result: audit.Result{
			Targets:  []audit.TargetResult{{Name: "orders.zip", Kind: audit.KindZip, Digest: audit.Digest{SHA256: sha("zip")}, Files: 12, Bytes: 4096}},
			Outcomes: []audit.Outcome{failed, {Inspector: "secret", Target: "orders.zip", Status: audit.StatusComplete}},
		},
	}
}
