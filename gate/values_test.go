package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/gate"
)

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "A", false}, {"a", "ab", false}, {"ab", "a", false},
		{"*", "", true}, {"*", "a/b", true}, {"**", "a/b", true}, {"a*", "a", true}, {"*a", "bba", true}, {"*a", "bab", false},
		{"secret-*", "secret-aws", true}, {"secret-*", "osv-secret-", false}, {"a/*/c", "a/b/b/c", true}, {"a/**/c", "a/c", false},
		{"?", "é", true}, {"?", "", false}, {"??", "é", false}, {"?*", "", false}, {"*?*", "a", true}, {"a?c", "a/c", true},
		{"*a*b*c", "xaxbxbxc", true}, {"*a*b*c", "xaxcxb", false}, {"*.min.js", "a.min.min.js", true},
		{"é*", "été", true}, {"*é", "\xc3", false}, {"[a]", "a", false}, {"[a]", "[a]", true}, {`\*`, "*", false}, {`\*`, `\x`, true},
		{strings.Repeat("a*", 500) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := gate.MatchGlob(c.pattern, c.s); got != c.want {
			t.Errorf("MatchGlob(%.20q, %.20q) = %v", c.pattern, c.s, got)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		word, known string
		want        int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"blok", "block", 1}, {"hihg", "high", 2},
		{"kitten", "sitting", 3}, {"*", "anything", 0}, {"secert-*", "secret-private-key", 2}, {"*-key", "secret-private-kye", 2},
	} {
		if got := gate.EditDistance(c.word, c.known); got != c.want {
			t.Errorf("EditDistance(%q, %q) = %d, want %d", c.word, c.known, got, c.want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1": 1, "1048576": 1 << 20, "1KiB": 1 << 10, "512MiB": 512 << 20, "1GiB": 1 << 30, "2TiB": 2 << 40, "8388607TiB": 8388607 << 40,
	} {
		if got, err := gate.ParseSize(s); err != nil || got != want {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "1GB", "1 GiB", "01", "-1", "1.5GiB", "GiB", "1gib", "8388608TiB", "9999999999999999999"} {
		if got, err := gate.ParseSize(s); err == nil {
			t.Errorf("%q: accepted as %d", s, got)
		}
	}
}

func TestParseAge(t *testing.T) {
	for s, want := range map[string]time.Duration{"1h": time.Hour, "36h": 36 * time.Hour, "14d": 14 * 24 * time.Hour, "9999d": 9999 * 24 * time.Hour} {
		if got, err := gate.ParseAge(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0h", "14", "d", "14 d", "-1d", "10000d", "1.5d", "14D", "2w"} {
		if got, err := gate.ParseAge(s); err == nil {
			t.Errorf("%q: accepted as %v", s, got)
		}
	}
}
