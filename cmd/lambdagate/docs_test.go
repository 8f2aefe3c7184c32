package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/lambdagate/lambdagate/audit/builtin"
	"github.com/lambdagate/lambdagate/audit/image"
	"github.com/lambdagate/lambdagate/audit/secret"
)

var update = flag.Bool("update", false, "rewrite the generated rule pages")

// TestRulePages holds docs/rules to the rules they are generated from.
func TestRulePages(t *testing.T) {
	dir := filepath.Join(repo, "docs", "rules")
	pages := map[string]string{}
	index := strings.Builder{}
	index.WriteString("# Rules\n\nGenerated from the rules by `make golden`; `lambdagate explain RULE` prints a page.\n\n| rule | severity | what |\n|---|---|---|\n")
	for _, r := range builtin.Rules() {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		pages[r.ID+".md"] = ruleMarkdown(r)
		index.WriteString("| [" + r.ID + "](" + r.ID + ".md) | " + severityOf(r) + " | " + r.Title + " |\n")
	}
	pages["README.md"] = index.String()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := pages[e.Name()]; !ok {
			t.Errorf("docs/rules/%s belongs to no rule; run make golden", e.Name())
		}
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("docs/rules/%s is not what the rules say (%v); run make golden", name, err)
		}
	}
}

// TestLinks: every relative link in the documentation leads somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	pages, err := filepath.Glob(filepath.Join(repo, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, filepath.Join(repo, "README.md"), filepath.Join(repo, "CONTRIBUTING.md"))
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}

// TestDocExamples: the example that a rule's page calls wrong fires the rule,
// and the one it calls right doesn't.
func TestDocExamples(t *testing.T) {
	for _, r := range builtin.Rules() {
		if r.Inspector == image.Name {
			continue // its examples are Dockerfiles; audit/image builds and runs them
		}
		before, after, ok := secret.Sample(r.ID)
		if !ok {
			before, after = r.Doc.Before, r.Doc.After
		}
		for example, want := range map[string]bool{before: true, after: false} {
			fn := filepath.Join(t.TempDir(), "fn")
			writeExample(t, fn, example)
			stdout, stderr, code := runHere(t, "check", fn, "--db", filepath.Join(repo, "testdata", "osv"), "--format", "json")
			if code != exitPass && code != exitBlock {
				t.Errorf("%s: exit %d: %s%s", r.ID, code, stdout, stderr)
			}
			if fired := strings.Contains(stdout, `"rule": "`+r.ID+`"`); fired != want {
				t.Errorf("%s: fired %v, want %v, on\n%s", r.ID, fired, want, r.Doc.Before)
			}
		}
	}
}

// writeExample writes the files of a txtar archive, or the text as one file.
func writeExample(t *testing.T, dir, example string) {
	t.Helper()
	archive := txtar.Parse([]byte(example))
	if len(archive.Files) == 0 {
		archive.Files = []txtar.File{{Name: "config.js", Data: []byte(example)}}
	}
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
