package gate

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// matchGlob says whether the whole of s matches pattern, in which "*" is any run
// of characters, slashes included and possibly empty, and "?" is any one
// character. Every other character stands for itself; there is no escape.
func matchGlob(pattern, s string) bool {
	// star is where the last "*" was, and mark how much of s it has eaten: the
	// only point that ever needs going back to.
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, size := utf8.DecodeRuneInString(s[i:])
			p, i = p+1, i+size
		case p < len(pattern) && pattern[p] == s[i]:
			p, i = p+1, i+1
		case star >= 0:
			_, size := utf8.DecodeRuneInString(s[mark:])
			mark += size
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func matchAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matchGlob(p, s) })
}

// matchesNearlyAll says whether a glob holds no letter and no digit, and so says
// nothing about what it is meant for.
func matchesNearlyAll(pattern string) bool {
	return !strings.ContainsFunc(pattern, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}
