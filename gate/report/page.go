package report

import (
	"strings"
	"unicode/utf8"
)

// style is the ANSI parameter that paints a span, empty for plain text.
type style string

const (
	plainText style = ""
	bold      style = "1"
	dim       style = "2"
	red       style = "1;31"
	green     style = "1;32"
	yellow    style = "33"
)

// Below a heading rows are indented, and what goes on in a further line more
// so: text that was broken never begins where a row does.
const (
	rowIndent  = 2
	hangIndent = 4
	deepIndent = 6
)

// span is a piece of a line.
type span struct {
	text  string
	style style
	// gap is the number of columns before it, unless it starts a line.
	gap int
	// solid text is not broken at its spaces: a path, a command.
	solid bool
}

// words is running text.
func words(text string) span { return span{text: text, gap: 1} }

// column is unbroken text that stands gap columns after what precedes it.
func column(gap int, text string, s style) span {
	return span{text: text, style: s, gap: gap, solid: true}
}

// page lays out text. Everything that goes onto it is escaped, and every line
// but a heading is indented, so that nothing out of an artifact can look like a
// heading or the verdict.
//
// Width is counted in characters; those that take two columns (East Asian
// ones) count as one, so that lines holding them may come out wider.
type page struct {
	b     strings.Builder
	width int
	color bool
}

// flow writes spans as one paragraph: the first line indented by first, those
// that follow by hang. A word wider than a line gets a line of its own, whole.
func (p *page) flow(first, hang int, spans ...span) {
	at, start := first, true
	p.b.WriteString(spaces(first))
	put := func(word string, gap int, s style) {
		word = escape(word)
		n := utf8.RuneCountInString(word)
		switch {
		case start:
		case at+gap+n > p.width:
			p.b.WriteString("\n" + spaces(hang))
			at = hang
		default:
			p.b.WriteString(spaces(gap))
			at += gap
		}
		p.paint(word, s)
		at += n
		start = false
	}
	for _, s := range spans {
		if s.solid {
			put(s.text, s.gap, s.style)
			continue
		}
		gap := s.gap
		for word := range strings.SplitSeq(s.text, " ") {
			if word != "" {
				put(word, gap, s.style)
				gap = 1
			}
		}
	}
	p.b.WriteByte('\n')
}

func (p *page) paint(text string, s style) {
	if !p.color || s == plainText {
		p.b.WriteString(text)
		return
	}
	p.b.WriteString("\x1b[" + string(s) + "m" + text + "\x1b[0m")
}

// heading writes a line at the margin, set off from what precedes it.
func (p *page) heading(s style, text string, rest ...span) {
	p.gap()
	p.flow(0, hangIndent, append([]span{column(0, text, s)}, rest...)...)
}

// gap leaves one empty line, but none at the top.
func (p *page) gap() {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
}

func spaces(n int) string { return strings.Repeat(" ", n) }
