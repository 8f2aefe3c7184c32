package main

import (
	"bufio"
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module  = "github.com/lambdagate/lambdagate"
	repo    = "../.."
	maxLine = 400 // a Go file longer than this wants to be two
)

// sources lists the repository's Go files, slash-separated and relative.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(repo, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && p != repo) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, ".go") {
			rel, err := filepath.Rel(repo, p)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("found %d Go files: the walk is broken", len(files))
	}
	return files
}

// table reads the markdown table under a heading, as rows of trimmed cells.
func table(t *testing.T, heading string) [][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repo, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(data), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/dependencies.md has no heading %q", heading)
	}
	body, _, _ = strings.Cut(body, "\n## ")
	var rows [][]string
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows[1:]
}

func list(cell string) []string {
	var all []string
	for s := range strings.SplitSeq(cell, ",") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// covers says whether a pattern ("x" or "x/...") names an import path.
func covers(pattern, imported string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return imported == below || strings.HasPrefix(imported, below+"/")
	}
	return imported == pattern
}

func TestImports(t *testing.T) {
	ours := map[string][]string{}
	for _, row := range table(t, "Our own packages") {
		ours[row[0]] = list(row[1])
	}
	external := table(t, "External libraries")
	used := map[string]bool{}
	for _, file := range sources(t) {
		pkg := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || pkg == "audit/audittest" || strings.HasSuffix(pkg, "test") {
			continue
		}
		allowed, known := ours[pkg]
		if !known {
			t.Errorf("%s: package %s is in no row of docs/dependencies.md", file, pkg)
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(repo, file), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if inner, ok := strings.CutPrefix(imported, module+"/"); ok {
				if !slices.ContainsFunc(allowed, func(p string) bool { return covers(p, inner) }) {
					t.Errorf("%s imports %s, which %s may not", file, inner, pkg)
				}
				continue
			}
			if !strings.Contains(strings.Split(imported, "/")[0], ".") {
				continue // the standard library
			}
			row := slices.IndexFunc(external, func(r []string) bool {
				return covers(r[0], imported) && slices.Contains(list(r[2]), pkg)
			})
			if row < 0 {
				t.Errorf("%s imports %s, which docs/dependencies.md doesn't allow %s", file, imported, pkg)
				continue
			}
			used[external[row][0]] = true
		}
	}
	for _, row := range external {
		if !used[row[0]] {
			t.Errorf("docs/dependencies.md names %s, which nothing imports", row[0])
		}
	}
}

func TestFileHabits(t *testing.T) {
	for _, file := range sources(t) {
		data, err := os.ReadFile(filepath.Join(repo, file))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")); n > maxLine {
			t.Errorf("%s has %d lines; split it by %d", file, n, maxLine)
		}
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(path.Dir(file), "test") {
			continue
		}
		scan := bufio.NewScanner(bytes.NewReader(data))
		for n := 1; scan.Scan(); n++ {
			line := scan.Text()
			for _, bad := range []string{"func init()", "os.Exit(", "log.Fatal", "\tpanic("} {
				if strings.Contains(line, bad) && file != "cmd/lambdagate/main.go" {
					t.Errorf("%s:%d: no %s here", file, n, strings.TrimSpace(bad))
				}
			}
		}
	}
	data, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n >= 40 {
		t.Errorf("main.go has %d lines; under 40", n)
	}
}
