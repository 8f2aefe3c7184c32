package secret

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// findAll lists every keyword the automaton finds, as "end:keyword".
func findAll(a *automaton, data []byte) []string {
	var all []string
	var state uint32
	for from := 0; ; {
		var hit bool
		state, from, hit = a.find(state, data, from)
		if !hit {
			return all
		}
		for _, k := range a.keywords(state) {
			all = append(all, fmt.Sprintf("%d:%d", from, k))
		}
	}
}

// searchAll does the same by comparing every keyword at every place.
func searchAll(keywords []string, data []byte) []string {
	var all []string
	for end := 1; end <= len(data); end++ {
		for k, keyword := range keywords {
			if end >= len(keyword) && hasPrefixFold(data[end-len(keyword):], keyword) {
				all = append(all, fmt.Sprintf("%d:%d", end, k))
			}
		}
	}
	return all
}

func TestAutomaton(t *testing.T) {
	for _, tc := range []struct {
		keywords []string
		text     string
		want     int
	}{
		{[]string{"he", "she", "his", "hers"}, "uSHErs", 3},
		{[]string{"a", "ab", "bab", "bc", "bca", "c", "caa"}, "abccab", 7},
		{[]string{"token", "_authtoken"}, "//x:_authToken", 2},
		{[]string{"aa"}, "aaaa", 3},
		{[]string{"-----begin "}, "------BEGIN ", 1},
		{[]string{"x"}, "", 0},
	} {
		got := findAll(newAutomaton(tc.keywords), []byte(tc.text))
		if len(got) != tc.want || !slices.Equal(got, searchAll(tc.keywords, []byte(tc.text))) {
			t.Errorf("%q in %q: %q, want %d", tc.keywords, tc.text, got, tc.want)
		}
	}
}

func FuzzAutomaton(f *testing.F) {
	f.Add("he she his hers", []byte("uSHErs"))
	f.Add("auth _auth token _authtoken", []byte("_AuthToken=token"))
	f.Fuzz(func(t *testing.T, words string, data []byte) {
		keywords := strings.Fields(asciiLower(words))
		if len(keywords) == 0 || len(keywords) > 20 || len(words) > 200 || len(data) > 2000 {
			return
		}
		if got, want := findAll(newAutomaton(keywords), data), searchAll(keywords, data); !slices.Equal(got, want) {
			t.Errorf("%q in %q: %q, want %q", keywords, data, got, want)
		}
	})
}

// asciiLower lowers ASCII letters alone, as the automaton folds.
func asciiLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}
