package artifact_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// noise is text that doesn't compress, the same for the same seed.
func noise(seed uint64, size int) string {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(b) // never fails
	return string(b)
}

// sample is a function with nested archives, files of every size class, and an
// empty one.
func sample(t *testing.T) map[string]string {
	inner := audittest.ZipBytes(t, audittest.Entry{Name: "META-INF/MANIFEST.MF", Content: "Main-Class: A\n"},
		audittest.Entry{Name: "lib/deep.jar", Content: string(audittest.ZipBytes(t, audittest.Entry{Name: "C.class", Content: "\xca\xfe\xba\xbe"}))})
	files := map[string]string{
		"app.py":             "def handler(event, context): pass\n",
		"empty":              "",
		"lib/service.jar":    string(inner),
		"lib/run.pyz":        "#!/usr/bin/env python3\n" + string(inner),
		"lib/not-a-zip":      "PK\x03\x04 but nothing else",
		"static/medium.js":   strings.Repeat("let x = 1;\n", 200_000),
		"static/large.wasm":  noise(1, artifact.WholeFile+100_000),
		"static/large.txt":   strings.Repeat("0123456789abcdef", artifact.WholeFile/16+1000),
		"weird name/ü.txt":   "ü",
		"weird name/~!@#$%^": "&*()",
	}
	return files
}

func TestContract(t *testing.T) {
	files := sample(t)
	small := maps.Clone(files)
	maps.DeleteFunc(small, func(_, content string) bool { return len(content) > 1<<20 })
	t.Run("small zip", func(t *testing.T) { audittest.AcceptArtifact(t, audittest.Open(t, small)) })
	t.Run("small folder", func(t *testing.T) { audittest.AcceptArtifact(t, audittest.OpenPath(t, audittest.Dir(t, small))) })
	t.Run("zip", func(t *testing.T) {
		entries := audittest.Entries(files)
		for i := range entries {
			entries[i].Stored = entries[i].Name == "static/large.wasm" // the other large one is deflated
		}
		audittest.AcceptArtifact(t, audittest.OpenPath(t, audittest.Zip(t, entries...)))
	})
	t.Run("folder", func(t *testing.T) { audittest.AcceptArtifact(t, audittest.OpenPath(t, audittest.Dir(t, files))) })
	t.Run("stored", func(t *testing.T) {
		entries := audittest.Entries(small)
		for i := range entries {
			entries[i].Stored = true
		}
		audittest.AcceptArtifact(t, audittest.OpenPath(t, audittest.Zip(t, entries...)))
	})
}

// The same files are the same artifact, whether zipped or not.
func TestFolderAndZipAgree(t *testing.T) {
	files := sample(t)
	delete(files, "static/large.wasm")
	fromZip, _ := audittest.Collect(t, audittest.Open(t, files))
	fromFolder, _ := audittest.Collect(t, audittest.OpenPath(t, audittest.Dir(t, files)))
	if !maps.Equal(fromZip, fromFolder) {
		t.Errorf("a zip gave %q, a folder %q, or other content",
			slices.Sorted(maps.Keys(fromZip)), slices.Sorted(maps.Keys(fromFolder)))
	}
	for _, p := range []string{"lib/service.jar!/lib/deep.jar!/C.class", "lib/run.pyz!/lib/deep.jar!/C.class"} {
		if fromZip[p] != "\xca\xfe\xba\xbe" {
			t.Errorf("%q was not visited", p)
		}
	}
}

func TestName(t *testing.T) {
	dir := audittest.Dir(t, map[string]string{"a": "b"})
	if got := audittest.OpenPath(t, dir).Name(); got != "function" {
		t.Errorf("name of a folder is %q", got)
	}
	t.Chdir(dir)
	a := audittest.OpenPath(t, ".")
	if a.Name() != "function" || a.Kind() != audit.KindFolder {
		t.Errorf("name of %q is %q, kind %q", ".", a.Name(), a.Kind())
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: strings.Repeat("abc", 1000)})
	damaged := slices.Clone(whole)
	damaged[len(damaged)-6]++ // the directory's offset
	miscounted := slices.Clone(whole)
	miscounted[len(miscounted)-12]++ // the number of entries
	for _, test := range []struct{ name, content, want string }{
		{"empty.zip", "", `empty.zip" is empty`},
		{"no-entries.zip", string(audittest.ZipBytes(t)), `holds no files`},
		{"only-folders.zip", string(audittest.ZipBytes(t, audittest.Entry{Name: "a/"})), `holds no files`},
		{"text.zip", "hello", `is named .zip but is not a zip archive`},
		{"text.JAR", "hello", `is named .JAR but is not a zip archive`},
		{"text.txt", "hello", `is neither a folder nor a zip archive`},
		{"short.zip", string(whole[:len(whole)/2]), `is truncated: no zip central directory`},
		{"cut.zip", string(whole[:len(whole)-1]), `is truncated: no zip central directory`},
		{"damaged.zip", string(damaged), `has a damaged zip central directory`},
		{"miscounted.zip", string(miscounted), `it declares 2 entries and holds 1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := audittest.WriteFile(t, test.name, []byte(test.content))
			a, err := artifact.Open(context.Background(), path, artifact.DefaultLimits())
			if err == nil || !strings.Contains(err.Error(), test.want) || a != nil {
				t.Fatalf("got %v, %v; want an error with %q", a, err, test.want)
			}
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v wraps fs.ErrNotExist", err)
			}
		})
	}
}

func TestOpenMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing.zip")
	_, err := artifact.Open(context.Background(), path, artifact.DefaultLimits())
	if !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "missing.zip") != 1 {
		t.Errorf("got %v, want an error that wraps fs.ErrNotExist and names the path once", err)
	}
}

func TestEmptyFolder(t *testing.T) {
	for _, files := range []map[string]string{{}, {"only/folders/": ""}} {
		a := audittest.OpenPath(t, audittest.Dir(t, files))
		err := a.Walk(context.Background(), nil, func(audit.Problem) {})
		if err == nil || !strings.Contains(err.Error(), "holds no files") {
			t.Errorf("walk of %v returns %v", files, err)
		}
	}
}

func TestPathMayBeALink(t *testing.T) {
	dir := t.TempDir()
	for name, target := range map[string]string{
		"link.zip":    audittest.Zip(t, audittest.Entry{Name: "a", Content: "b"}),
		"link-folder": audittest.Dir(t, map[string]string{"a": "b", "c": "d"}),
	} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		a := audittest.OpenPath(t, link)
		files, problems := audittest.Collect(t, a)
		if files["a"] != "b" || len(problems) > 0 || a.Name() != name {
			t.Errorf("%s: got %v, %v, name %q", name, files, problems, a.Name())
		}
	}
}

func TestZipDigest(t *testing.T) {
	path := audittest.Zip(t, audittest.Entry{Name: "a", Content: "b"})
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := audittest.OpenPath(t, path)
	audittest.Collect(t, a)
	sum := sha256.Sum256(content)
	if want := base64.StdEncoding.EncodeToString(sum[:]); a.Digest().CodeSHA256 != want {
		t.Errorf("CodeSHA256 is %q, want %q", a.Digest().CodeSHA256, want)
	}
}

func TestUnopened(t *testing.T) {
	why := errors.New("it is empty")
	a := artifact.Unopened("build/function.zip", why)
	if a.Name() != "function.zip" || a.Kind() != "" || a.Digest() != (audit.Digest{}) {
		t.Errorf("got %q, %q, %v", a.Name(), a.Kind(), a.Digest())
	}
	if err := a.Walk(context.Background(), nil, nil); !errors.Is(err, why) {
		t.Errorf("walk returns %v", err)
	}
	if _, err := fs.Stat(a.FS(), "a"); !errors.Is(err, why) {
		t.Errorf("stat returns %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestMode(t *testing.T) {
	path := audittest.Zip(t,
		audittest.Entry{Name: "plain", Content: "a"},
		audittest.Entry{Name: "bootstrap", Content: "a", Mode: 0o755},
		audittest.Entry{Name: "setuid", Content: "a", Mode: 0o700 | fs.ModeSetuid},
		audittest.Entry{Name: "dos", Content: "a", Tweak: dos})
	want := map[string]fs.FileMode{"plain": 0o644, "bootstrap": 0o755, "setuid": 0o700, "dos": 0o644}
	a := audittest.OpenPath(t, path)
	for name, mode := range want {
		info, err := fs.Stat(a.FS(), name)
		if err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v (%v), want %v", name, info.Mode(), err, mode)
		}
	}
}
