package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// A finding has two columns: our own words, and beside them everything that
	// may come out of an artifact. Nothing hostile ever stands in the first.
	labelColumn   = 2
	contentColumn = 9
	// maxPlaces is how many further places of one finding are named.
	maxPlaces = 3
	// maxIDWidth bounds the column of advisory ids; the longest in use have 20
	// characters.
	maxIDWidth = 24
	// shortDigits is how much of a fingerprint or digest is shown; a waiver
	// takes eight digits or more.
	shortDigits = 12
)

// row prints a label and what belongs to it; without a label, what belongs to
// the one above.
func (t *text) row(label string, s style, content ...span) {
	if label == "" {
		t.flow(contentColumn, contentColumn, content...)
		return
	}
	content[0].gap = contentColumn - labelColumn - len(label)
	t.flow(labelColumn, contentColumn, append([]span{column(0, label, s)}, content...)...)
}

// single prints one finding.
func (t *text) single(g group) {
	f := g.findings[0]
	t.row(g.level.String(), g.level.style(), place(f.Location)...)
	t.row("", plainText, words(f.Message))
	if f.Evidence != "" {
		t.row("seen", dim, words(f.Evidence))
	}
	t.related(f.Related)
	t.remedies(g)
	t.rule(g, column(2, short(f.Fingerprint), bold))
}

// packageGroup prints all advisories of a package under one heading, with the
// one remedy that cures them.
func (t *text) packageGroup(g group) {
	first := g.findings[0]
	t.row(g.level.String(), g.level.style(), append([]span{packageName(g)}, place(first.Location)...)...)
	t.related(first.Related)
	t.advisories(g.findings, g.level)
	t.remedies(g)
	t.rule(g)
}

// packageName is the name and version of a group's package.
func packageName(g group) span {
	p := g.findings[0].Package
	return column(0, strings.TrimSpace(p.Name+" "+p.Version), bold)
}

// advisories prints rows whose columns are aligned; level is that of the
// heading above them.
func (t *text) advisories(findings []Finding, level level) {
	severityWidth, idWidth := 0, shortDigits
	for _, f := range findings {
		severityWidth = max(severityWidth, len(f.Severity.String()))
		idWidth = max(idWidth, utf8.RuneCountInString(escape(f.Advisory.ID)))
	}
	idWidth = min(idWidth, maxIDWidth)
	for _, f := range findings {
		t.advisory(f, level, severityWidth, idWidth)
	}
}

// advisory prints a row of two lines: what it is, and below its id the
// fingerprint.
func (t *text) advisory(f Finding, groupLevel level, severityWidth, idWidth int) {
	severity, id := f.Severity.String(), f.Advisory.ID
	idColumn := contentColumn + severityWidth + 2
	textColumn := idColumn + idWidth + 2
	t.flow(contentColumn, textColumn,
		column(0, severity, plainText),
		column(2+severityWidth-len(severity), id, bold),
		span{text: summary(f), gap: max(2, 2+idWidth-utf8.RuneCountInString(escape(id)))})
	fixed := "the advisory names no fixed version"
	if f.Advisory.Fixed != "" {
		fixed = "fixed in " + f.Advisory.Fixed
	}
	if l := t.marks[f.key()].level; l != groupLevel {
		fixed += "; " + map[level]string{levelWarn: "this one only warns", levelNote: "this one does not count"}[l]
	}
	fingerprint := short(f.Fingerprint)
	t.flow(idColumn, textColumn, column(0, fingerprint, plainText),
		span{text: fixed, gap: max(2, 2+idWidth-len(fingerprint))})
}

// summary is what a message says beyond the package and the advisory's id,
// which stand beside it; perhaps nothing.
func summary(f Finding) string {
	rest, ok := strings.CutPrefix(f.Message, f.Package.Name+" "+f.Package.Version+" ")
	if !ok {
		return f.Message
	}
	if about, ok := strings.CutPrefix(rest, "has "+f.Advisory.ID); ok {
		return strings.TrimPrefix(about, ": ")
	}
	return rest
}

// place is path:line:column and the layer.
func place(l Location) []span {
	at := l.Path
	if l.Line > 0 {
		at += fmt.Sprintf(":%d", l.Line)
		if l.Column > 0 {
			at += fmt.Sprintf(":%d", l.Column)
		}
	}
	spans := []span{column(2, at, plainText)}
	if l.Layer != "" {
		spans = append(spans, words("in layer"), column(1, short(l.Layer), plainText))
	}
	return spans
}

// related names the first further places, and counts the rest.
func (t *text) related(places []Location) {
	label := "also"
	for i, l := range places {
		if i == maxPlaces {
			t.row("", plainText, words("and "+count(len(places)-i, "other place", "other places")))
			return
		}
		t.row(label, dim, place(l)...)
		label = ""
	}
}

// remedies prints each different remedy once; the advisories of a package
// share theirs. A command stands alone on its line, unbroken, to be copied.
func (t *text) remedies(g group) {
	var seen []string
	for _, f := range g.findings {
		if slices.Contains(seen, f.Remedy) {
			continue
		}
		seen = append(seen, f.Remedy)
		prose, command := splitCommand(f.Remedy)
		t.row("fix", dim, words(prose))
		if command != "" {
			t.row("", plainText, column(0, command, bold))
		}
	}
}

// splitCommand takes from a remedy the command that it is, or that it ends
// with in backquotes.
func splitCommand(remedy string) (prose, command string) {
	if isCommand(remedy) {
		return "run:", remedy
	}
	prose, quoted, found := strings.Cut(remedy, "`")
	command, rest, closed := strings.Cut(quoted, "`")
	if found && closed && isCommand(command) && strings.Trim(rest, ". ") == "" {
		return prose, command
	}
	return remedy, ""
}

// isCommand knows a command by how it begins.
func isCommand(s string) bool {
	for _, start := range []string{
		"aws ", "bundle ", "cargo ", "composer ", "dotnet ", "gem ", "go get ", "go install ",
		"npm ", "pip install ", "pnpm ", "poetry ", "uv ", "yarn ",
	} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

// rule prints by which rule and clauses a group is here, and what is less than
// sure about it.
func (t *text) rule(g group, more ...span) {
	var rules, doubts, clauses []string
	for _, f := range g.findings {
		rules = append(rules, f.Rule)
		if f.Origin == string(audit.OriginBase) && !ofBase(f) { // those have a heading that says so
			doubts = append(doubts, "from the base image")
		}
		if f.Confidence != audit.ConfidenceHigh {
			doubts = append(doubts, f.Confidence.String()+" confidence")
		}
		clauses = append(clauses, t.marks[f.key()].clauses...)
	}
	var spans []span
	for _, rule := range distinct(rules) {
		spans = append(spans, column(2, rule, plainText))
	}
	spans = append(spans, more...)
	for _, doubt := range distinct(doubts) {
		spans = append(spans, column(2, doubt, plainText))
	}
	for i, clause := range distinct(clauses) {
		if i == 0 {
			spans = append(spans, column(2, "by "+clause, plainText))
		} else {
			spans = append(spans, column(1, "and "+clause, plainText))
		}
	}
	t.row("rule", dim, spans...)
}

// distinct keeps the first of equal strings.
func distinct(all []string) []string {
	var kept []string
	for _, s := range all {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// short is the beginning of a fingerprint or digest, without the name of the
// algorithm; anything else is left whole.
func short(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	if len(hex) <= shortDigits || !isHex(hex) {
		return digest
	}
	return hex[:shortDigits]
}

func isHex(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdef") == "" }

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
