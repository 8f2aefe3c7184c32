package gate_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// cases is how many random cases a property is tried with; they are the same in
// every run.
const cases = 5_000

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// some is up to n values.
func some[T any](r *rand.Rand, n int, one func() T) []T {
	var all []T
	for range r.IntN(n + 1) {
		all = append(all, one())
	}
	return all
}

func anyFinding(r *rand.Rand) audit.Finding {
	f := flaw(audit.Severity(r.IntN(6)), pick(r, "a", "b", "c"), pick(r, "GHSA-1111", "GHSA-2222"))
	f.Rule = pick(r, "osv-vulnerable", "osv-malicious", "secret-private-key")
	f.Confidence = audit.Confidence(r.IntN(3))
	f.Target, f.Origin = pick(r, "f", "g"), pick(r, "", audit.OriginOwn, audit.OriginBase)
	// Prefixes of eight digits are shared on purpose.
	f.Fingerprint = pick(r, "11111111", "22222222") + audit.Fingerprint(f.Rule, f.Subject)[8:]
	if r.IntN(2) == 0 {
		f.Advisory.Fixed = "2.0.0"
	}
	return f
}

func anyClause(r *rand.Rand) gate.Clause {
	c := gate.Clause{ID: fmt.Sprintf("c%d", r.Uint64()), Policy: pick(r, "p.yaml", "q.yaml"), Locked: r.IntN(4) == 0}
	if r.IntN(2) == 0 {
		c.Severity = audit.Severity(1 + r.IntN(5))
	}
	if r.IntN(3) == 0 {
		c.Rules = []string{pick(r, "osv-*", "secret-*", "osv-malicious")}
	}
	c.Origin = pick(r, "", "", audit.OriginOwn, audit.OriginBase)
	c.Confidence, c.Fixable = audit.Confidence(r.IntN(3)), r.IntN(4) == 0
	return c
}

func anyWaiver(r *rand.Rand) gate.Waiver {
	w := gate.Waiver{
		Owner: "o", Reason: "r", Source: fmt.Sprintf("p.yaml:%d", r.IntN(99)),
		Expires: today().AddDate(0, 0, r.IntN(4)-2), Target: pick(r, "", "", "f", "*"),
	}
	switch r.IntN(3) {
	case 0:
		w.Fingerprint = pick(r, "11111111", "22222222", anyFinding(r).Fingerprint)
	case 1:
		w.Rule, w.Subject = pick(r, "osv-*", "*"), pick(r, "a", "pkg:npm/b@*", "GHSA-1111", "CVE-2021-*", "node_modules/*")
	default:
		w.Rule, w.Subject = "unread", pick(r, "test/*", "a")
	}
	return w
}

func anyOutcome(r *rand.Rand) audit.Outcome {
	o := audit.Outcome{Inspector: pick(r, "osv", "secret", "code"), Target: pick(r, "f", "g"), Status: audit.Status(r.IntN(4))}
	switch o.Status {
	case audit.StatusSkipped:
		o.Reason = pick(r, "", audit.NotSelected, "nothing to do")
	case audit.StatusPartial:
		o.Problems = some(r, 2, func() audit.Problem {
			return audit.Problem{Path: pick(r, "", "test/x", "a", "b"), Reason: "unreadable"}
		})
	}
	return o
}

func anyCase(r *rand.Rand) (gate.Policy, audit.Result) {
	p := gate.Policy{
		Require: some(r, 2, func() gate.Requirement {
			return gate.Requirement{Inspector: pick(r, "osv", "secret"), Locked: r.IntN(4) == 0}
		}),
		Block:      some(r, 3, func() gate.Clause { return anyClause(r) }),
		Warn:       some(r, 3, func() gate.Clause { return anyClause(r) }),
		Waivers:    some(r, 5, func() gate.Waiver { return anyWaiver(r) }),
		Advisories: gate.AdvisoryRules{MaxAge: 24 * time.Hour, OwnIndex: gate.Staleness(r.IntN(3)), Named: gate.Staleness(r.IntN(3))},
	}
	result := audit.Result{
		Targets:  []audit.TargetResult{{Name: "f"}, {Name: "g"}}[:r.IntN(3)],
		Findings: merged(some(r, 4, func() audit.Finding { return anyFinding(r) })),
		Outcomes: some(r, 6, func() audit.Outcome { return anyOutcome(r) }),
	}
	if r.IntN(2) == 0 {
		result.Advisories = audit.Advisories{Source: "s", Date: today().AddDate(0, 0, -r.IntN(3)), Named: r.IntN(2) == 0, Live: r.IntN(3) == 0}
	}
	if r.IntN(2) == 0 { // as it should be, so that passes are frequent
		result.Outcomes = nil
		for _, t := range result.Targets {
			for _, in := range []string{"osv", "secret"} {
				result.Outcomes = append(result.Outcomes, audit.Outcome{Inspector: in, Target: t.Name, Status: audit.StatusComplete})
			}
		}
	}
	return p, result
}

// merged drops findings that a result holds only once: those of one target and
// fingerprint.
func merged(findings []audit.Finding) []audit.Finding {
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(findings, func(f audit.Finding) bool {
		key := [2]string{f.Target, f.Fingerprint}
		twice := seen[key]
		seen[key] = true
		return twice
	})
}

// forAll tries a property on random cases, and makes sure that those cases led
// to every decision.
func forAll(t *testing.T, property func(r *rand.Rand, p gate.Policy, result audit.Result, v gate.Verdict) bool) {
	t.Helper()
	seen := map[gate.Decision]int{}
	for seed := range uint64(cases) {
		r := rand.New(rand.NewPCG(seed, 1))
		p, result := anyCase(r)
		v := gate.Decide(p, result, today())
		seen[v.Decision]++
		if !property(r, p, result, v) {
			t.Fatalf("seed %d\npolicy  %+v\nresult  %+v\nverdict %+v", seed, p, result, v)
		}
	}
	for _, d := range []gate.Decision{gate.Block, gate.Pass, gate.Undecided} {
		if seen[d] < cases/50 {
			t.Errorf("only %d of %d cases are %v", seen[d], cases, d)
		}
	}
}

func TestAFindingMoreNeverHelps(t *testing.T) {
	forAll(t, func(r *rand.Rand, p gate.Policy, result audit.Result, v gate.Verdict) bool {
		result.Findings = append(slices.Clone(result.Findings), anyFinding(r))
		after := gate.Decide(p, result, today()).Decision
		switch v.Decision {
		case gate.Block:
			return after == gate.Block
		case gate.Undecided:
			return after != gate.Pass
		default:
			return true
		}
	})
}

func TestAnExpiredWaiverDecidesLikeNone(t *testing.T) {
	forAll(t, func(r *rand.Rand, p gate.Policy, result audit.Result, v gate.Verdict) bool {
		w := anyWaiver(r)
		w.Expires = today().AddDate(0, 0, -1-r.IntN(9))
		p.Waivers = append(slices.Clone(p.Waivers), w)
		after := gate.Decide(p, result, today())
		return after.Decision == v.Decision && reflect.DeepEqual(after.Reasons, v.Reasons) &&
			reflect.DeepEqual(after.Waived, v.Waived) && reflect.DeepEqual(after.Incomplete, v.Incomplete)
	})
}

func TestAWaiverFewerNeverHelps(t *testing.T) {
	forAll(t, func(r *rand.Rand, p gate.Policy, result audit.Result, v gate.Verdict) bool {
		p.Waivers = nil
		after := gate.Decide(p, result, today()).Decision
		return after == v.Decision || v.Decision == gate.Pass || after == gate.Block
	})
}

func TestALessCompleteResultNeverHelps(t *testing.T) {
	forAll(t, func(r *rand.Rand, p gate.Policy, result audit.Result, v gate.Verdict) bool {
		if len(p.Require) == 0 || len(result.Outcomes) == 0 {
			return true
		}
		result.Outcomes = slices.Clone(result.Outcomes)
		i := r.IntN(len(result.Outcomes))
		result.Outcomes[i].Status = audit.StatusFailed
		required := slices.ContainsFunc(p.Require, func(q gate.Requirement) bool { return q.Inspector == result.Outcomes[i].Inspector })
		after := gate.Decide(p, result, today()).Decision
		if v.Decision == gate.Block {
			return after == gate.Block
		}
		return after != gate.Pass || v.Decision == gate.Pass && !required
	})
}

func TestOrderMakesNoDifference(t *testing.T) {
	forAll(t, func(r *rand.Rand, p gate.Policy, result audit.Result, v gate.Verdict) bool {
		shuffle(r, &p.Require)
		shuffle(r, &p.Block)
		shuffle(r, &p.Warn)
		shuffle(r, &p.Waivers)
		shuffle(r, &result.Targets)
		shuffle(r, &result.Findings)
		shuffle(r, &result.Outcomes)
		return reflect.DeepEqual(gate.Decide(p, result, today()), v)
	})
}

func shuffle[T any](r *rand.Rand, s *[]T) {
	*s = slices.Clone(*s)
	r.Shuffle(len(*s), func(i, j int) { (*s)[i], (*s)[j] = (*s)[j], (*s)[i] })
}

func TestDecideLeavesItsInputAlone(t *testing.T) {
	for seed := range uint64(cases / 10) {
		p, result := anyCase(rand.New(rand.NewPCG(seed, 1)))
		gate.Decide(p, result, today())
		q, again := anyCase(rand.New(rand.NewPCG(seed, 1)))
		if !reflect.DeepEqual(p, q) || !reflect.DeepEqual(result, again) {
			t.Fatalf("seed %d: changed to\npolicy %+v\nresult %+v", seed, p, result)
		}
	}
}
