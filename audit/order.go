package audit

import (
	"cmp"
	"slices"
)

// mergeFindings sorts findings (target, worst first, then rule and place) and
// folds those of one target with the same fingerprint into the first of them,
// whose related locations they become: one flaw, one finding.
func mergeFindings(findings []Finding) []Finding {
	slices.SortStableFunc(findings, compareFindings)
	type key struct{ target, fingerprint string }
	first := make(map[key]int, len(findings))
	merged := findings[:0]
	for _, f := range findings {
		k := key{f.Target, f.Fingerprint}
		i, seen := first[k]
		if !seen {
			first[k] = len(merged)
			merged = append(merged, f)
			continue
		}
		m := &merged[i]
		places := append(append(slices.Clone(m.Related), f.Location), f.Related...)
		m.Related = uniqueLocations(places, m.Location)
		m.Confidence = max(m.Confidence, f.Confidence)
		if f.Origin == OriginOwn {
			m.Origin = OriginOwn // that it lies in the base too is no excuse
		}
	}
	return merged
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Target, b.Target),
		cmp.Compare(b.rank(), a.rank()),
		cmp.Compare(a.Rule, b.Rule),
		compareLocations(a.Location, b.Location),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Message, b.Message),
	)
}

// rank orders by severity with unknown beside high, as policy treats it.
func (f Finding) rank() int {
	if f.Severity == SeverityUnknown {
		return 2*int(SeverityHigh) - 1
	}
	return 2 * int(f.Severity)
}

func compareLocations(a, b Location) int {
	return cmp.Or(
		cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
	)
}

// uniqueLocations sorts places and drops doubles and the one already named.
func uniqueLocations(places []Location, but Location) []Location {
	slices.SortFunc(places, compareLocations)
	places = slices.Compact(places)
	return slices.DeleteFunc(places, func(l Location) bool { return l == but })
}

func sortOutcomes(outcomes []Outcome) {
	slices.SortStableFunc(outcomes, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Inspector, b.Inspector))
	})
}
