package main

import (
	"fmt"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// explainText is a rule's page for a terminal.
func explainText(r audit.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\nseverity %s · inspector %s · since %s", r.ID, r.Title, severityOf(r), r.Inspector, r.Since)
	for _, c := range r.CWE {
		fmt.Fprintf(&b, " · CWE-%d", c)
	}
	b.WriteString("\n")
	for _, s := range ruleSections(r) {
		if s.code {
			fmt.Fprintf(&b, "\n%s\n%s\n", s.title, indent(s.text, "    "))
		} else {
			fmt.Fprintf(&b, "\n%s\n%s\n", s.title, indent(wrap(s.text, 76), "  "))
		}
	}
	if len(r.Refs) > 0 {
		b.WriteString("\nSee also\n")
		for _, ref := range r.Refs {
			fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(ref.Name+"  "+ref.URL))
		}
	}
	return b.String()
}

// ruleMarkdown is the same page for docs/rules.
func ruleMarkdown(r audit.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\nSeverity: %s. Inspector: `%s`. Since: %s.", r.ID, r.Title, severityOf(r), r.Inspector, r.Since)
	for _, c := range r.CWE {
		fmt.Fprintf(&b, " [CWE-%d](https://cwe.mitre.org/data/definitions/%d.html).", c, c)
	}
	b.WriteString("\n")
	for _, s := range ruleSections(r) {
		if s.code {
			fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n", s.title, strings.TrimRight(s.text, "\n"))
		} else {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.title, s.text)
		}
	}
	if len(r.Refs) > 0 {
		b.WriteString("\n## See also\n\n")
		for _, ref := range r.Refs {
			if ref.URL == "" {
				fmt.Fprintf(&b, "- %s\n", ref.Name)
			} else {
				fmt.Fprintf(&b, "- [%s](%s)\n", ref.Name, ref.URL)
			}
		}
	}
	return b.String()
}

// severityOf is the rule's severity for a reader; where each finding has its
// own, an advisory's, the rule has none.
func severityOf(r audit.Rule) string {
	if r.Severity == audit.SeverityUnknown {
		return "varies"
	}
	return r.Severity.String()
}

type section struct {
	title, text string
	code        bool
}

func ruleSections(r audit.Rule) []section {
	all := []section{
		{"What it reports", r.Doc.What, false},
		{"Why it matters", r.Doc.Why, false},
		{"Before", r.Doc.Before, true},
		{"After", r.Doc.After, true},
		{"What to do", r.Doc.Remedy, false},
		{"What it does not see", r.Doc.Limits, false},
	}
	var kept []section
	for _, s := range all {
		if s.text != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func indent(s, by string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return by + strings.Join(lines, "\n"+by)
}

// wrap breaks text at spaces so that lines have at most width characters.
func wrap(text string, width int) string {
	var b strings.Builder
	col := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case col == 0:
		case col+1+n > width:
			b.WriteByte('\n')
			col = 0
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += n
	}
	return b.String()
}
