package gate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

func TestClausesMatch(t *testing.T) {
	fixed := flaw(audit.SeverityHigh, "a", "GHSA-1111")
	fixed.Advisory.Fixed = "1.0.1"
	secret := audit.Finding{Fingerprint: "f", Rule: "secret-private-key", Severity: audit.SeverityHigh, Confidence: audit.ConfidenceHigh, Target: "fn"}
	unsure := secret
	unsure.Confidence = audit.ConfidenceLow
	theirs, nobodys := fixed, fixed
	theirs.Origin, nobodys.Origin = audit.OriginBase, ""
	fixed.Origin = audit.OriginOwn
	for name, c := range map[string]struct {
		clause  string
		finding audit.Finding
		want    bool
	}{
		"severity, equal":        {"severity: high", fixed, true},
		"severity, below":        {"severity: critical", fixed, false},
		"severity, above":        {"severity: info", fixed, true},
		"unknown, high":          {"severity: high", flaw(audit.SeverityUnknown, "a", "GHSA-1111"), true},
		"unknown, critical":      {"severity: critical", flaw(audit.SeverityUnknown, "a", "GHSA-1111"), false},
		"confidence, equal":      {"confidence: high", secret, true},
		"confidence, below":      {"confidence: medium", unsure, false},
		"confidence, any":        {"confidence: low", unsure, true},
		"fixable, fixed":         {"fixable: true", fixed, true},
		"fixable, no fix":        {"fixable: true", flaw(audit.SeverityHigh, "a", "GHSA-1111"), false},
		"fixable, no advisory":   {"fixable: true", secret, false},
		"rule":                   {"rule: secret-private-key", secret, true},
		"other rule":             {"rule: secret-aws-access-key", secret, false},
		"glob":                   {"rule: secret-*", secret, true},
		"list":                   {"rule: [osv-*, secret-*]", secret, true},
		"origin base, base":      {"origin: base", theirs, true},
		"origin base, own":       {"origin: base", fixed, false},
		"origin base, not said":  {"origin: base", nobodys, false},
		"origin own, own":        {"origin: own", fixed, true},
		"origin own, base":       {"origin: own", theirs, false},
		"origin own, not said":   {"origin: own", nobodys, true},
		"origin and severity":    {"origin: base\n    severity: critical", theirs, false},
		"all conditions":         {"severity: high\n    confidence: high\n    rule: secret-*", secret, true},
		"all conditions but one": {"severity: critical\n    confidence: high\n    rule: secret-*", secret, false},
	} {
		t.Run(name, func(t *testing.T) {
			for list, want := range map[string]gate.Decision{"block": gate.Block, "warn": gate.Pass} {
				p := mustLoad(t, "version: 1\n"+list+":\n  - id: c\n    "+c.clause+"\n")
				v := gate.Decide(p, resultOf(c.finding), today())
				if !c.want {
					want = gate.Pass
				}
				if v.Decision != want {
					t.Errorf("%s: %v", list, v.Decision)
				}
				named := map[string][]gate.Reason{"block": v.Reasons, "warn": v.Warnings}[list]
				if (len(named) == 1 && named[0] == gate.Reason{Finding: c.finding.Fingerprint, Target: "fn", Clause: "p.yaml:c"}) != c.want {
					t.Errorf("%s: %+v", list, v)
				}
			}
		})
	}
}

func TestAReasonNamesTheClauseThatSaysMost(t *testing.T) {
	p := mustLoad(t, "version: 1\nblock:\n  - {id: a, severity: low}\n  - {id: b, rule: osv-*}\n  - {id: c, severity: low, locked: true}\nwarn:\n  - {id: d, severity: low}\n")
	v := gate.Decide(p, resultOf(flaw(audit.SeverityHigh, "a", "GHSA-1111")), today())
	if len(v.Reasons) != 1 || v.Reasons[0].Clause != "p.yaml:c" || len(v.Warnings) != 0 {
		t.Errorf("%+v", v)
	}
	p = mustLoad(t, "version: 1\nblock:\n  - {id: a, severity: low}\n  - {id: b, rule: osv-*}\n")
	if v := gate.Decide(p, resultOf(flaw(audit.SeverityHigh, "a", "GHSA-1111")), today()); v.Reasons[0].Clause != "p.yaml:b" {
		t.Errorf("%+v", v)
	}
}

func TestReasonsAreWorstFirst(t *testing.T) {
	p := mustLoad(t, "version: 1\nblock: [{id: a, severity: low}]\n")
	low, unknown, critical := flaw(audit.SeverityLow, "a", "GHSA-1111"), flaw(audit.SeverityUnknown, "b", "GHSA-2222"), flaw(audit.SeverityCritical, "c", "GHSA-3333")
	v := gate.Decide(p, resultOf(low, unknown, critical), today())
	var order []string
	for _, r := range v.Reasons {
		order = append(order, r.Finding)
	}
	if !slices.Equal(order, []string{critical.Fingerprint, unknown.Fingerprint, low.Fingerprint}) {
		t.Errorf("%+v", v.Reasons)
	}
	if !slices.Equal(v.Notes, []string{"1 finding has no severity and counts as high"}) {
		t.Errorf("%q", v.Notes)
	}
}

func TestUnknownSeverityIsNotedWhereItMatters(t *testing.T) {
	a, b := flaw(audit.SeverityUnknown, "a", "GHSA-1111"), flaw(audit.SeverityUnknown, "b", "GHSA-2222")
	p := mustLoad(t, "version: 1\nblock: [{id: a, severity: medium}]\n")
	if v := gate.Decide(p, resultOf(a, b), today()); !slices.Equal(v.Notes, []string{"2 findings have no severity and count as high"}) {
		t.Errorf("%q", v.Notes)
	}
	p = mustLoad(t, "version: 1\nblock: [{id: a, rule: osv-*}]\n")
	if v := gate.Decide(p, resultOf(a, b), today()); len(v.Notes) != 0 {
		t.Errorf("the severity made no difference: %q", v.Notes)
	}
}

func TestNothingToJudgeIsUndecided(t *testing.T) {
	p := mustLoad(t, "version: 1\nextends: baseline\n")
	whole := resultOf()
	for name, c := range map[string]struct {
		policy gate.Policy
		result audit.Result
		now    time.Time
		want   string
	}{
		"zero values": {gate.Policy{}, audit.Result{}, time.Time{}, "there is no target to examine"},
		"zero policy": {gate.Policy{}, whole, today(), "the policy has no clause and requires no inspector"},
		"zero result": {p, audit.Result{}, today(), "no inspector reported how it went"},
		"zero time":   {p, whole, time.Time{}, "the time of the decision is not known"},
		"no target":   {p, audit.Result{Outcomes: whole.Outcomes}, today(), "there is no target to examine"},
		"no outcome":  {p, audit.Result{Targets: whole.Targets}, today(), "no inspector reported how it went"},
	} {
		v := gate.Decide(c.policy, c.result, c.now)
		if v.Decision != gate.Undecided || !slices.Contains(v.Undecided, c.want) {
			t.Errorf("%s: %v %q", name, v.Decision, v.Undecided)
		}
	}
	if v := gate.Decide(p, whole, today()); v.Decision != gate.Pass {
		t.Errorf("and yet a whole result passes: %+v", v)
	}
}

func TestAgeOfAdvisories(t *testing.T) {
	p := mustLoad(t, "version: 1\nrequire: [{inspector: osv}]\n")
	ignore := mustLoad(t, "version: 1\nrequire: [{inspector: osv}]\nadvisories: {own-index: ignore, named: undecided, max-age: 36h}\n")
	days := func(n int) time.Time { return today().AddDate(0, 0, -n) }
	for name, c := range map[string]struct {
		policy     gate.Policy
		advisories audit.Advisories
		want       gate.Decision
		says       string
	}{
		"none used":       {p, audit.Advisories{Date: days(99)}, gate.Pass, ""},
		"live":            {p, audit.Advisories{Source: "s", Live: true}, gate.Pass, ""},
		"new":             {p, audit.Advisories{Source: "s", Date: days(1)}, gate.Pass, ""},
		"at the limit":    {p, audit.Advisories{Source: "s", Date: days(14)}, gate.Pass, ""},
		"past the limit":  {p, audit.Advisories{Source: "s", Date: days(14).Add(-time.Second)}, gate.Undecided, `the advisories of "s" are of 2026-06-01, 14 days old; the policy allows 14 days`},
		"no date":         {p, audit.Advisories{Source: "s"}, gate.Undecided, `the advisories of "s" have no date, so their age is not known`},
		"clock skew":      {p, audit.Advisories{Source: "s", Date: days(-1)}, gate.Pass, ""},
		"ahead":           {p, audit.Advisories{Source: "s", Date: days(-2)}, gate.Undecided, `the advisories of "s" are dated 2026-06-17, which lies ahead`},
		"named, old":      {p, audit.Advisories{Source: "s", Named: true, Date: days(15)}, gate.Pass, `the advisories of "s" are of 2026-05-31, 15 days old; the policy allows 14 days`},
		"named, no date":  {p, audit.Advisories{Source: "s", Named: true}, gate.Pass, `the advisories of "s" have no date, so their age is not known`},
		"ignored":         {ignore, audit.Advisories{Source: "s", Date: days(99)}, gate.Pass, ""},
		"named, strictly": {ignore, audit.Advisories{Source: "s", Named: true, Date: days(2)}, gate.Undecided, `the advisories of "s" are of 2026-06-13, 2 days old; the policy allows 36 hours`},
		"strict, in time": {ignore, audit.Advisories{Source: "s", Named: true, Date: days(1)}, gate.Pass, ""},
	} {
		r := resultOf()
		r.Advisories = c.advisories
		v := gate.Decide(c.policy, r, today())
		said := strings.Join(append(slices.Clone(v.Undecided), v.Notes...), "\n")
		if v.Decision != c.want || said != c.says || (c.want == gate.Undecided) != (len(v.Undecided) > 0) {
			t.Errorf("%s: %v %q %q", name, v.Decision, v.Undecided, v.Notes)
		}
	}
}

func TestAKnownBlockStaysBlock(t *testing.T) {
	p := mustLoad(t, "version: 1\nextends: strict\n")
	r := resultOf(flaw(audit.SeverityCritical, "a", "GHSA-1111"))
	r.Outcomes = r.Outcomes[:1]
	r.Outcomes[0].Status = audit.StatusFailed
	r.Advisories = audit.Advisories{Source: "s", Named: true}
	v := gate.Decide(p, r, today())
	if v.Decision != gate.Block || len(v.Incomplete) != 3 || len(v.Undecided) != 1 {
		t.Errorf("%+v", v)
	}
}

func TestDecisionText(t *testing.T) {
	for _, d := range []gate.Decision{gate.Undecided, gate.Pass, gate.Block} {
		text, err := d.MarshalText()
		var back gate.Decision
		if err != nil || back.UnmarshalText(text) != nil || back != d {
			t.Errorf("%v: %q, %v", d, text, back)
		}
	}
	var d gate.Decision
	if err := d.UnmarshalText([]byte("Pass")); err == nil || d != gate.Undecided {
		t.Errorf("%v, %v", d, err)
	}
	if gate.Decision(9).String() != "undecided" {
		t.Error("a value out of range is not a decision")
	}
}
