package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lambdagate/lambdagate/audit"
)

// baseRemedy cures the packages of a base image all at once.
const baseRemedy = "rebuild on a newer base image"

// ofBase says whether a finding is an advisory on a package of the base image.
// One on a malicious package is not treated as such: no newer base undoes what
// that package did.
func ofBase(f Finding) bool {
	return f.Origin == string(audit.OriginBase) && f.Package != nil && f.Advisory != nil && f.Rule != "osv-malicious"
}

func (g group) ofBase() bool { return ofBase(g.findings[0]) }

// baseImages prints the base image's packages apart from all else, a line each:
// they are many, and there is one thing to do about all of them.
func (t *text) baseImages(packages []group) {
	order := t.targetOrder()
	slices.SortStableFunc(packages, func(a, b group) int {
		return cmp.Or(
			cmp.Compare(order[a.target], order[b.target]),
			cmp.Compare(a.target, b.target),
			cmp.Compare(b.level, a.level),
		)
	})
	for len(packages) > 0 {
		n := slices.IndexFunc(packages, func(g group) bool { return g.target != packages[0].target })
		if n < 0 {
			n = len(packages)
		}
		t.baseImage(packages[:n])
		packages = packages[n:]
	}
}

// baseImage prints what one target has from its base image.
func (t *text) baseImage(packages []group) {
	all := group{}
	for _, g := range packages {
		all.findings = append(all.findings, g.findings...)
	}
	var rest []span
	if len(t.report.Targets) > 1 {
		rest = append(rest, words("in"), column(1, packages[0].target, bold))
	}
	said := count(len(packages), "package", "packages") + ", " + count(len(all.findings), "advisory", "advisories")
	s := bold
	if worst := packages[0].level; worst != levelNote {
		s = worst.style()
	}
	t.heading(s, "From the base image", append(rest, span{text: said, gap: 2})...)
	for _, g := range packages {
		t.basePackage(g)
	}
	t.row("fix", dim, words(baseRemedy))
	t.rule(all)
}

// basePackage prints one package in a line, and below it the advisories that
// block, so that each can be accepted by itself.
func (t *text) basePackage(g group) {
	t.row(g.level.String(), g.level.style(), packageName(g), span{text: baseSummary(g), gap: 2})
	var blocking []Finding
	for _, f := range g.findings {
		if t.marks[f.key()].level == levelBlock {
			blocking = append(blocking, f)
		}
	}
	t.advisories(blocking, levelBlock)
}

// baseSummary says how many flaws a package has, how bad they are and what
// cures them.
func baseSummary(g group) string {
	severity := g.severity.String()
	if g.severity == audit.SeverityUnknown {
		severity = "unknown severity"
	}
	n := len(g.findings)
	if n > 1 {
		severity = "worst " + severity
	}
	var fixed []string
	open := 0
	for _, f := range g.findings {
		if f.Advisory.Fixed == "" {
			open++
			continue
		}
		fixed = append(fixed, f.Advisory.Fixed)
	}
	// Which of several versions is the newest only the distribution knows.
	cure := "fixed in " + several(distinct(fixed))
	switch {
	case open == n:
		cure = "no fix known"
	case open > 0:
		cure += fmt.Sprintf("; %d without a fix", open)
	}
	return fmt.Sprintf("%s, %s, %s", count(n, "advisory", "advisories"), severity, cure)
}
