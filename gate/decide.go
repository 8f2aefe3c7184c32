package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// Decide judges a result by a policy at a time. It is pure, and the order of
// findings, outcomes, clauses and waivers makes no difference to it.
//
// The decision is block when a finding matches a block clause and no waiver that
// holds on that day lifts it; a known block stays block whatever else is
// incomplete. Else it is undecided when there is nothing to judge (no target, no
// outcome, a target that nobody examined, a policy without content), when a
// required inspector did not see everything (see coverage), or when the advisory
// data is older than the policy allows. Else it is pass.
func Decide(p Policy, r audit.Result, now time.Time) Verdict {
	var v Verdict
	waivers := newWaiverBook(p.Waivers, r.Findings, now)
	judgeFindings(p, r.Findings, waivers, &v)
	if decidesNothing(p) {
		v.Undecided = append(v.Undecided, "the policy has no clause and requires no inspector")
	}
	if now.IsZero() {
		v.Undecided = append(v.Undecided, "the time of the decision is not known")
	}
	judgeCoverage(p, r, waivers, &v)
	judgeAge(p.Advisories, r.Advisories, now, &v)
	waivers.account(&v)
	tidy(&v)
	switch {
	case len(v.Reasons) > 0:
		v.Decision = Block
	case len(v.Incomplete)+len(v.Undecided) > 0:
		v.Decision = Undecided
	default:
		v.Decision = Pass
	}
	return v
}

// judgeFindings fills Reasons, Warnings and Waived.
func judgeFindings(p Policy, findings []audit.Finding, waivers *waiverBook, v *Verdict) {
	findings = slices.Clone(findings)
	slices.SortStableFunc(findings, compareFindings)
	unrated := 0
	for _, f := range findings {
		blocking, warning := matching(p.Block, f), matching(p.Warn, f)
		blocks := waivers.standing(blocking, f, v)
		warns := waivers.standing(warning, f, v)
		if waiver, ok := waivers.lifting(slices.Concat(blocking, warning), f); ok && len(blocks) == 0 {
			v.Waived = append(v.Waived, Waived{Finding: f.Fingerprint, Target: f.Target, Waiver: waiver})
		}
		named := slices.Concat(blocks, warns)
		if len(named) == 0 {
			continue
		}
		reason := Reason{Finding: f.Fingerprint, Target: f.Target, Clause: named[0].Name()}
		if len(blocks) > 0 {
			v.Reasons = append(v.Reasons, reason)
		} else {
			v.Warnings = append(v.Warnings, reason)
		}
		if f.Severity == audit.SeverityUnknown && named[0].Severity != audit.SeverityUnknown {
			unrated++
		}
	}
	if unrated > 0 {
		v.Notes = append(v.Notes, countsAsHigh(unrated))
	}
}

func countsAsHigh(n int) string {
	if n == 1 {
		return "1 finding has no severity and counts as high"
	}
	return fmt.Sprintf("%d findings have no severity and count as high", n)
}

// matching returns the clauses that match a finding, the one to name first in
// front: a locked one, then one that names rules, then by name.
func matching(clauses []Clause, f audit.Finding) []Clause {
	var matched []Clause
	for _, c := range clauses {
		if c.matches(f) {
			matched = append(matched, c)
		}
	}
	first := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(matched, func(a, b Clause) int {
		return cmp.Or(
			cmp.Compare(first(a.Locked), first(b.Locked)),
			cmp.Compare(first(len(a.Rules) > 0), first(len(b.Rules) > 0)),
			cmp.Compare(a.Name(), b.Name()),
		)
	})
	return matched
}

// judgeAge says what follows from advisory data that is too old. Data whose date
// is missing, or so far ahead that it can't be right, counts as too old.
func judgeAge(rules AdvisoryRules, used audit.Advisories, now time.Time, v *Verdict) {
	if used.Source == "" || used.Live {
		return
	}
	age := now.Sub(used.Date)
	var what string
	switch {
	case used.Date.IsZero():
		what = fmt.Sprintf("the advisories of %q have no date, so their age is not known", used.Source)
	case age < -24*time.Hour:
		what = fmt.Sprintf("the advisories of %q are dated %s, which lies ahead", used.Source, used.Date.UTC().Format(time.DateOnly))
	case age > rules.MaxAge:
		what = fmt.Sprintf("the advisories of %q are of %s, %s old; the policy allows %s",
			used.Source, used.Date.UTC().Format(time.DateOnly), formatAge(age), formatAge(rules.MaxAge))
	default:
		return
	}
	consequence := rules.OwnIndex
	if used.Named {
		consequence = rules.Named
	}
	switch consequence {
	case StaleIgnore:
	case StaleWarn:
		v.Notes = append(v.Notes, what)
	default:
		v.Undecided = append(v.Undecided, what)
	}
}

// formatAge writes whole days, or hours below two days.
func formatAge(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// compareFindings orders findings worst first.
func compareFindings(a, b audit.Finding) int {
	return cmp.Or(
		cmp.Compare(effectiveSeverity(b), effectiveSeverity(a)), cmp.Compare(a.Target, b.Target),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Fingerprint, b.Fingerprint),
		cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Location.Path, b.Location.Path),
		cmp.Compare(a.Location.Line, b.Location.Line), cmp.Compare(a.Subject, b.Subject),
	)
}

// tidy puts what does not follow the order of findings into one of its own.
func tidy(v *Verdict) {
	v.Reasons, v.Warnings, v.Waived = slices.Compact(v.Reasons), slices.Compact(v.Warnings), slices.Compact(v.Waived)
	slices.SortStableFunc(v.Incomplete, compareOutcomes)
	slices.SortStableFunc(v.Expired, compareWaivers)
	slices.SortStableFunc(v.Unused, compareWaivers)
	slices.SortFunc(v.Undecided, strings.Compare)
	slices.SortFunc(v.Notes, strings.Compare)
	v.Undecided, v.Notes = slices.Compact(v.Undecided), slices.Compact(v.Notes)
}
