package report

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

const defaultWidth, minWidth = 80, 40

// writeText renders the report for people: what blocks first, the verdict
// last.
func writeText(w io.Writer, r Report, o Options) error {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	t := &text{
		page:   &page{width: max(width, minWidth), color: o.Color},
		report: r,
		marks:  marksOf(r.Verdict),
		waive:  o.WaiveCommand,
	}
	t.findings(o.Quiet)
	if !o.Quiet {
		t.waivers()
		t.lookedAt()
		t.notes()
		t.incomplete()
		if o.WaiveCommand {
			t.waiveHint()
		}
	}
	t.verdict()
	_, err := io.WriteString(w, t.b.String())
	return err
}

// text is a report on its way to paper.
type text struct {
	*page
	report Report
	marks  map[key]mark
	waive  bool // name the command that accepts things
}

// mark says what the verdict makes of a finding.
type mark struct {
	level   level
	clauses []string
}

type level int

const (
	levelNote level = iota
	levelWarn
	levelBlock
)

func (l level) String() string { return [...]string{"note", "warn", "BLOCK"}[l] }

func (l level) style() style { return [...]style{dim, yellow, red}[l] }

func marksOf(v Verdict) map[key]mark {
	marks := make(map[key]mark)
	add := func(reasons []Reason, l level) {
		for _, r := range reasons {
			k := key{r.Finding, r.Target}
			m := marks[k]
			m.level = max(m.level, l)
			if !slices.Contains(m.clauses, r.Clause) {
				m.clauses = append(m.clauses, r.Clause)
			}
			marks[k] = m
		}
	}
	add(v.Reasons, levelBlock)
	add(v.Warnings, levelWarn)
	return marks
}

// findings prints those that no waiver covers, worst first, and what the base
// image brings along after all else.
func (t *text) findings(blockingOnly bool) {
	type section struct {
		severity audit.Severity
		target   string
	}
	var previous *section
	var base []group
	for _, g := range t.groups(blockingOnly) {
		if g.ofBase() {
			base = append(base, g)
			continue
		}
		s := section{g.severity, g.target}
		if previous == nil || s != *previous {
			t.severityHeading(g)
		} else {
			t.gap()
		}
		previous = &s
		switch {
		case g.folded:
			t.foldedGroup(g)
		case g.isPackage():
			t.packageGroup(g)
		default:
			t.single(g)
		}
	}
	t.baseImages(base)
}

func (t *text) severityHeading(g group) {
	s := bold
	var rest []span
	switch g.severity {
	case audit.SeverityCritical, audit.SeverityHigh:
		s = red
	case audit.SeverityUnknown:
		s = red
		rest = append(rest, span{text: "unknown severity, counts as high", gap: 2})
	case audit.SeverityMedium:
		s = yellow
	}
	if len(t.report.Targets) > 1 {
		rest = append([]span{words("in"), column(1, g.target, bold)}, rest...)
	}
	t.heading(s, strings.ToUpper(g.severity.String()), rest...)
}

// group is what is shown under one heading: a finding, or all advisories that
// one rule reports on one package.
type group struct {
	target   string
	severity audit.Severity // the worst
	level    level          // the worst
	findings []Finding
	folded   bool // many of one kind, as one entry
}

func (g group) isPackage() bool {
	f := g.findings[0]
	return f.Package != nil && f.Advisory != nil
}

// groups sorts what there is to show: worst severity first, target by target
// in the report's order, what blocks before what warns before the rest.
func (t *text) groups(blockingOnly bool) []group {
	var groups []group
	type packageKey struct {
		target, rule string
		pkg          PackageRef
		base         bool
	}
	seen := make(map[packageKey]int)
	for _, f := range t.report.Findings {
		level := t.marks[f.key()].level
		if level != levelBlock && (blockingOnly || f.Waiver != nil) {
			continue
		}
		if f.Package != nil && f.Advisory != nil {
			k := packageKey{f.Target, f.Rule, *f.Package, ofBase(f)}
			if i, ok := seen[k]; ok {
				groups[i].add(f, level)
				continue
			}
			seen[k] = len(groups)
		}
		groups = append(groups, group{target: f.Target, severity: f.Severity, level: level, findings: []Finding{f}})
	}
	groups = fold(groups)
	order := t.targetOrder()
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Or(
			cmp.Compare(rank(b.severity), rank(a.severity)),
			cmp.Compare(order[a.target], order[b.target]),
			cmp.Compare(b.level, a.level),
		)
	})
	return groups
}

func (g *group) add(f Finding, l level) {
	g.findings = append(g.findings, f)
	g.level = max(g.level, l)
	if rank(f.Severity) > rank(g.severity) {
		g.severity = f.Severity
	}
}

func (t *text) targetOrder() map[string]int {
	order := make(map[string]int, len(t.report.Targets))
	for i, target := range t.report.Targets {
		if _, ok := order[target.Name]; !ok {
			order[target.Name] = i
		}
	}
	return order
}

// rank orders severities by harm, with unknown just below high.
func rank(s audit.Severity) int {
	if s == audit.SeverityUnknown {
		return 2*int(audit.SeverityHigh) - 1
	}
	return 2 * int(s)
}
