package osv

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"
)

// skimmer looks through raw records for those that may be about one of the
// wanted packages. Parsing 200,000 records takes many times as long as
// decompressing them. It works on one record at a time and keeps its buffer.
type skimmer struct {
	base      string          // ecosystem without its suffix
	ecosystem string          // with it
	wanted    map[string]bool // normal names
	// named says whether a record so far is about the ecosystem.
	named bool
	// newest is the newest date of change or publication seen so far, as text
	// and as a time.
	newest     string
	newestTime time.Time
	buffer     []byte
}

// skim says whether a record may name a wanted package. It never misses one
// that [ParseRecord] would find: when in doubt about the text, it says yes.
func (s *skimmer) skim(data []byte) bool {
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) < 2 || trimmed[0] != '{' || trimmed[len(trimmed)-1] != '}' {
		return true // cut off, or no record at all: let the parser say so
	}
	found := false
	var key []byte
	for rest := trimmed; ; {
		start := bytes.IndexByte(rest, '"')
		if start < 0 {
			return found
		}
		rest = rest[start+1:]
		end := stringEnd(rest)
		if end < 0 {
			return true
		}
		text := rest[:end]
		rest = rest[end+1:]
		if after := bytes.TrimLeft(rest, " \t\r\n"); len(after) > 0 && after[0] == ':' {
			key, rest = text, after[1:]
			continue
		}
		switch {
		case maybeName(key):
			found = found || s.maybeWanted(text)
		case !s.named && string(key) == "ecosystem":
			s.named = sameEcosystem(string(text), s.ecosystem)
		case string(key) == "modified", string(key) == "published":
			s.date(text)
		}
	}
}

// stringEnd returns the index of the quote that ends a JSON string, or -1.
func stringEnd(text []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		backslashes := 0
		for i-backslashes > from && text[i-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
		from = i + 1
	}
}

// maybeName says whether the JSON parser could take a key for "name": it
// ignores case and resolves escapes.
func maybeName(key []byte) bool {
	return bytes.EqualFold(key, []byte("name")) || bytes.IndexByte(key, '\\') >= 0 || !ascii(key)
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// maybeWanted looks up the value of a name as it stands in the JSON text.
func (s *skimmer) maybeWanted(text []byte) bool {
	if bytes.IndexByte(text, '\\') >= 0 {
		var plain string
		quoted := append(append([]byte{'"'}, text...), '"')
		if json.Unmarshal(quoted, &plain) != nil {
			return true
		}
		text = []byte(plain)
	}
	if !utf8.Valid(text) {
		return true // the parser would replace the bad bytes
	}
	s.buffer = appendNormalName(s.buffer[:0], s.base, text)
	return s.wanted[string(s.buffer)]
}

// date notes a date if it is the newest so far. Some exports write the year 1
// for "unknown".
func (s *skimmer) date(text []byte) {
	if string(text) <= s.newest {
		return
	}
	if t, err := time.Parse(time.RFC3339, string(text)); err == nil && t.Year() > 1 {
		s.newest, s.newestTime = string(text), t.UTC()
	}
}
