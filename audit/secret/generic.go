package secret

import (
	"github.com/lambdagate/lambdagate/audit"
)

// Bounds of the generic detector, in bytes.
const (
	nameBefore   = 48 // of a name before its keyword
	nameAfter    = 48 // of a name after its keyword
	nameShown    = 40
	gap          = 32 // white space between operator and value
	longestValue = 256
)

func genericDetectors() []detector {
	return []detector{{
		id: "generic-credential", rule: "secret-generic-credential", kind: "credential",
		severity: audit.SeverityHigh, specific: byName,
		keywords: []string{
			"password", "passwd", "pwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key",
			"accesskey", "access_key", "access-key", "auth", "credential", "private_key", "privatekey", "private-key",
		},
		check:  checkGeneric,
		opens:  "whoever can read this package can use it",
		revoke: "change the credential where it is accepted",

		samples: genericSamples,
	}}
}

// checkGeneric reads name, operator and value from the keyword on, and judges
// name and value by their shape. It is written out by hand because its keywords
// occur in nearly every file.
func checkGeneric(w window) (found, bool) {
	if w.file.binary {
		return found{}, false
	}
	nameEnd := run(w.data, w.end, nameAfter, isNameChar)
	at, ok := operator(w.data, nameEnd)
	if !ok {
		return found{}, false
	}
	start, end, ok := value(w, at)
	if !ok {
		return found{}, false
	}
	nameStart := startOfName(w)
	name := w.data[nameStart:nameEnd]
	kind := kindOfName(name)
	if kind == nameOther || w.data[at-1] == ',' && !firstArgument(w.data, nameStart) {
		return found{}, false
	}
	start, end = passwordInURL(w.data, start, end)
	evidence := weigh(w.data[start:end], kind)
	if evidence == noEvidence {
		return found{}, false
	}
	shown := string(name)
	if len(name) > nameShown || randomLooking(name) {
		shown = string(w.data[w.at:w.end])
	}
	return found{
		start: start, end: end, shown: shown + "=", confidence: audit.ConfidenceMedium, strong: evidence == strongEvidence,
	}, true
}

func isNameChar(b byte) bool { return isWord(b) || b == '$' }

// startOfName goes back from the keyword to where its name, dots included,
// begins.
func startOfName(w window) int {
	start := w.at
	for start > 0 && w.at-start < nameBefore && (isNameChar(w.data[start-1]) || w.data[start-1] == '.') {
		start--
	}
	return start
}

// firstArgument says whether a quoted name opens the arguments of a call; in a
// list of strings a comma assigns nothing.
func firstArgument(data []byte, nameStart int) bool {
	i := nameStart - 2
	for i >= 0 && data[i] == '\\' {
		i--
	}
	return i >= 0 && data[i] == '('
}

// closeName passes what may close a name before its operator: a quote, escaped
// or not, and a bracket, as in config["password"] or {\"password\": …}.
func closeName(data []byte, at int) (after int, quoted bool) {
	i := run(data, at, 4, isBackslash)
	if i < len(data) && isQuote(data[i]) {
		at, quoted = i+1, true
		if at < len(data) && data[at] == ']' {
			at++
		}
	}
	return run(data, at, gap, isBlank), quoted
}

func isBackslash(b byte) bool { return b == '\\' }
func isQuote(b byte) bool     { return b == '"' || b == '\'' || b == '`' }

// operator passes what closes a name and one of = : := => || ?? or, after a
// quoted name, a comma.
func operator(data []byte, nameEnd int) (after int, ok bool) {
	at, quoted := closeName(data, nameEnd)
	if at+1 >= len(data) {
		return at, false
	}
	two := [2]byte{data[at], data[at+1]}
	switch two {
	case [2]byte{':', '='}, [2]byte{'=', '>'}, [2]byte{'|', '|'}, [2]byte{'?', '?'}:
		return at + 2, true
	case [2]byte{'=', '='}, [2]byte{'=', '~'}, [2]byte{':', ':'}:
		return at, false
	}
	return at + 1, two[0] == '=' || two[0] == ':' || two[0] == ',' && quoted
}

// value bounds the value after an operator: the inside of a string literal on
// one line, or in formats without quotes the rest of the line.
func value(w window, at int) (start, end int, ok bool) {
	start = run(w.data, at, gap, isSpace)
	i := start
	for i < len(w.data) && i-start < 2 && isStringPrefix(w.data[i]) {
		i++
	}
	slashes := run(w.data, i, 4, isBackslash)
	if slashes < len(w.data) && isQuote(w.data[slashes]) {
		return inQuotes(w.data, slashes+1, w.data[slashes], slashes-i)
	}
	if !w.file.unquoted {
		return 0, 0, false
	}
	return unquoted(w.data, run(w.data, at, gap, isBlank))
}

// isStringPrefix accepts the letters that Python, C# and Rust put before a
// quote.
func isStringPrefix(b byte) bool {
	switch lower(b) {
	case 'r', 'b', 'u', 'f', '@':
		return true
	}
	return false
}

// inQuotes ends a value at the quote that opened it, with as many backslashes
// before it as the opening one had.
func inQuotes(data []byte, start int, quote byte, slashes int) (int, int, bool) {
	for i := start; i < len(data) && i-start <= longestValue; i++ {
		if data[i] == '\n' {
			return 0, 0, false
		}
		if data[i] != quote {
			continue
		}
		end := i - slashes
		return start, end, end > start && all(data[end:i], isBackslash)
	}
	return 0, 0, false
}

// unquoted ends a value at white space, after which only a comment may follow.
func unquoted(data []byte, start int) (int, int, bool) {
	end := run(data, start, longestValue+1, func(b byte) bool { return b > ' ' && b < 0x7f })
	rest := run(data, end, gap, isBlank)
	if end == start || end-start > longestValue {
		return 0, 0, false
	}
	if rest < len(data) && data[rest] != '\n' && data[rest] != '\r' && (rest == end || data[rest] != '#' && data[rest] != ';') {
		return 0, 0, false
	}
	return start, end, true
}
