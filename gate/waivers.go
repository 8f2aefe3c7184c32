package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// waiverBook keeps a policy's waivers and what became of each.
type waiverBook struct {
	entries []*waiverEntry
}

type waiverEntry struct {
	Waiver
	live bool
	// ambiguous is set when the fingerprint begins several findings' and so
	// covers none.
	ambiguous bool
	// used is set when it covers something, missed when it would have lifted
	// something but for its date.
	used, missed bool
}

// newWaiverBook sorts the waivers, drops those that lack something, and finds
// out which hold now.
func newWaiverBook(waivers []Waiver, findings []audit.Finding, now time.Time) *waiverBook {
	book := &waiverBook{}
	for _, w := range waivers {
		if len(checkWaiver(w)) == 0 {
			book.entries = append(book.entries, &waiverEntry{Waiver: w, live: w.holds(now)})
		}
	}
	slices.SortStableFunc(book.entries, func(a, b *waiverEntry) int { return compareWaivers(a.Waiver, b.Waiver) })
	for _, e := range book.entries {
		e.ambiguous = e.beginsSeveral(findings)
	}
	return book
}

// holds says whether a waiver is in force: through the whole of its last day in
// UTC. At an unknown time none is.
func (w Waiver) holds(now time.Time) bool {
	year, month, day := w.Expires.UTC().Date()
	return !now.IsZero() && now.Before(time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC))
}

func (w Waiver) beginsSeveral(findings []audit.Finding) bool {
	if w.Fingerprint == "" {
		return false
	}
	found := ""
	for _, f := range findings {
		if !w.covers(f) || f.Fingerprint == found {
			continue
		}
		if found != "" {
			return true
		}
		found = f.Fingerprint
	}
	return false
}

// covers says whether a waiver is about a finding, whatever its date.
func (w Waiver) covers(f audit.Finding) bool {
	if w.Target != "" && !matchGlob(w.Target, f.Target) {
		return false
	}
	if w.Fingerprint != "" {
		return strings.HasPrefix(f.Fingerprint, w.Fingerprint)
	}
	if w.Rule == "" || w.Rule == unreadRule || !matchGlob(w.Rule, f.Rule) {
		return false
	}
	return w.matchesIdentity(f) || w.matchesEveryPath(f)
}

func (w Waiver) matchesIdentity(f audit.Finding) bool {
	names := []string{f.Subject}
	if f.Advisory != nil {
		names = append(append(names, f.Advisory.ID), f.Advisory.Aliases...)
	}
	if f.Package != nil {
		names = append(names, f.Package.PURL, f.Package.Name)
	}
	return slices.ContainsFunc(names, func(s string) bool { return matchGlob(w.Subject, s) })
}

// matchesEveryPath wants all places: accepting a flaw under test/ says nothing
// of the same flaw elsewhere.
func (w Waiver) matchesEveryPath(f audit.Finding) bool {
	if !matchGlob(w.Subject, f.Location.Path) {
		return false
	}
	return !slices.ContainsFunc(f.Related, func(l audit.Location) bool { return !matchGlob(w.Subject, l.Path) })
}

// lifts says whether a waiver may lift what a clause says: a locked clause only
// gives way to waivers of its own file and those that file extends.
func (w Waiver) lifts(c Clause) bool { return !c.Locked || w.level <= c.level }

// standing returns the clauses that no waiver in force lifts for a finding, and
// notes waivers that tried in vain.
func (b *waiverBook) standing(matched []Clause, f audit.Finding, v *Verdict) []Clause {
	var left []Clause
	for _, c := range matched {
		if _, ok := b.lifting([]Clause{c}, f); !ok {
			left = append(left, c)
		}
	}
	for _, e := range b.entries {
		if !e.covers(f) || e.ambiguous {
			continue
		}
		e.used = e.used || e.live
		for _, c := range left {
			switch {
			case e.live:
				v.Notes = append(v.Notes, fmt.Sprintf("waiver at %s can't lift the locked clause %s", e.Source, c.Name()))
			case e.lifts(c):
				e.missed = true
			}
		}
	}
	return left
}

// lifting returns the first waiver in force that lifts one of the clauses for a
// finding.
func (b *waiverBook) lifting(clauses []Clause, f audit.Finding) (Waiver, bool) {
	for _, e := range b.entries {
		if !e.live || e.ambiguous || !e.covers(f) {
			continue
		}
		if slices.ContainsFunc(clauses, e.lifts) {
			return e.Waiver, true
		}
	}
	return Waiver{}, false
}

// acceptUnread returns the waivers in force that accept every part of a target
// which an inspector did not read, one for each problem, or ok=false. lock is
// the requirement, if it is locked.
func (b *waiverBook) acceptUnread(o audit.Outcome, lock *Requirement, v *Verdict) (accepted []Waived, ok bool) {
	ok = len(o.Problems) > 0
	for _, problem := range o.Problems {
		waiver, waived := b.accepting(o.Target, problem, lock, v)
		if waived {
			accepted = append(accepted, Waived{Target: o.Target, Inspector: o.Inspector, Path: problem.Path, Waiver: waiver})
		}
		ok = ok && waived
	}
	return accepted, ok
}

// accepting returns the first waiver in force that accepts one problem.
func (b *waiverBook) accepting(target string, problem audit.Problem, lock *Requirement, v *Verdict) (Waiver, bool) {
	var late []*waiverEntry
	for _, e := range b.entries {
		if !e.coversProblem(target, problem) {
			continue
		}
		barred := lock != nil && e.level > lock.level
		switch {
		case barred && e.live:
			e.used = true
			v.Notes = append(v.Notes, fmt.Sprintf("waiver at %s can't accept what the locked inspector %q did not read", e.Source, lock.Inspector))
		case barred:
		case e.live:
			e.used = true
			return e.Waiver, true
		default:
			late = append(late, e)
		}
	}
	for _, e := range late {
		e.missed = true
	}
	return Waiver{}, false
}

func (w Waiver) coversProblem(target string, p audit.Problem) bool {
	return w.Rule == unreadRule && p.Path != "" && matchGlob(w.Subject, p.Path) &&
		(w.Target == "" || matchGlob(w.Target, target))
}

// account tells what became of the waivers: expired ones that were missed, and
// those in force that nothing needed.
func (b *waiverBook) account(v *Verdict) {
	for _, e := range b.entries {
		switch {
		case e.live && e.ambiguous:
			v.Notes = append(v.Notes, fmt.Sprintf("waiver at %s covers nothing: several fingerprints begin with %q; give more digits", e.Source, e.Fingerprint))
		case e.live && !e.used:
			v.Unused = append(v.Unused, e.Waiver)
		case !e.live && e.missed:
			v.Expired = append(v.Expired, e.Waiver)
		}
	}
}

// compareWaivers puts the one that holds longest first.
func compareWaivers(a, b Waiver) int {
	return cmp.Or(
		b.Expires.Compare(a.Expires), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Fingerprint, b.Fingerprint),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Target, b.Target),
		cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.level, b.level),
	)
}
