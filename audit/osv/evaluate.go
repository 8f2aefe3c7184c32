package osv

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/osv-scalibr/semantic"

	"github.com/lambdagate/lambdagate/audit"
)

// Affects says whether the record covers the package's version, by the
// schema's algorithm (https://ossf.github.io/osv-schema/#evaluation): the
// version is listed, or lies in a range. If neither is certain because
// something could not be compared, the error says so.
func (r *Record) Affects(p audit.Package) (bool, error) {
	v, err := parseVersion(p.Ecosystem, p.Version)
	if err == nil {
		return r.covers(p, v)
	}
	for _, a := range r.entries(p) {
		if p.Version != "" && slices.Contains(a.Versions, p.Version) {
			return true, nil
		}
	}
	if r.Mentions(p) {
		return false, err
	}
	return false, nil
}

// covers is Affects for a version of the package that has been parsed, the
// installed one or another.
func (r *Record) covers(p audit.Package, v version) (bool, error) {
	var errs []error
	for _, a := range r.entries(p) {
		if a.lists(v) {
			return true, nil
		}
		for _, rng := range a.Ranges {
			in, err := rng.contains(v)
			if in {
				return true, nil
			}
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	return false, errors.Join(errs...)
}

// lists says whether the version is in the list, under any spelling.
func (a *Affected) lists(v version) bool {
	if slices.Contains(a.Versions, v.text) {
		return true
	}
	return slices.ContainsFunc(a.Versions, func(listed string) bool {
		if !sameRelease(listed, v.text) {
			return false
		}
		order, err := v.compare(listed)
		return err == nil && order == 0
	})
}

// place is an event on the line of versions.
type place struct {
	Event
	version semantic.Version // nil at the very beginning
}

func (p place) compare(q place) (int, error) {
	switch {
	case p.version == nil && q.version == nil:
		return 0, nil
	case p.version == nil:
		return -1, nil
	case q.version == nil:
		return 1, nil
	}
	order, err := p.version.Compare(q.version)
	switch {
	case order != 0 || err != nil || (p.LastAffected == "") == (q.LastAffected == ""):
		return order, err
	case p.LastAffected != "":
		return 1, nil
	default:
		return -1, nil
	}
}

// contains evaluates one range. GIT ranges speak of commits and say nothing
// of versions.
func (r Range) contains(v version) (affected bool, err error) {
	defer recovered(&err, v.text)
	switch r.Type {
	case "GIT":
		return false, nil
	case "SEMVER", "ECOSYSTEM":
	default:
		return false, fmt.Errorf("range of type %q %w", r.Type, errNotComparable)
	}
	if before, err := r.beforeLimits(v); err != nil || !before {
		return false, err
	}
	places, err := r.places(v.ecosystem)
	if err != nil {
		return false, err
	}
	for _, p := range places {
		order := 1
		if p.version != nil {
			if order, err = v.parsed.Compare(p.version); err != nil {
				return false, err
			}
		}
		switch {
		case p.Introduced != "" && order >= 0:
			affected = true
		case p.Fixed != "" && order >= 0, p.LastAffected != "" && order > 0:
			affected = false
		}
	}
	return affected, nil
}

// places are the events in the order of their versions. Those of one version
// stay in the order of the record: "fixed in 2.0, introduced in 2.0" goes on,
// "introduced in 2.0, fixed in 2.0" is empty, and both occur. Only
// last_affected comes after the others, as it lies behind its version.
func (r Range) places(ecosystem string) ([]place, error) {
	var places []place
	for _, e := range r.Events {
		p := place{Event: e}
		text := e.Introduced + e.Fixed + e.LastAffected
		if text == "" {
			continue
		}
		if e.Introduced != "0" {
			parsed, err := parse(ecosystem, text)
			if err != nil {
				return nil, err
			}
			p.version = parsed
		}
		places = append(places, p)
	}
	var failed error
	slices.SortStableFunc(places, func(a, b place) int {
		order, err := a.compare(b)
		if err != nil {
			failed = err
		}
		return order
	})
	return places, failed
}

// beforeLimits says whether the version lies before one of the limits, if
// there are any.
func (r Range) beforeLimits(v version) (bool, error) {
	limited := false
	for _, e := range r.Events {
		if e.Limit == "" {
			continue
		}
		limited = true
		if e.Limit == "*" {
			return true, nil
		}
		order, err := v.compare(e.Limit)
		if err != nil {
			return false, err
		}
		if order < 0 {
			return true, nil
		}
	}
	return !limited, nil
}

// cure returns the lowest version after the installed one that a record calls
// fixed and that none of the records covers; empty if there is none.
func cure(p audit.Package, installed version, records []*Record) string {
	var fixes []version
	for _, r := range records {
		for _, text := range r.fixes(p) {
			order, err := installed.compare(text)
			if err != nil || order >= 0 {
				continue
			}
			if v, err := parseVersion(p.Ecosystem, text); err == nil {
				fixes = append(fixes, v)
			}
		}
	}
	slices.SortStableFunc(fixes, func(a, b version) int {
		order, _ := a.compare(b.text) // both have been parsed: it can't fail
		return order
	})
	fixes = slices.CompactFunc(fixes, func(a, b version) bool { return a.text == b.text })
	for _, v := range fixes {
		if spares(p, v, records) {
			return v.text
		}
	}
	return ""
}

// spares says whether certainly none of the records covers a version.
func spares(p audit.Package, v version, records []*Record) bool {
	return !slices.ContainsFunc(records, func(r *Record) bool {
		covered, err := r.covers(p, v)
		return covered || err != nil
	})
}

// fixes are the versions that the record calls fixed for the package.
func (r *Record) fixes(p audit.Package) []string {
	var fixes []string
	for _, a := range r.entries(p) {
		for _, rng := range a.Ranges {
			if rng.Type == "GIT" {
				continue
			}
			for _, e := range rng.Events {
				if e.Fixed != "" {
					fixes = append(fixes, e.Fixed)
				}
			}
		}
	}
	return fixes
}
