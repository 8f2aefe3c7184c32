package gate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lambdagate/lambdagate/audit"
)

// coverage is how much of a target an outcome stands for.
type coverage uint8

const (
	incomplete coverage = iota // it should have looked and did not see everything
	notAsked                   // left out with --only, which narrows what is required
	nothingDue                 // it had nothing to do there, and says why
	examined                   // it saw everything, or a waiver accepts what it didn't
)

// judgeCoverage fills Incomplete and says when there is nothing to decide on.
//
// For each target every required inspector owes an outcome. Complete will do; so
// will partial when waivers of the rule "unread" in force cover each of its
// problems, skipped because it was not selected, and skipped for a reason the
// inspector gives itself (no image, no configuration). Failed can't be waived.
// Beyond that each target must have been examined by somebody.
func judgeCoverage(p Policy, r audit.Result, waivers *waiverBook, v *Verdict) {
	if len(r.Targets) == 0 {
		v.Undecided = append(v.Undecided, "there is no target to examine")
	}
	if len(r.Outcomes) == 0 {
		v.Undecided = append(v.Undecided, "no inspector reported how it went")
	}
	seen := map[string]bool{} // targets that somebody examined
	told := map[string]bool{} // targets whose incompleteness has been told
	for _, o := range canonicalOutcomes(r.Outcomes) {
		required := slices.IndexFunc(p.Require, func(q Requirement) bool { return q.Inspector == o.Inspector })
		var lock *Requirement
		if required >= 0 && p.Require[required].Locked {
			lock = &p.Require[required]
		}
		switch judgeOutcome(o, lock, waivers, v) {
		case examined:
			seen[o.Target] = true
		case notAsked:
			if required >= 0 {
				v.Notes = append(v.Notes, fmt.Sprintf("required inspector %q was not selected", o.Inspector))
			}
		case incomplete:
			if required >= 0 {
				told[o.Target] = true
				v.Incomplete = append(v.Incomplete, o)
				continue
			}
			v.Notes = append(v.Notes, fmt.Sprintf("inspector %q did not see all of target %q, which the policy doesn't require: %s", o.Inspector, o.Target, o.Reason))
		}
	}
	for _, missing := range missingOutcomes(p, r) {
		told[missing.Target] = true
		v.Incomplete = append(v.Incomplete, missing)
	}
	for _, t := range r.Targets {
		if !seen[t.Name] && !told[t.Name] {
			v.Undecided = append(v.Undecided, fmt.Sprintf("no inspector examined all of target %q", t.Name))
		}
	}
}

// judgeOutcome says how much one outcome stands for, and records what waivers
// accept of it.
func judgeOutcome(o audit.Outcome, lock *Requirement, waivers *waiverBook, v *Verdict) coverage {
	switch o.Status {
	case audit.StatusComplete, audit.StatusPartial:
		if o.Status == audit.StatusComplete && len(o.Problems) == 0 {
			return examined
		}
		accepted, ok := waivers.acceptUnread(o, lock, v)
		if !ok {
			return incomplete
		}
		v.Waived = append(v.Waived, accepted...)
		return examined
	case audit.StatusSkipped:
		switch o.Reason {
		case "":
			return incomplete
		case audit.NotSelected:
			return notAsked
		}
		return nothingDue
	default:
		return incomplete
	}
}

// missingOutcomes makes up a failed outcome for every one that is owed and not
// there.
func missingOutcomes(p Policy, r audit.Result) []audit.Outcome {
	type key struct{ inspector, target string }
	have := map[key]int{}
	for _, o := range r.Outcomes {
		have[key{o.Inspector, o.Target}]++
	}
	var missing []audit.Outcome
	for _, t := range r.Targets {
		for _, q := range p.Require {
			k := key{q.Inspector, t.Name}
			if have[k]--; have[k] < 0 {
				missing = append(missing, audit.Outcome{
					Inspector: q.Inspector, Target: t.Name, Status: audit.StatusFailed, Reason: "it did not report",
				})
			}
		}
	}
	return missing
}

// canonicalOutcomes returns the outcomes in an order that depends on nothing but
// themselves.
func canonicalOutcomes(outcomes []audit.Outcome) []audit.Outcome {
	sorted := slices.Clone(outcomes)
	slices.SortStableFunc(sorted, compareOutcomes)
	return sorted
}

func compareOutcomes(a, b audit.Outcome) int {
	return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Inspector, b.Inspector),
		cmp.Compare(a.Status, b.Status), cmp.Compare(a.Reason, b.Reason),
		slices.CompareFunc(a.Problems, b.Problems, func(a, b audit.Problem) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
		}))
}
