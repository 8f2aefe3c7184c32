package audittest_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// wordInspector reports files that hold a word.
type wordInspector struct{ word string }

func (w wordInspector) Name() string { return "word" }

func (w wordInspector) Rules() []audit.Rule {
	return []audit.Rule{{
		ID: "word-found", Title: "Word found", Severity: audit.SeverityHigh, Since: "0.1.0", Inspector: "word",
		Doc: audit.Doc{What: "a word", Why: "it is not wanted", Before: "the word", After: "none", Remedy: "remove it"},
	}}
}

func (w wordInspector) Begin(_ context.Context, target audit.Target) (audit.Examination, error) {
	return &wordExamination{wordInspector: w, target: target}, nil
}

type wordExamination struct {
	wordInspector
	target audit.Target

	mu       sync.Mutex
	findings []audit.Finding
}

func (e *wordExamination) Wants(info audit.FileInfo) bool {
	return !strings.HasSuffix(info.Path, ".md")
}

func (e *wordExamination) Visit(_ context.Context, f audit.File) error {
	data, _, err := f.Bytes()
	if err != nil || !strings.Contains(string(data), e.word) {
		return err
	}
	path := f.Info().Path
	finding, err := audit.NewFinding(e.Rules()[0], audit.Finding{
		Message: "the word is there", Target: e.target.Name, Subject: path, Location: audit.Location{Path: path}, Remedy: "remove it",
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.findings = append(e.findings, finding)
	return err
}

func (e *wordExamination) Conclude(context.Context, audit.Inventory) audit.Conclusion {
	return audit.Conclusion{Findings: e.findings}
}

func TestAcceptInspector(t *testing.T) { audittest.AcceptInspector(t, wordInspector{"xyzzy"}) }

func TestRunInspector(t *testing.T) {
	inner := string(audittest.ZipBytes(t, audittest.Entry{Name: "deep.txt", Content: "xyzzy", Stored: true}))
	result := audittest.RunInspector(t, wordInspector{"xyzzy"}, nil, map[string]string{
		"a.py": "xyzzy", "b.py": "plugh", "README.md": "xyzzy", "lib/c.jar": inner,
	})
	var paths []string
	for _, f := range result.Findings {
		paths = append(paths, f.Location.Path)
	}
	// The entry is stored, so the archive itself holds the word, too.
	if got := strings.Join(paths, " "); got != "a.py lib/c.jar lib/c.jar!/deep.txt" {
		t.Errorf("findings in %q", got)
	}
	if len(result.Outcomes) != 1 || result.Outcomes[0].Status != audit.StatusComplete || result.Targets[0].Name != "function.zip" {
		t.Errorf("outcomes %+v, targets %+v", result.Outcomes, result.Targets)
	}
}
