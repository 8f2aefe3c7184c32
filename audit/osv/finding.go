package osv

import (
	"fmt"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// finding drafts the finding of one flaw in a package. Fixed cures this flaw;
// recommended is the version for the package, which need not cure this flaw.
func (e examination) finding(p audit.Package, f flaw, fixed, recommended string) (func() audit.Rule, audit.Finding) {
	rate := rateAll(asAdvised(p), f.records)
	draft := audit.Finding{
		Severity:   rate.severity,
		Confidence: confidence(p),
		Target:     e.target,
		Origin:     p.Origin,
		Subject:    p.PURL + " " + f.id,
		Package:    &p,
		Advisory: &audit.Advisory{
			ID: f.id, Aliases: f.aliases, Fixed: fixed, CVSS: rate.vector, Score: rate.score,
		},
	}
	draft.Location, draft.Related = e.places(p)
	about := f.headline()
	if about != "" {
		about = ": " + about
	}
	id := plain(f.id, maxHeadline)
	if f.malicious() {
		draft.Severity = audit.SeverityCritical
		draft.Message = fmt.Sprintf("%s is malicious (%s)%s", nameAndVersion(p), id, about)
		draft.Remedy = removeRemedy(p)
		return malicious, draft
	}
	draft.Message = fmt.Sprintf("%s has %s%s", nameAndVersion(p), id, about)
	if recommended != "" && f.spares(p, recommended) {
		fixed = recommended
	}
	draft.Remedy = e.manifest.upgradeRemedy(p, fixed)
	return vulnerable, draft
}

// confidence is high where the package's own metadata, a lockfile or a program
// names the version; a bundled file only lets it be inferred.
func confidence(p audit.Package) audit.Confidence {
	if p.How == audit.HowBundle {
		return audit.ConfidenceMedium
	}
	return audit.ConfidenceHigh
}

// disagreement drafts the finding of a lockfile that declares another version
// than the one installed.
func (e examination) disagreement(d audit.Disagreement) audit.Finding {
	p := d.Installed
	declared := plain(strings.Join(d.Declared, ", "), maxHeadline)
	if declared == "" {
		declared = "no version of it"
	}
	lockfile := plain(d.Lockfile.Path, maxHeadline)
	draft := audit.Finding{
		Severity:   lockfileMismatch().Severity,
		Confidence: confidence(p),
		Message:    fmt.Sprintf("%s is installed, but %s declares %s", nameAndVersion(p), lockfile, declared),
		Target:     e.target,
		Origin:     p.Origin,
		Subject:    p.PURL + " " + d.Lockfile.Path,
		Remedy:     reinstallRemedy(p),
		Package:    &p,
	}
	draft.Location, draft.Related = e.places(p)
	draft.Related = append([]audit.Location{d.Lockfile}, draft.Related...)
	return draft
}

// places are where the finding points: the package's first place, then the
// others. A package without any is laid at the target's door.
func (e examination) places(p audit.Package) (audit.Location, []audit.Location) {
	if len(p.Locations) == 0 {
		return audit.Location{Path: e.target}, nil
	}
	return p.Locations[0], append([]audit.Location(nil), p.Locations[1:]...)
}

// primary is where a problem with a package points.
func primary(p audit.Package) audit.Location {
	if len(p.Locations) == 0 {
		return audit.Location{}
	}
	return p.Locations[0]
}
