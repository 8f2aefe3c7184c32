package secret

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

// smallestBuffer is the least that stream works with; chunks then move on by one
// byte.
const smallestBuffer = lookBack + lookAhead + 1

// plainHash stands for the keyed hash, so that tests see which value was found.
func plainHash(v audit.Secret) string { return v.Reveal() }

func scanWhole(t testing.TB, e *engine, name, text string) []settled {
	t.Helper()
	s := scanner{engine: e, file: factsOf(name), claims: claims{hash: plainHash}}
	if err := s.whole(context.Background(), []byte(text)); err != nil {
		t.Fatal(err)
	}
	return s.claims.settled
}

func scanStream(t testing.TB, e *engine, name, text string, buffer int) []settled {
	t.Helper()
	s := scanner{engine: e, file: factsOf(name), claims: claims{hash: plainHash}}
	if err := s.stream(context.Background(), strings.NewReader(text), buffer); err != nil {
		t.Fatal(err)
	}
	return s.claims.settled
}

// sure counts the matches of a detector that gate's policies act on.
func sure(matches []settled, id string) int {
	n := 0
	for _, m := range matches {
		if m.detector.id == id && m.confidence >= audit.ConfidenceMedium {
			n++
		}
	}
	return n
}

// surroundings are texts that a credential may stand in. Each has one %s.
func surroundings(binary bool) map[string]string {
	line := "let a = compute(b, c); // nothing to see\n"
	all := map[string]string{
		"alone":       "%s",
		"padded":      strings.Repeat(line, 300) + "%s\n" + strings.Repeat(line, 300),
		"crlf":        strings.ReplaceAll(strings.Repeat(line, 20), "\n", "\r\n") + "%s\r\n" + line,
		"minified":    strings.Repeat("!function(e,t){var n=e[t];return n};", 500) + "%s;" + strings.Repeat("a(b);", 500),
		"nul further": strings.Repeat(line, sniffLength/len(line)+1) + "\x00\n%s\n\x00",
	}
	if binary {
		all["binary"] = "\x7fELF\x00\x01\x02\x00%s\x00\x00" + strings.Repeat("\x00\xff", 100)
		all["nul before and after"] = "a\x00%s\x00b"
	}
	return all
}

// AcceptDetector holds a detector to its contract: its samples match and its
// near misses don't, whatever stands around them and wherever a chunk ends.
func AcceptDetector(t *testing.T, d detector) {
	t.Helper()
	e := newEngine([]detector{d})
	match, miss := d.samples()
	if len(match) == 0 || len(miss) == 0 {
		t.Fatalf("detector %q has %d samples and %d near misses, want both", d.id, len(match), len(miss))
	}
	for name, text := range surroundings(d.specific != byName) {
		for i, sample := range match {
			if name == "crlf" {
				sample = strings.ReplaceAll(strings.ReplaceAll(sample, "\r\n", "\n"), "\n", "\r\n")
			}
			if n := sure(scanWhole(t, e, "file", fmt.Sprintf(text, sample)), d.id); n != 1 {
				t.Errorf("%s: sample %d of %q gives %d matches, want 1", name, i, d.id, n)
			}
		}
		for i, sample := range miss {
			if n := sure(scanWhole(t, e, "file", fmt.Sprintf(text, sample)), d.id); n != 0 && !abuts(name, d) {
				t.Errorf("%s: near miss %d of %q gives %d matches, want none", name, i, d.id, n)
			}
		}
	}
	for i, sample := range match {
		acceptAtEdges(t, e, d, i, sample)
	}
}

// abuts says whether a missing boundary is no reason to pass over a token: in a
// binary, strings are laid end to end.
func abuts(surrounding string, d detector) bool {
	return d.specific != byName && (surrounding == "binary" || surrounding == "nul before and after")
}

// acceptAtEdges reads a sample in chunks that move on by step bytes, and puts it
// at each of as many offsets, so that every byte of it comes to lie at an edge.
func acceptAtEdges(t *testing.T, e *engine, d detector, i int, sample string) {
	t.Helper()
	const step = 48
	for offset := smallestBuffer; offset < smallestBuffer+step; offset++ {
		text := strings.Repeat(" ", offset) + sample + strings.Repeat(" ", smallestBuffer)
		if n := sure(scanStream(t, e, "file", text, smallestBuffer-1+step), d.id); n != 1 {
			t.Fatalf("sample %d of %q at offset %d of a stream gives %d matches, want 1", i, d.id, offset, n)
		}
	}
}

func TestDetectors(t *testing.T) {
	for _, d := range detectors() {
		t.Run(d.id, func(t *testing.T) { AcceptDetector(t, d) })
	}
}

func TestDetectorsAreComplete(t *testing.T) {
	rules := map[string]bool{}
	for _, rule := range Rules() {
		rules[rule.ID] = true
	}
	reported, ids := map[string]bool{}, map[string]bool{}
	for _, d := range detectors() {
		if !rules[d.rule] {
			t.Errorf("detector %q reports %q, which is no rule", d.id, d.rule)
		}
		if ids[d.id] || d.kind == "" || d.opens == "" || d.revoke == "" || d.severity == audit.SeverityUnknown {
			t.Errorf("detector %q is not unique, or lacks a kind, a severity, what it opens or how to revoke", d.id)
		}
		for _, keyword := range d.keywords {
			if keyword != strings.ToLower(keyword) || len(keyword) < 3 || len(keyword) > lookBack {
				t.Errorf("keyword %q of %q is not lower-case, too short or too long", keyword, d.id)
			}
		}
		reported[d.rule], ids[d.id] = true, true
	}
	for id := range rules {
		if !reported[id] {
			t.Errorf("no detector reports %q", id)
		}
	}
}
