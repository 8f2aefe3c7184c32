package report

import (
	"fmt"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// foldAbove is how many findings of one kind that don't block are printed
	// one by one. Above it they share an entry: 70 sample keys in other people's
	// test folders must not bury the finding that matters.
	foldAbove = 3
	// maxFolded is how many of them such an entry names.
	maxFolded = 5
)

// fold puts findings alike (target, rule, severity, confidence, what the
// verdict makes of them) into one group if there are many and none blocks.
// Packages have groups of their own already.
func fold(groups []group) []group {
	type kind struct {
		target, rule string
		severity     audit.Severity
		confidence   audit.Confidence
		level        level
	}
	kindOf := func(g group) kind {
		f := g.findings[0]
		return kind{g.target, f.Rule, f.Severity, f.Confidence, g.level}
	}
	foldable := func(g group) bool { return g.level != levelBlock && !g.isPackage() }
	counts := make(map[kind]int)
	for _, g := range groups {
		if foldable(g) {
			counts[kindOf(g)]++
		}
	}
	var folded []group
	first := make(map[kind]int)
	for _, g := range groups {
		k := kindOf(g)
		if !foldable(g) || counts[k] <= foldAbove {
			folded = append(folded, g)
			continue
		}
		i, seen := first[k]
		if !seen {
			i = len(folded)
			first[k] = i
			folded = append(folded, group{target: g.target, severity: g.severity, level: g.level, folded: true})
		}
		folded[i].findings = append(folded[i].findings, g.findings...)
	}
	return folded
}

// foldedGroup prints many findings of one kind as one entry.
func (t *text) foldedGroup(g group) {
	rule := g.findings[0].Rule
	title := rule
	for _, r := range t.report.Rules {
		if r.ID == rule {
			title = r.Title
		}
	}
	t.row(g.level.String(), g.level.style(), words(fmt.Sprintf("%s, %d times", title, len(g.findings))))
	for i, f := range g.findings {
		if i == maxFolded {
			t.row("", plainText, words(fmt.Sprintf("and %d more; a JSON report lists them all", len(g.findings)-i)))
			break
		}
		t.flow(contentColumn, contentColumn, append([]span{column(0, short(f.Fingerprint), plainText)}, place(f.Location)...)...)
	}
	t.remedies(group{findings: g.findings[:1]}) // the others say the same of other places
	t.rule(g)
}
