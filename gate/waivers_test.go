package gate_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// waiving is baseline with one waiver.
func waiving(t *testing.T, keys string) gate.Policy {
	t.Helper()
	return mustLoad(t, "version: 1\nextends: baseline\nwaivers:\n  - {"+keys+", owner: o, reason: r, expires: 2026-06-15}\n")
}

func TestWhatAWaiverCovers(t *testing.T) {
	f := flaw(audit.SeverityCritical, "lodash", "GHSA-1111")
	f.Related = []audit.Location{{Path: "vendor/lodash/package.json"}}
	for keys, want := range map[string]bool{
		`fingerprint: "` + f.Fingerprint + `"`:                           true,
		`fingerprint: "` + f.Fingerprint[:8] + `"`:                       true,
		`fingerprint: "` + f.Fingerprint[1:9] + `"`:                      false,
		`fingerprint: "` + f.Fingerprint + `", target: fn`:               true,
		`fingerprint: "` + f.Fingerprint + `", target: "f*"`:             true,
		`fingerprint: "` + f.Fingerprint + `", target: g`:                false,
		`rule: osv-vulnerable, subject: "` + f.Subject + `"`:             true,
		`rule: osv-vulnerable, subject: GHSA-1111`:                       true,
		`rule: osv-vulnerable, subject: CVE-2021-1111`:                   true,
		`rule: osv-*, subject: "pkg:npm/lodash@*"`:                       true,
		`rule: osv-vulnerable, subject: lodash`:                          true,
		`rule: osv-vulnerable, subject: lod`:                             false,
		`rule: osv-vulnerable, subject: LODASH`:                          false,
		`rule: osv-malicious, subject: lodash`:                           false,
		`rule: osv-vulnerable, subject: "*/lodash/*"`:                    true,
		`rule: osv-vulnerable, subject: "node_modules/*"`:                false, // not all its places
		`rule: osv-vulnerable, subject: "vendor/*"`:                      false,
		`rule: osv-vulnerable, subject: lodash, target: "?n"`:            true,
		`rule: unread, subject: "*lodash*"`:                              false,
		`rule: "*", subject: "*package.json"`:                            true,
		`rule: osv-vulnerable, subject: "node_modules/lodash/package.*"`: false,
	} {
		v := gate.Decide(waiving(t, keys), resultOf(f), today())
		if want {
			if v.Decision != gate.Pass || len(v.Waived) != 1 || v.Waived[0].Finding != f.Fingerprint || v.Waived[0].Target != "fn" || len(v.Unused) != 0 {
				t.Errorf("{%s} does not cover: %+v", keys, v)
			}
		} else if v.Decision != gate.Block || len(v.Waived) != 0 || len(v.Unused) != 1 {
			t.Errorf("{%s} covers: %+v", keys, v)
		}
	}
}

func TestAWaiverHoldsThroughItsLastDay(t *testing.T) {
	f := flaw(audit.SeverityCritical, "a", "GHSA-1111")
	p := waiving(t, `fingerprint: "`+f.Fingerprint+`"`)
	for at, want := range map[string]gate.Decision{
		"2020-01-01T00:00:00Z":      gate.Pass,
		"2026-06-15T00:00:00Z":      gate.Pass,
		"2026-06-15T23:59:59Z":      gate.Pass,
		"2026-06-16T00:00:00Z":      gate.Block,
		"2026-06-16T01:00:00+02:00": gate.Pass,
		"2026-06-15T23:00:00-02:00": gate.Block,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		v := gate.Decide(p, resultOf(f), now)
		if v.Decision != want || (len(v.Expired) == 1) != (want == gate.Block) || len(v.Unused) != 0 {
			t.Errorf("%s: %+v", at, v)
		}
	}
}

func TestWhatBecameOfWaivers(t *testing.T) {
	blocks, warns, neither := flaw(audit.SeverityHigh, "a", "GHSA-1111"), flaw(audit.SeverityMedium, "b", "GHSA-2222"), flaw(audit.SeverityLow, "c", "GHSA-3333")
	waiver := func(f audit.Finding, expires string) string {
		return fmt.Sprintf("  - {fingerprint: %q, owner: o, reason: r, expires: %s}\n", f.Fingerprint, expires)
	}
	const live, late = "2026-06-15", "2026-06-14"
	for name, c := range map[string]struct {
		waivers                         string
		want                            gate.Decision
		warnings, waived, expired, used int
		unused                          int
	}{
		"none":                         {"", gate.Block, 1, 0, 0, 0, 0},
		"a block":                      {waiver(blocks, live), gate.Pass, 1, 1, 0, 0, 0},
		"a warning":                    {waiver(warns, live), gate.Block, 0, 1, 0, 0, 0},
		"neither is used all the same": {waiver(neither, live), gate.Block, 1, 0, 0, 0, 0},
		"nothing there":                {waiver(flaw(audit.SeverityLow, "d", "GHSA-4444"), live), gate.Block, 1, 0, 0, 0, 1},
		"expired, a block":             {waiver(blocks, late), gate.Block, 1, 0, 1, 0, 0},
		"expired, a warning":           {waiver(warns, late), gate.Block, 1, 0, 1, 0, 0},
		"expired, neither":             {waiver(neither, late), gate.Block, 1, 0, 0, 0, 0},
		"expired and renewed":          {waiver(blocks, late) + waiver(blocks, live), gate.Pass, 1, 1, 0, 0, 0},
	} {
		p := mustLoad(t, "version: 1\nextends: baseline\nwaivers:\n"+c.waivers)
		v := gate.Decide(p, resultOf(blocks, warns, neither), today())
		if v.Decision != c.want || len(v.Warnings) != c.warnings || len(v.Waived) != c.waived || len(v.Expired) != c.expired || len(v.Unused) != c.unused {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestAnAmbiguousFingerprintCoversNothing(t *testing.T) {
	a, b := flaw(audit.SeverityHigh, "a", "GHSA-1111"), flaw(audit.SeverityHigh, "b", "GHSA-2222")
	a.Fingerprint, b.Fingerprint = "1a2b3c4d"+a.Fingerprint[8:], "1a2b3c4d"+b.Fingerprint[8:]
	p := waiving(t, "fingerprint: 1a2b3c4d")
	if v := gate.Decide(p, resultOf(a), today()); v.Decision != gate.Pass {
		t.Errorf("one finding: %+v", v)
	}
	elsewhere := a
	elsewhere.Target = "other"
	if v := gate.Decide(p, resultOf(a, elsewhere), today()); v.Decision != gate.Pass || len(v.Waived) != 2 {
		t.Errorf("one flaw in two targets: %+v", v)
	}
	v := gate.Decide(p, resultOf(a, b), today())
	if v.Decision != gate.Block || len(v.Reasons) != 2 || len(v.Unused) != 0 || len(v.Notes) != 1 ||
		!strings.HasSuffix(v.Notes[0], `p.yaml:4 covers nothing: several fingerprints begin with "1a2b3c4d"; give more digits`) {
		t.Errorf("two findings: %+v", v)
	}
}

func TestWaiversThatLackSomethingCoverNothing(t *testing.T) {
	f := flaw(audit.SeverityHigh, "a", "GHSA-1111")
	whole := gate.Waiver{Fingerprint: f.Fingerprint, Owner: "o", Reason: "r", Expires: today()}
	p := mustLoad(t, "version: 1\nextends: baseline\n")
	p.Waivers = []gate.Waiver{whole}
	if v := gate.Decide(p, resultOf(f), today()); v.Decision != gate.Pass {
		t.Fatalf("a whole waiver: %+v", v)
	}
	for name, change := range map[string]func(*gate.Waiver){
		"zero":              func(w *gate.Waiver) { *w = gate.Waiver{} },
		"no owner":          func(w *gate.Waiver) { w.Owner = " " },
		"no reason":         func(w *gate.Waiver) { w.Reason = "" },
		"no expiry":         func(w *gate.Waiver) { w.Expires = time.Time{} },
		"short fingerprint": func(w *gate.Waiver) { w.Fingerprint = f.Fingerprint[:7] },
		"rule only":         func(w *gate.Waiver) { w.Fingerprint, w.Rule = "", "osv-*" },
		"wild subject":      func(w *gate.Waiver) { w.Fingerprint, w.Rule, w.Subject = "", "osv-*", "**" },
		"subject only":      func(w *gate.Waiver) { w.Fingerprint, w.Subject = "", "GHSA-1111" },
	} {
		w := whole
		change(&w)
		p.Waivers = []gate.Waiver{w}
		if v := gate.Decide(p, resultOf(f), today()); v.Decision != gate.Block || len(v.Waived) != 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestLockedClausesGiveWayOnlyToWaiversOfTheirOwnFile(t *testing.T) {
	secret := audit.Finding{
		Rule: "secret-private-key", Severity: audit.SeverityHigh, Confidence: audit.ConfidenceHigh, Target: "fn",
		Subject: "id_rsa", Location: audit.Location{Path: "id_rsa"}, Fingerprint: audit.Fingerprint("secret-private-key", "id_rsa"),
	}
	waiver := fmt.Sprintf("waivers: [{fingerprint: %q, owner: o, reason: r, expires: 2027-01-01}]\n", secret.Fingerprint)
	const unread = "waivers: [{rule: unread, subject: test/*, owner: o, reason: r, expires: 2027-01-01}]\n"
	const locked = "version: 1\nextends: ./base.yaml\nrequire: [{inspector: secret, locked: true}]\nblock: [{id: key, rule: secret-*, locked: true}]\n"
	for name, c := range map[string]struct {
		base, org, team string
		want            gate.Decision
		note            string
	}{
		"in the file that extends": {"", "", waiver, gate.Block, `waiver at team.yaml:3 can't lift the locked clause org.yaml:key`},
		"in the file itself":       {"", waiver, "", gate.Pass, ""},
		"in the file it extends":   {waiver, "", "", gate.Pass, ""},
		"in both":                  {"", waiver, waiver, gate.Pass, ""},
		"unread, above":            {"", "", unread, gate.Undecided, `waiver at team.yaml:3 can't accept what the locked inspector "secret" did not read`},
		"unread, itself":           {"", unread, "", gate.Pass, ""},
	} {
		dir := write(t, map[string]string{
			"base.yaml": "version: 1\nwarn: [{id: all, severity: info}]\n" + c.base,
			"org.yaml":  locked + c.org,
			"team.yaml": "version: 1\nextends: ./org.yaml\n" + c.team,
		})
		p, err := newLoader().Load(filepath.Join(dir, "team.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		r := resultOf(secret)
		if strings.HasPrefix(name, "unread") {
			r = resultOf()
			r.Outcomes[1] = audit.Outcome{Inspector: "secret", Target: "fn", Status: audit.StatusPartial, Reason: "x", Problems: []audit.Problem{{Path: "test/a", Reason: "x"}}}
		}
		v := gate.Decide(p, r, today())
		notes := strings.ReplaceAll(strings.Join(v.Notes, "\n"), dir+"/", "")
		if v.Decision != c.want || notes != c.note || len(v.Unused) != 0 {
			t.Errorf("%s: %v, notes %q, unused %+v", name, v.Decision, notes, v.Unused)
		}
		if (len(v.Waived) > 0) != (c.want == gate.Pass) {
			t.Errorf("%s: waived %+v", name, v.Waived)
		}
	}
}

func TestALockedWarningStaysBesideAWaivedBlock(t *testing.T) {
	dir := write(t, map[string]string{
		"org.yaml":  "version: 1\nblock: [{id: b, severity: high}]\nwarn: [{id: w, severity: high, locked: true}]\n",
		"team.yaml": "version: 1\nextends: ./org.yaml\nwaivers: [{rule: osv-*, subject: GHSA-1111, owner: o, reason: r, expires: 2027-01-01}]\n",
	})
	p, err := newLoader().Load(filepath.Join(dir, "team.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v := gate.Decide(p, resultOf(flaw(audit.SeverityHigh, "a", "GHSA-1111")), today())
	if v.Decision != gate.Pass || len(v.Waived) != 1 || len(v.Warnings) != 1 || v.Warnings[0].Clause != "org.yaml:w" {
		t.Errorf("%+v", v)
	}
	if !slices.ContainsFunc(v.Notes, func(n string) bool { return strings.HasSuffix(n, "can't lift the locked clause org.yaml:w") }) {
		t.Errorf("%q", v.Notes)
	}
}
