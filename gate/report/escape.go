package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxMarks is how many combining marks a character may carry. Living languages
// need no more; a pile of them paints over the lines above and below.
const maxMarks = 4

// escape makes a string from an artifact safe to show on one line of a
// terminal: what is not visible, or would act on what stands around it, is
// spelled as in a Go string (\n, \x1b, \u202e). That is control characters
// including C1, bidirectional and zero-width characters, every white space but
// the plain one, private and unassigned code points, a heap of combining marks,
// bytes that are not UTF-8, and plain spaces where they could push text to
// another place: at either end, and all but the first of several.
func escape(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	marks, previous := maxMarks, ' '
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		last := i+size == len(s)
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == ' ' && (previous == ' ' || last):
			b.WriteString(`\x20`)
		case !visible(r) || marks > maxMarks:
			b.WriteString(spell(r))
		default:
			b.WriteRune(r)
		}
		previous = r
		i += size
	}
	return b.String()
}

// plain says that s is printable ASCII with no space to mind: most strings.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible says whether a terminal shows r, as itself and in its place.
func visible(r rune) bool {
	const brailleBlank = '\u2800'
	return unicode.IsPrint(r) && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// spell names a character by its number, or by the letter that everybody knows.
func spell(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// spellInvalid spells bytes that are not UTF-8, and leaves all else alone.
func spellInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// escapeJSON writes what is not visible in encoded JSON as \uNNNN. Outside of
// strings JSON is plain ASCII, so nothing else can be hit.
func escapeJSON(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r < utf8.RuneSelf && r != 0x7f, visible(r):
			out = append(out, data[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		data = data[size:]
	}
	return out
}
