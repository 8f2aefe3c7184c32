package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/lambdagate/lambdagate/audit"
)

// tree is an artifact in memory. It offers its files from one goroutine each.
type tree struct {
	files []memory
}

func (tree) Name() string         { return "fn" }
func (tree) Kind() audit.Kind     { return audit.KindFolder }
func (tree) Digest() audit.Digest { return audit.Digest{} }
func (tree) FS() fs.FS            { return fstest.MapFS{} }
func (tree) Close() error         { return nil }
func (t tree) Walk(ctx context.Context, visit func(context.Context, audit.File) error, _ func(audit.Problem)) error {
	done := make(chan error, len(t.files))
	for _, f := range t.files {
		go func() { done <- visit(ctx, f) }()
	}
	var errs []error
	for range t.files {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

// memory is a file, small enough for Bytes or not.
type memory struct {
	path, text string
	large      bool
	broken     error // of Open
	cut        error // at the end of what Open gives
}

func (m memory) Info() audit.FileInfo {
	return audit.FileInfo{Path: m.path, Size: int64(len(m.text)), Mode: 0o644}
}
func (m memory) Bytes() ([]byte, bool, error) {
	if m.large {
		return nil, false, nil
	}
	return []byte(m.text), true, nil
}
func (m memory) Open() (io.ReadCloser, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	r := io.Reader(strings.NewReader(m.text))
	if m.cut != nil {
		r = io.MultiReader(r, iotest.ErrReader(m.cut))
	}
	return io.NopCloser(r), nil
}
func (m memory) ReaderAt() (audit.ReadAtCloser, error) {
	return struct {
		io.ReaderAt
		io.Closer
	}{bytes.NewReader([]byte(m.text)), io.NopCloser(nil)}, nil
}

func examine(key string, files ...memory) audit.Result {
	in := New(Options{Key: []byte(key)})
	return audit.Run(context.Background(), []audit.Target{{Name: "fn", Artifact: tree{files}}},
		audit.Options{Inspectors: []audit.Inspector{in}})
}

func TestFinding(t *testing.T) {
	token := sampleChecksummed("gh"+"p_", 300)
	r := examine("k", memory{path: "src/con\x1bfig.js", text: "// settings\nconst t = '" + token + "'\n"})
	if len(r.Findings) != 1 || r.Outcomes[0].Status != audit.StatusComplete {
		t.Fatalf("findings %v, outcomes %v, want one finding and complete", r.Findings, r.Outcomes)
	}
	f := r.Findings[0]
	if want := (audit.Location{Path: "src/con\x1bfig.js", Line: 2, Column: 12}); f.Location != want {
		t.Errorf("location %+v, want %+v", f.Location, want)
	}
	if f.Rule != "secret-github-token" || f.Severity != audit.SeverityCritical || f.Confidence != audit.ConfidenceHigh {
		t.Errorf("rule %s, severity %s, confidence %s", f.Rule, f.Severity, f.Confidence)
	}
	if want := "gh" + "p_… (40 characters)"; f.Evidence != want {
		t.Errorf("evidence %q, want %q", f.Evidence, want)
	}
	if !strings.HasPrefix(f.Message, "GitHub token in con?fig.js, which ") || !strings.HasPrefix(f.Remedy, "revoke the token in GitHub") {
		t.Errorf("message %q, remedy %q", f.Message, f.Remedy)
	}
}

func TestNothingRawIsKept(t *testing.T) {
	for _, d := range detectors() {
		match, _ := d.samples()
		for i, sample := range match {
			for _, m := range scanWhole(t, newEngine([]detector{d}), ".env", sample) {
				secret := m.hash // plainHash: the value itself
				r := examine("k", memory{path: ".env", text: sample})
				if all := fmt.Sprintf("%#v", r); strings.Contains(all, secret) {
					t.Errorf("sample %d of %q: the result holds the value", i, d.id)
				}
			}
		}
	}
}

func TestNameThatLooksSecretIsNotShown(t *testing.T) {
	hidden := drawn(alnum, 30, 310)
	r := examine("k", memory{path: "a.js", text: "x." + hidden + `_token = "` + drawn(alnum, 32, 311) + `"`})
	if len(r.Findings) != 1 || strings.Contains(fmt.Sprintf("%#v", r), hidden) || !strings.HasPrefix(r.Findings[0].Evidence, "token=…") {
		t.Errorf("findings %+v, want one that shows the keyword alone", r.Findings)
	}
}

func TestFingerprint(t *testing.T) {
	token, other := sampleChecksummed("gh"+"p_", 320), sampleChecksummed("gh"+"p_", 321)
	fingerprint := func(key, path, text string) string {
		t.Helper()
		r := examine(key, memory{path: path, text: text})
		if len(r.Findings) != 1 {
			t.Fatalf("%d findings in %q, want 1", len(r.Findings), path)
		}
		return r.Findings[0].Fingerprint
	}
	first := fingerprint("k", "a.js", token)
	for _, tc := range []struct {
		name, key, path, text string
		same                  bool
	}{
		{"moved to another line", "k", "a.js", "\n\n x " + token, true},
		{"another value", "k", "a.js", other, false},
		{"another path", "k", "b.js", token, false},
		{"another key", "l", "a.js", token, false},
	} {
		if got := fingerprint(tc.key, tc.path, tc.text) == first; got != tc.same {
			t.Errorf("%s: the fingerprint stays: %v, want %v", tc.name, got, tc.same)
		}
	}
}

func TestSameValueIsOneFinding(t *testing.T) {
	token := sampleChecksummed("gh"+"p_", 330)
	r := examine("k", memory{path: "a.js", text: token + "\n" + token + "\n\n" + token})
	if len(r.Findings) != 1 {
		t.Fatalf("%d findings, want 1", len(r.Findings))
	}
	var lines []int
	for _, l := range append([]audit.Location{r.Findings[0].Location}, r.Findings[0].Related...) {
		lines = append(lines, l.Line)
	}
	if !slices.Equal(lines, []int{1, 2, 4}) {
		t.Errorf("lines %v, want 1, 2 and 4", lines)
	}
}

func TestLargeFile(t *testing.T) {
	token := sampleChecksummed("gh"+"p_", 340)
	text := strings.Repeat("some log line\n", 3*chunkLength/14) + token
	r := examine("k", memory{path: "big.log", text: text, large: true}, memory{path: "small.log", text: text})
	if len(r.Findings) != 2 {
		t.Fatalf("%d findings, want one in each file", len(r.Findings))
	}
	big, small := r.Findings[0].Location, r.Findings[1].Location
	if big.Path != "big.log" || big.Line != small.Line || big.Column != small.Column || big.Line != strings.Count(text, "\n")+1 {
		t.Errorf("locations %+v and %+v, want the same last line", big, small)
	}
}

func TestIncomplete(t *testing.T) {
	var many strings.Builder
	for i := range maxValues + 1 {
		many.WriteString(sampleChecksummed("gh"+"p_", uint32(i)) + "\n")
	}
	for _, tc := range []struct {
		file   memory
		reason string
		found  int
	}{
		{memory{path: "big", large: true, broken: errors.New("inflate failed")}, "inflate failed", 0},
		{memory{path: "cut", large: true, text: sampleChecksummed("gh"+"p_", 350), cut: io.ErrUnexpectedEOF}, "unexpected EOF", 1},
		{memory{path: "tokens.txt", text: many.String()}, "more than 1000 different credentials", maxValues},
	} {
		r := examine("k", tc.file)
		o := r.Outcomes[0]
		if o.Status != audit.StatusPartial || !strings.Contains(o.Reason, tc.reason) || len(r.Findings) != tc.found {
			t.Errorf("%q: %d findings, outcome %+v", tc.file.path, len(r.Findings), o)
		}
	}
}
