package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// memory is an artifact in memory, walked by several goroutines.
type memory struct {
	files    map[string]string
	broken   map[string]bool // reading them fails
	problems []audit.Problem
	err      error
}

func (m *memory) Name() string         { return "memory" }
func (m *memory) Kind() audit.Kind     { return audit.KindFolder }
func (m *memory) Digest() audit.Digest { return audit.Digest{SHA256: "sha256:00"} }
func (m *memory) Close() error         { return nil }
func (m *memory) FS() fs.FS            { return fstest.MapFS{} }
func (m *memory) target() audit.Target { return audit.Target{Name: "fn", Artifact: m} }

func (m *memory) Walk(ctx context.Context, visit func(context.Context, audit.File) error, problem func(audit.Problem)) error {
	for _, p := range m.problems {
		problem(p)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	err := m.err
	for name, content := range m.files {
		wg.Go(func() {
			if e := visit(ctx, memoryFile{name, content, m.broken[name]}); e != nil {
				mu.Lock()
				defer mu.Unlock()
				err = errors.Join(err, e)
			}
		})
	}
	wg.Wait()
	return err
}

type memoryFile struct {
	name, content string
	broken        bool
}

func (f memoryFile) Info() audit.FileInfo {
	return audit.FileInfo{Path: f.name, Size: int64(len(f.content)), Mode: 0o644}
}
func (f memoryFile) Bytes() ([]byte, bool, error) {
	if f.broken {
		return nil, false, errors.New("checksum mismatch")
	}
	return []byte(f.content), true, nil
}
func (f memoryFile) Open() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(f.content)), nil
}
func (f memoryFile) ReaderAt() (audit.ReadAtCloser, error) {
	return nopReadAtCloser{bytes.NewReader([]byte(f.content))}, nil
}

type nopReadAtCloser struct{ io.ReaderAt }

func (nopReadAtCloser) Close() error { return nil }

// grep reports every file that contains a word: an inspector small enough to
// see through.
type grep struct {
	name, word string
	begin      error
	conclude   func(audit.Inventory) audit.Conclusion
	panics     bool
}

func (g grep) rule() audit.Rule {
	return audit.Rule{ID: g.name + "-found", Title: "found", Inspector: g.name, Severity: audit.SeverityHigh}
}
func (g grep) Name() string        { return g.name }
func (g grep) Rules() []audit.Rule { return []audit.Rule{g.rule()} }
func (g grep) Begin(_ context.Context, t audit.Target) (audit.Examination, error) {
	return &grepping{grep: g, target: t.Name}, g.begin
}

type grepping struct {
	grep
	target   string
	mu       sync.Mutex
	findings []audit.Finding
}

func (g *grepping) Wants(audit.FileInfo) bool { return true }
func (g *grepping) Visit(_ context.Context, f audit.File) error {
	if g.panics {
		panic("index out of range")
	}
	data, _, err := f.Bytes()
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(data), "\n") {
		if !strings.Contains(line, g.word) {
			continue
		}
		finding, err := audit.NewFinding(g.rule(), audit.Finding{
			Severity: audit.SeverityHigh, Message: "found it", Target: g.target, Subject: f.Info().Path,
			Location: audit.Location{Path: f.Info().Path, Line: i + 1}, Remedy: "remove it",
		})
		if err != nil {
			return err
		}
		g.mu.Lock()
		g.findings = append(g.findings, finding)
		g.mu.Unlock()
	}
	return nil
}
func (g *grepping) Conclude(_ context.Context, inv audit.Inventory) audit.Conclusion {
	if g.grep.conclude != nil {
		return g.grep.conclude(inv)
	}
	return audit.Conclusion{Findings: g.findings}
}

func TestRunIsDeterministic(t *testing.T) {
	m := &memory{files: map[string]string{}}
	for i := range 50 {
		m.files[fmt.Sprintf("f%02d", i)] = "x\nneedle\n"
	}
	run := func() audit.Result {
		return audit.Run(t.Context(), []audit.Target{m.target()},
			audit.Options{Inspectors: []audit.Inspector{grep{name: "b", word: "needle"}, grep{name: "a", word: "x"}}})
	}
	first := run()
	if len(first.Findings) != 100 || first.Findings[0].Rule != "a-found" || first.Findings[0].Location.Path != "f00" {
		t.Fatalf("%d findings, first %+v", len(first.Findings), first.Findings[0])
	}
	for range 5 {
		if again := run(); !reflect.DeepEqual(first, again) {
			t.Fatal("two runs on the same input differ")
		}
	}
}

func TestRunMergesOneFlaw(t *testing.T) {
	m := &memory{files: map[string]string{"a": "needle\n\nneedle\nneedle"}}
	r := audit.Run(t.Context(), []audit.Target{m.target()},
		audit.Options{Inspectors: []audit.Inspector{grep{name: "a", word: "needle"}}})
	if len(r.Findings) != 1 {
		t.Fatalf("want one finding, got %d", len(r.Findings))
	}
	f := r.Findings[0]
	if f.Location.Line != 1 || len(f.Related) != 2 || f.Related[0].Line != 3 || f.Related[1].Line != 4 {
		t.Errorf("want line 1 with 3 and 4 related, got %+v and %+v", f.Location, f.Related)
	}
}

func TestOutcomes(t *testing.T) {
	gone := errors.New("the disk is gone")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name      string
		ctx       context.Context
		artifact  memory
		inspector grep
		status    audit.Status
		reason    string
	}{
		{name: "all seen", status: audit.StatusComplete},
		{name: "can't begin", inspector: grep{begin: gone}, status: audit.StatusFailed, reason: "the disk is gone"},
		{name: "walk fails", artifact: memory{err: gone}, status: audit.StatusFailed, reason: "the disk is gone"},
		{name: "canceled", ctx: canceled, status: audit.StatusFailed, reason: "interrupted before everything was looked at"},
		{name: "a file can't be read", artifact: memory{broken: map[string]bool{"a": true}},
			status: audit.StatusPartial, reason: `"a" checksum mismatch`},
		{name: "two problems of the artifact", artifact: memory{problems: []audit.Problem{{Path: "z", Reason: "bad"}, {Path: "y", Reason: "bad"}}},
			status: audit.StatusPartial, reason: `"y" bad, and 1 more not examined`},
		{name: "crash", inspector: grep{panics: true}, status: audit.StatusPartial, reason: `"a" crashed: index out of range`},
		{name: "crash at the end", inspector: grep{conclude: func(audit.Inventory) audit.Conclusion { panic("boom") }},
			status: audit.StatusFailed, reason: `"in" crashed: boom`},
		{name: "concludes that it failed", inspector: grep{conclude: func(audit.Inventory) audit.Conclusion { return audit.Conclusion{Failed: gone} }},
			status: audit.StatusFailed, reason: "the disk is gone"},
		{name: "nothing to do", inspector: grep{conclude: func(audit.Inventory) audit.Conclusion { return audit.Conclusion{Skipped: "no image"} }},
			status: audit.StatusSkipped, reason: "no image"},
		{name: "nothing to do in a broken artifact", artifact: memory{problems: []audit.Problem{{Path: "z", Reason: "bad"}}},
			inspector: grep{conclude: func(audit.Inventory) audit.Conclusion { return audit.Conclusion{Skipped: "no image"} }},
			status:    audit.StatusSkipped, reason: "no image"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.ctx == nil {
				tt.ctx = t.Context()
			}
			tt.artifact.files = map[string]string{"a": "text"}
			tt.inspector.name, tt.inspector.word = "in", "nothing"
			r := audit.Run(tt.ctx, []audit.Target{tt.artifact.target()},
				audit.Options{Inspectors: []audit.Inspector{tt.inspector}, NotSelected: []string{"other"}})
			if len(r.Outcomes) != 2 {
				t.Fatalf("want two outcomes, got %+v", r.Outcomes)
			}
			o := r.Outcomes[0]
			if o.Status != tt.status || o.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", o.Status, o.Reason, tt.status, tt.reason)
			}
			if rest := r.Outcomes[1]; rest.Status != audit.StatusSkipped || rest.Reason != audit.NotSelected {
				t.Errorf("not selected: got %+v", rest)
			}
		})
	}
}

// lister is a collector that calls every file a package.
type lister struct {
	fail bool
	mu   sync.Mutex
	got  []audit.Package
}

func (l *lister) Begin(context.Context, audit.Target) (audit.Collection, error) {
	if l.fail {
		return nil, errors.New("no extractor")
	}
	return l, nil
}
func (l *lister) Wants(info audit.FileInfo) bool { return strings.HasSuffix(info.Path, ".pkg") }
func (l *lister) Visit(_ context.Context, f audit.File) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, audit.Package{Name: f.Info().Path})
	return nil
}
func (l *lister) Inventory(context.Context) audit.Inventory { return audit.Inventory{Packages: l.got} }

func TestInventoryIsCompleteBeforeInspectorsConclude(t *testing.T) {
	var seen audit.Inventory
	in := grep{name: "in", word: "-", conclude: func(inv audit.Inventory) audit.Conclusion {
		seen = inv
		return audit.Conclusion{}
	}}
	m := &memory{files: map[string]string{"a.pkg": "", "b.pkg": "", "c.txt": ""}, broken: map[string]bool{"b.pkg": true}}
	r := audit.Run(t.Context(), []audit.Target{m.target()}, audit.Options{Inspectors: []audit.Inspector{in}, Collector: &lister{}})
	if len(seen.Packages) != 1 || len(seen.Problems) != 1 || seen.Problems[0].Path != "b.pkg" {
		t.Errorf("inventory: %+v", seen)
	}
	if len(r.Targets) != 1 || len(r.Targets[0].Packages) != 1 || r.Targets[0].Files != 3 {
		t.Errorf("target: %+v", r.Targets)
	}

	audit.Run(t.Context(), []audit.Target{m.target()}, audit.Options{Inspectors: []audit.Inspector{in}, Collector: &lister{fail: true}})
	if len(seen.Problems) != 1 || !strings.Contains(seen.Problems[0].Reason, "no extractor") {
		t.Errorf("a collector that can't begin must be a problem of the inventory, got %+v", seen)
	}
}

func TestAdvisoriesOfSeveralTargets(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	answers := []*audit.Advisories{
		{Source: "db", Date: day(20), Digest: "sha256:1", Named: true}, nil, {Source: "db", Date: day(3), Digest: "sha256:2", Named: true},
		{Source: "db", Date: day(9), Digest: "sha256:2", Named: true},
	}
	run := func(answers ...*audit.Advisories) audit.Advisories {
		in := grep{name: "in", word: "-", conclude: func(audit.Inventory) audit.Conclusion {
			next := answers[0]
			answers = answers[1:]
			return audit.Conclusion{Advisories: next}
		}}
		m := &memory{files: map[string]string{"a": ""}}
		var targets []audit.Target
		for range answers {
			targets = append(targets, m.target())
		}
		return audit.Run(t.Context(), targets, audit.Options{Inspectors: []audit.Inspector{in}}).Advisories
	}
	got := run(answers...)
	if !got.Date.Equal(day(3)) || got.Source != "db" || !got.Named || got.Digest == "sha256:1" || got.Digest == "sha256:2" {
		t.Errorf("want the oldest date and a digest of both, got %+v", got)
	}
	if one := run(answers[0], answers[0]); one != *answers[0] {
		t.Errorf("the same data twice is the same data, got %+v", one)
	}
}
