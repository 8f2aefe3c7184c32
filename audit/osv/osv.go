// Package osv is the inspector that says which advisories the packages of
// a target have. The advisories are records in the OSV format
// (https://ossf.github.io/osv-schema/), from a folder of exports or from the
// OSV API (https://google.github.io/osv.dev/api/).
//
// A lookup that can't be made is an error and never an empty list: what was
// not asked is not clean.
package osv

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/lambdagate/lambdagate/audit"
)

// Name is what the inspector is called.
const Name = "osv"

// New returns the inspector "osv", which looks packages up in source.
func New(source Source) audit.Inspector {
	if source == nil {
		source = Unavailable("no source of advisories was given")
	}
	return inspector{source}
}

type inspector struct{ source Source }

func (inspector) Name() string { return Name }

func (inspector) Rules() []audit.Rule { return Rules() }

func (in inspector) Begin(_ context.Context, target audit.Target) (audit.Examination, error) {
	return examination{source: in.source, target: target.Name, manifest: &manifest{}}, nil
}

// examination is the work on one target. What to look up is in the inventory.
type examination struct {
	source   Source
	target   string
	manifest *manifest
}

func (e examination) Conclude(ctx context.Context, inventory audit.Inventory) audit.Conclusion {
	c := audit.Conclusion{Problems: slices.Clone(inventory.Problems)}
	for _, d := range inventory.Disagreements {
		add(&c, lockfileMismatch, e.disagreement(d))
	}
	known, unknown := split(inventory.Packages)
	c.Problems = append(c.Problems, withoutAdvisories(unknown)...)
	if len(known) == 0 {
		return c
	}
	asked := make([]audit.Package, len(known))
	for i, p := range known {
		asked[i] = asAdvised(p)
	}
	answer, err := e.source.Lookup(ctx, asked)
	if err == nil && len(answer.Candidates) != len(known) {
		err = fmt.Errorf("asked about %d packages, answered on %d", len(known), len(answer.Candidates))
	}
	if err != nil {
		c.Failed = fmt.Errorf("advisories can't be looked up: %w", err)
		return c
	}
	c.Advisories = &answer.Advisories
	c.Problems = append(c.Problems, answer.Problems...)
	for i, p := range known {
		if ctx.Err() != nil {
			c.Failed = context.Cause(ctx)
			return c
		}
		e.judge(&c, p, answer.Candidates[i])
	}
	return c
}

// split separates the packages that advisories can be asked for from those
// that have no OSV ecosystem, such as the packages of Amazon Linux.
func split(packages []audit.Package) (known, unknown []audit.Package) {
	for _, p := range packages {
		if p.Ecosystem == "" || p.Name == "" {
			unknown = append(unknown, p)
		} else {
			known = append(known, p)
		}
	}
	return known, unknown
}

// judge adds the findings of one package, and a problem if some record could
// not be judged.
func (e examination) judge(c *audit.Conclusion, p audit.Package, candidates []Candidate) {
	asked := asAdvised(p)
	var affecting []*Record
	var unjudged []error
	for _, candidate := range candidates {
		if candidate.Record.Withdrawn != "" {
			continue
		}
		affected, err := candidate.Affected, error(nil)
		if !affected {
			affected, err = candidate.Record.Affects(asked)
		}
		if err != nil {
			unjudged = append(unjudged, fmt.Errorf("%q: %w", candidate.Record.ID, err))
		} else if affected {
			affecting = append(affecting, candidate.Record)
		}
	}
	if len(unjudged) > 0 {
		c.Problems = append(c.Problems, audit.Problem{Path: primary(p).Path, Reason: fmt.Sprintf(
			"%d advisories on package %q could not be judged, first %v", len(unjudged), p.Name, unjudged[0])})
	}
	all := flaws(affecting)
	// Without an installed version that can be compared there is no remedy, as
	// there is no "after" it.
	installed, _ := parseVersion(asked.Ecosystem, asked.Version)
	fixes := make([]string, len(all))
	for i, f := range all {
		fixes[i] = cure(asked, installed, f.records)
	}
	target := recommend(asked, installed, all, fixes)
	for i, f := range all {
		rule, draft := e.finding(p, f, fixes[i], target)
		add(c, rule, draft)
	}
}

// recommend returns the version that cures all flaws of a package or, if there
// is none, all those that have a cure of their own.
func recommend(p audit.Package, installed version, all []flaw, fixes []string) string {
	var records, curable []*Record
	for i, f := range all {
		records = append(records, f.records...)
		if fixes[i] != "" {
			curable = append(curable, f.records...)
		}
	}
	return cmp.Or(cure(p, installed, records), cure(p, installed, curable))
}

// add completes a finding; one that is refused must not be lost in silence.
func add(c *audit.Conclusion, rule func() audit.Rule, draft audit.Finding) {
	finding, err := audit.NewFinding(rule(), draft)
	if err != nil {
		c.Problems = append(c.Problems, audit.Problem{Path: draft.Location.Path, Reason: err.Error()})
		return
	}
	c.Findings = append(c.Findings, finding)
}
