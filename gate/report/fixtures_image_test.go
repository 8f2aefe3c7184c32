package report_test

import (
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/gate/report"
)

// debian is a package of the base image's operating system.
func debian(name, version string) *audit.Package {
	return &audit.Package{
		PURL: "pkg:deb/debian/" + name + "@" + version, Ecosystem: "Debian:12", Name: name, Version: version,
		Locations: []audit.Location{{Path: "var/lib/dpkg/status", Layer: sha("base layer")}},
		How:       audit.HowInstalled, Origin: audit.OriginBase,
	}
}

// imageFindings are those of an image whose base brings most of them along.
func imageFindings(t *testing.T) ([]audit.Package, []audit.Finding) {
	openssl, zlib, perl, glibc := debian("openssl", "3.0.11-1~deb12u2"), debian("zlib1g", "1:1.2.13.dfsg-1"),
		debian("perl-base", "5.36.0-7"), debian("libc6", "2.36-9+deb12u1")
	bad := debian("evi1-tools", "1.0")
	theirs := func(p *audit.Package, severity audit.Severity, id, fixed, what string) audit.Finding {
		f := vulnerable(t, "orders", p, severity, audit.Advisory{ID: id, Fixed: fixed}, what,
			"rebuild on a newer base image, or: apt-get install --only-upgrade "+p.Name)
		f.Origin = audit.OriginBase
		return f
	}
	parser := npm("tiny-parser", "0.3.0")
	parser.Locations[0].Layer = sha("own layer")
	findings := []audit.Finding{
		theirs(openssl, audit.SeverityCritical, "DEBIAN-CVE-2024-5535", "3.0.14-1~deb12u1", "Reads beyond a buffer in SSL_select_next_proto"),
		theirs(openssl, audit.SeverityHigh, "DEBIAN-CVE-2023-5363", "3.0.13-1~deb12u1", "Wrong lengths of keys"),
		theirs(openssl, audit.SeverityUnknown, "DEBIAN-CVE-2024-9143", "", ""),
		theirs(glibc, audit.SeverityCritical, "DEBIAN-CVE-2023-6246", "2.36-9+deb12u4", "Overflow in syslog"),
		theirs(glibc, audit.SeverityCritical, "DEBIAN-CVE-2023-6779", "2.36-9+deb12u4", "Off by one in syslog"),
		theirs(zlib, audit.SeverityUnknown, "DEBIAN-CVE-2023-45853", "", "Overflow in MiniZip"),
		theirs(perl, audit.SeverityLow, "DEBIAN-CVE-2011-4116", "", "Follows symbolic links in File::Temp"),
		vulnerable(t, "orders", parser, audit.SeverityHigh, audit.Advisory{ID: "GHSA-xxxx-yyyy-zzzz", Fixed: "0.3.1"},
			"Reads beyond the end of its input", "npm install tiny-parser@0.3.1"),
		finding(t, "osv-malicious", audit.Finding{
			Severity: audit.SeverityCritical, Confidence: audit.ConfidenceHigh, Target: "orders", Origin: audit.OriginBase,
			Message:  "evi1-tools 1.0 is malicious (MAL-2025-4321): Sends the environment to a third party",
			Location: bad.Locations[0], Subject: bad.PURL + " MAL-2025-4321",
			Remedy:  "remove evi1-tools and rotate every credential that it could have read",
			Package: bad, Advisory: &audit.Advisory{ID: "MAL-2025-4321"},
		}),
		finding(t, "secret-generic-credential", audit.Finding{
			Severity: audit.SeverityHigh, Confidence: audit.ConfidenceMedium, Target: "orders", Origin: audit.OriginBase,
			Message: "etc/app.conf holds a password", Subject: "etc/app.conf 11ff",
			Location: audit.Location{Path: "etc/app.conf", Line: 3, Layer: sha("base layer")},
			Evidence: "password (12 characters)", Remedy: "Change the password, and take the file out of the image",
		}),
	}
	findings[4].Confidence = audit.ConfidenceMedium
	return []audit.Package{*openssl, *glibc, *zlib, *perl, *bad, *parser}, findings
}

func imageInput(t *testing.T) report.Input {
	packages, findings := imageFindings(t)
	verdict := gate.Verdict{Decision: gate.Block, Waived: []gate.Waived{{
		Finding: findings[4].Fingerprint, Target: "orders",
		Waiver: gate.Waiver{
			Rule: "osv-vulnerable", Subject: "DEBIAN-CVE-2023-6779", Owner: "payments@example.com", Reason: "syslog is not used",
			Expires: date(2026, 12, 31), Source: "lambdagate.yaml:14",
		},
	}}}
	reason := func(i int, clause string) gate.Reason {
		return gate.Reason{Finding: findings[i].Fingerprint, Target: "orders", Clause: clause}
	}
	verdict.Reasons = []gate.Reason{
		reason(0, "baseline:base-critical"), reason(3, "baseline:base-critical"),
		reason(7, "baseline:severity-high"), reason(8, "baseline:malicious-package"),
	}
	for _, i := range []int{1, 2, 5, 9} {
		verdict.Warnings = append(verdict.Warnings, reason(i, "baseline:severity-medium"))
	}
	return report.Input{
		Tool: report.Tool{Name: "lambdagate", Version: "0.1.0"}, Policy: report.Policy{Name: "baseline", Digest: sha("policy")},
		Verdict: verdict, Rules: rules(), Started: started(), Duration: 2345 * time.Millisecond,
		Result: audit.Result{
			Targets: []audit.TargetResult{{
				Name: "orders", Kind: audit.KindImage, Files: 9120, Bytes: 301_002_342, Packages: packages,
				Digest: audit.Digest{SHA256: sha("image")},
			}},
			Findings: findings,
			Outcomes: []audit.Outcome{
				{Inspector: "image", Target: "orders", Status: audit.StatusComplete},
				{Inspector: "osv", Target: "orders", Status: audit.StatusComplete},
				{Inspector: "secret", Target: "orders", Status: audit.StatusComplete},
			},
			Advisories: audit.Advisories{Source: "advisories/osv", Date: date(2026, 11, 16), Digest: sha("osv"), Named: true},
		},
	}
}
