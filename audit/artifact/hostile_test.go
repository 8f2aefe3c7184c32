package artifact_test

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// dos makes an entry one without Unix mode bits.
func dos(h *zip.FileHeader) { h.CreatorVersion, h.ExternalAttrs = 20, 0 }

func link(name, target string) audittest.Entry {
	return audittest.Entry{Name: name, Content: target, Mode: fs.ModeSymlink | 0o777, Stored: true}
}

// Each entry is put beside a harmless one, which must be visited whatever the
// other is.
func TestHostileEntries(t *testing.T) {
	const content = "content that is long enough to be deflated, deflated, deflated"
	long := strings.Repeat("d/", 3000) + "x"
	for _, test := range []struct {
		name  string
		entry audittest.Entry
		// visited is the path under which it is visited, empty if it isn't.
		visited string
		// problem is part of the reason, empty for none; path where it lies.
		path, problem string
	}{
		{"traversal", audittest.Entry{Name: "../../etc/passwd"}, "", "", `"../../etc/passwd" leads outside`},
		{"late traversal", audittest.Entry{Name: "a/../../b"}, "", "", `leads outside`},
		{"only dots", audittest.Entry{Name: ".."}, "", "", `leads outside`},
		{"absolute", audittest.Entry{Name: "/etc/passwd"}, "", "", `"/etc/passwd" is absolute`},
		{"drive", audittest.Entry{Name: `C:\x`}, "", "", `is absolute`},
		{"drive with slash", audittest.Entry{Name: `c:/x`}, "", "", `is absolute`},
		{"backslash root", audittest.Entry{Name: `\x`}, "", "", `is absolute`},
		{"hidden backslash root", audittest.Entry{Name: `./\x`}, "", "", `is absolute`},
		{"hidden drive", audittest.Entry{Name: `.//C:\x`}, "", "", `is absolute`},
		{"backslash traversal", audittest.Entry{Name: `..\..\x`}, "", "", `leads outside`},
		{"mixed traversal", audittest.Entry{Name: `a\../..\x`}, "", "", `leads outside`},
		{"NUL", audittest.Entry{Name: "a\x00b"}, "", "", `holds a NUL byte`},
		{"long", audittest.Entry{Name: long}, "", "", `limits.path-bytes`},
		{"no name", audittest.Entry{Name: ""}, "", "", `names no file`},
		{"dot", audittest.Entry{Name: "."}, "", "", `names no file`},
		{"escape sequence", audittest.Entry{Name: "a\x1b[31mred\n::error::x"}, "a\x1b[31mred\n::error::x", "", ""},
		{"not UTF-8", audittest.Entry{Name: "a\xff\xfeb"}, "a\xff\xfeb", "", ""},
		{"backslash inside", audittest.Entry{Name: `dir\file`}, `dir\file`, "", ""},
		{"colon", audittest.Entry{Name: "a:b"}, "a:b", "", ""},
		{"dotted", audittest.Entry{Name: "./a/./b"}, "a/b", "", ""},
		{"doubled slash", audittest.Entry{Name: "a//b"}, "a/b", "", ""},
		{"up and down", audittest.Entry{Name: "a/../b"}, "b", "", ""},
		{"separator of nested archives", audittest.Entry{Name: "a.jar!/b"}, "a.jar!/b", "", ""},
		{"encrypted", audittest.Entry{Name: "x", Tweak: func(h *zip.FileHeader) { h.Flags |= 1 }}, "", "x", "is encrypted"},
		{"method", audittest.Entry{Name: "x", Tweak: func(h *zip.FileHeader) { h.Method = 12 }}, "", "x", "compressed with method 12"},
		{"CRC", audittest.Entry{Name: "x", Tweak: func(h *zip.FileHeader) { h.CRC32++ }}, "", "x", "CRC-32"},
		{"stored CRC", audittest.Entry{Name: "x", Stored: true, Tweak: func(h *zip.FileHeader) { h.CRC32++ }}, "", "x", "CRC-32"},
		{"larger than declared", audittest.Entry{Name: "x", Tweak: func(h *zip.FileHeader) { h.UncompressedSize64-- }}, "", "x", "larger than declared"},
		{"smaller than declared", audittest.Entry{Name: "x", Tweak: func(h *zip.FileHeader) { h.UncompressedSize64++ }}, "", "x", "ends before its declared size"},
		{"not deflated", audittest.Entry{Name: "x", Stored: true, Tweak: func(h *zip.FileHeader) { h.Method = zip.Deflate }}, "", "x", "damaged deflate data"},
		{"folder with content", audittest.Entry{Name: "x/", Tweak: func(h *zip.FileHeader) { h.UncompressedSize64 = 5 }}, "", "x", "is a folder that holds content"},
		{"pipe", audittest.Entry{Name: "x", Mode: fs.ModeNamedPipe | 0o644}, "", "x", "is a named pipe, which a Lambda package can't hold"},
		{"device", audittest.Entry{Name: "x", Mode: fs.ModeDevice | 0o644}, "", "x", "is a device"},
		{"link up", link("x", "../y"), "", "x", `is a symbolic link to "../y", outside the artifact`},
		{"link to root", link("x", "/etc/passwd"), "", "x", `"/etc/passwd", outside the artifact`},
		{"link out of the task", link("x", "/var/task/../../etc/passwd"), "", "x", "outside the artifact"},
		{"link to a neighbour's name", link("x", "/optical"), "", "x", "outside the artifact"},
		{"link to a layer", link("x", "/opt/lib/y"), "", "", ""},
		{"link to the task", link("x", "/var/task/ok"), "", "", ""},
		{"link inside", link("d/x", "../ok"), "", "", ""},
		{"dangling link", link("x", "nowhere"), "", "", ""},
		{"link to itself", link("x", "x"), "", "", ""},
		{"huge link", link("x", strings.Repeat("a", 5000)), "", "x", "limits.path-bytes"},
		{"link with a bad CRC", audittest.Entry{Name: "x", Mode: fs.ModeSymlink | 0o777, Tweak: func(h *zip.FileHeader) { h.CRC32++ }}, "", "x", "CRC-32"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.entry.Content == "" && test.name != "folder with content" && test.entry.Mode&fs.ModeSymlink == 0 || test.name == "link with a bad CRC" {
				test.entry.Content = content
			}
			a := audittest.OpenPath(t, audittest.Zip(t, test.entry, audittest.Entry{Name: "ok", Content: "fine"}))
			files, problems := audittest.Collect(t, a)
			want := map[string]string{"ok": "fine"}
			if test.visited != "" {
				want[test.visited] = content
			}
			if !maps.Equal(files, want) {
				t.Errorf("visited %q, want %q", files, want)
			}
			wantProblem(t, problems, test.path, test.problem)
			if err := readAll(a.FS()); err != nil && test.problem == "" {
				t.Errorf("FS: %v", err)
			}
		})
	}
}

// wantProblem expects exactly one problem, or none if part is empty.
func wantProblem(t *testing.T, problems []audit.Problem, path, part string) {
	t.Helper()
	if part == "" {
		if len(problems) > 0 {
			t.Errorf("got problems %q, want none", problems)
		}
		return
	}
	if len(problems) != 1 || problems[0].Path != path || !strings.Contains(problems[0].Reason, part) {
		t.Errorf("got problems %q, want one at %q with %q", problems, path, part)
	}
}

func TestLinkThroughLink(t *testing.T) {
	// "deep/er/up" leads to the root; "../etc" from there is outside, though the
	// text of the second link doesn't look so.
	a := audittest.OpenPath(t, audittest.Zip(t, audittest.Entry{Name: "ok", Content: "fine"},
		link("deep/er/up", "../.."), link("deep/er/x", "up/../etc"), link("good", "deep/er/up/ok")))
	_, problems := audittest.Collect(t, a)
	wantProblem(t, problems, "deep/er/x", "outside the artifact")
	if data, err := fs.ReadFile(a.FS(), "good"); err != nil || string(data) != "fine" {
		t.Errorf("reading through links gives %q, %v", data, err)
	}
	if _, err := fs.ReadFile(a.FS(), "deep/er/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading through a link that leads outside gives %v", err)
	}
}

func TestManyLinks(t *testing.T) {
	entries := []audittest.Entry{{Name: "ok", Content: "fine"}}
	for i := range 10_001 {
		entries = append(entries, link(fmt.Sprintf("l%05d", i), "ok"))
	}
	_, problems := audittest.Collect(t, audittest.OpenPath(t, audittest.Zip(t, entries...)))
	wantProblem(t, problems, "l10000", "more than 10000 symbolic links")
}

func TestDoubles(t *testing.T) {
	for _, test := range []struct {
		name          string
		entries       []audittest.Entry
		visits        int
		path, problem string
	}{
		{"equal", []audittest.Entry{{Name: "a", Content: "x"}, {Name: "./a", Content: "x"}}, 2, "", ""},
		{"different", []audittest.Entry{{Name: "a", Content: "x"}, {Name: "b/../a", Content: "y"}}, 2, "a", "2 times with different content"},
		{"file and link", []audittest.Entry{{Name: "a", Content: "b"}, {Name: "b", Content: "b"}, link("a", "b")}, 2, "a", "2 times with different content"},
		{"file and folder", []audittest.Entry{{Name: "a", Content: "x"}, {Name: "a-b", Content: "x"}, {Name: "a/b", Content: "y"}}, 3, "a", "both a file and a folder"},
		{"link and folder", []audittest.Entry{link("a", "/tmp"), {Name: "a/b", Content: "y"}}, 1, "a", "both a file and a folder"},
		{"nested", []audittest.Entry{{Name: "x.jar", Content: string(audittest.ZipBytes(t,
			audittest.Entry{Name: "a", Content: "x"}, audittest.Entry{Name: "a", Content: "y"}))}}, 3, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := audittest.OpenPath(t, audittest.Zip(t, test.entries...))
			visits := make(chan string, 10)
			var problems []audit.Problem
			err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
				visits <- f.Info().Path
				return nil
			}, func(p audit.Problem) { problems = append(problems, p) })
			if err != nil || len(visits) != test.visits {
				t.Errorf("visited %d files (%v), want %d", len(visits), err, test.visits)
			}
			wantProblem(t, problems, test.path, test.problem)
		})
	}
}

// FS has the last of doubles: what an extractor leaves.
func TestDoubleInFS(t *testing.T) {
	a := audittest.OpenPath(t, audittest.Zip(t, audittest.Entry{Name: "a", Content: "first"}, audittest.Entry{Name: "a", Content: "last"}))
	if data, err := fs.ReadFile(a.FS(), "a"); err != nil || string(data) != "last" {
		t.Errorf("got %q, %v", data, err)
	}
	if list, err := fs.ReadDir(a.FS(), "."); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v, want one entry", list, err)
	}
}

func TestNestedProblems(t *testing.T) {
	good := string(audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: "b"}))
	evil := string(audittest.ZipBytes(t, audittest.Entry{Name: "../a", Content: "b"}, audittest.Entry{Name: "c", Content: "d"}))
	for _, test := range []struct {
		name, file, content string
		visits              int
		path, problem       string
	}{
		{"good", "x.jar", good, 2, "", ""},
		{"by content", "x.bin", good, 2, "", ""},
		{"truncated archive", "x.jar", good[:len(good)-1], 1, "x.jar", "has no zip central directory, so what is inside was not examined"},
		{"truncated by content", "x.bin", good[:len(good)-1], 1, "", ""},
		{"named only", "x.zip", "text", 1, "", ""},
		{"name inside", "x.whl", evil, 2, "x.whl", `"../a" leads outside`},
		{"folder upon folder", "d/y.egg", evil, 2, "d/y.egg", "leads outside"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files, problems := audittest.Collect(t, audittest.Open(t, map[string]string{test.file: test.content}))
			if len(files) != test.visits {
				t.Errorf("visited %q, want %d", slices.Sorted(maps.Keys(files)), test.visits)
			}
			wantProblem(t, problems, test.path, test.problem)
		})
	}
}

// The zip is cut, or overwritten, after it was opened.
func TestChangedZip(t *testing.T) {
	for name, change := range map[string]func(string) error{
		"cut":     func(path string) error { return os.Truncate(path, 100) },
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"grown": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return errors.Join(err, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := audittest.Zip(t, audittest.Entry{Name: "a", Content: noise(1, 100_000)},
				audittest.Entry{Name: "b", Content: strings.Repeat("0123456789", 3<<20)})
			a, err := artifact.Open(context.Background(), path, artifact.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = a.Close() }()
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			err = a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
				if r, err := f.Open(); err == nil {
					_, _ = io.Copy(io.Discard, r) // fails, and must not crash
				}
				return nil
			}, func(audit.Problem) {})
			if err == nil || !strings.Contains(err.Error(), "changed while it was being read") {
				t.Errorf("walk returns %v", err)
			}
			if a.Digest() != (audit.Digest{}) {
				t.Errorf("digest is %v", a.Digest())
			}
		})
	}
}
