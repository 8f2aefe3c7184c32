//go:build unix

package artifact_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestNamedPipe(t *testing.T) {
	dir := audittest.Dir(t, map[string]string{"a": "b"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	a := audittest.OpenPath(t, dir)
	files, problems := audittest.Collect(t, a)
	if len(files) != 1 {
		t.Errorf("visited %q", files)
	}
	wantProblem(t, problems, "pipe", "is a named pipe, which a Lambda package can't hold")
	if a.Digest() != (audit.Digest{}) {
		t.Errorf("digest of a folder with a problem is %v", a.Digest())
	}
	if _, err := a.FS().Open("pipe"); err == nil {
		t.Error("FS opens a named pipe")
	}
	_, err := artifact.Open(context.Background(), filepath.Join(dir, "pipe"), artifact.DefaultLimits())
	if err == nil || !strings.Contains(err.Error(), "neither a folder nor a zip archive") {
		t.Errorf("opening a named pipe gives %v", err)
	}
}

func TestFolderLinks(t *testing.T) {
	secret := audittest.Dir(t, map[string]string{"shadow": "root"})
	for _, test := range []struct{ name, target, problem string }{
		{"inside", "sub/file", ""},
		{"folder inside", "sub", ""},
		{"dangling", "nowhere", ""},
		{"dangling outside", "../nowhere", ""},
		{"relative out", "../../../../../../../../../../../../", "outside the artifact"},
		{"absolute file", filepath.Join(secret, "shadow"), "outside the artifact: what it points to was not examined"},
		{"absolute folder", secret, "outside the artifact"},
		{"loop", "link", "can't be resolved"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := audittest.Dir(t, map[string]string{"sub/file": "content"})
			symlink(t, test.target, filepath.Join(dir, "link"))
			a := audittest.OpenPath(t, dir)
			files, problems := audittest.Collect(t, a)
			if len(files) != 1 || files["sub/file"] != "content" {
				t.Errorf("visited %q", files)
			}
			wantProblem(t, problems, "link", test.problem)
			if data, err := fs.ReadFile(a.FS(), "link/shadow"); err == nil {
				t.Errorf("FS reads %q through a link that leads outside", data)
			}
		})
	}
}

func TestFolderLinkChain(t *testing.T) {
	outside := audittest.Dir(t, map[string]string{"a": "b"})
	dir := audittest.Dir(t, map[string]string{"ok": "fine"})
	symlink(t, outside, filepath.Join(dir, "out"))
	symlink(t, "out/a", filepath.Join(dir, "chain"))
	symlink(t, filepath.Join(dir, "ok"), filepath.Join(dir, "absolute"))
	_, problems := audittest.Collect(t, audittest.OpenPath(t, dir))
	if len(problems) != 2 || problems[0].Path != "chain" || problems[1].Path != "out" {
		t.Errorf("got problems %q, want those of chain and out", problems)
	}
}

// Files and folders that go away while the walk is under way are problems: the
// first visit removes everything but itself.
func TestUnreadableFiles(t *testing.T) {
	files := map[string]string{}
	for _, folder := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		for _, name := range []string{"1", "2", "3", "4", "5"} {
			files[folder+"/"+name] = "content"
		}
	}
	dir := audittest.Dir(t, files)
	a := audittest.OpenPath(t, dir)
	var once sync.Once
	var mu sync.Mutex
	var visits, problems int
	err := a.Walk(context.Background(), func(context.Context, audit.File) error {
		var err error
		once.Do(func() { err = os.RemoveAll(dir) })
		mu.Lock()
		defer mu.Unlock()
		visits++
		return err
	}, func(p audit.Problem) {
		mu.Lock()
		defer mu.Unlock()
		problems++
		if !strings.Contains(p.Reason, "can't be read: no such file or directory") {
			t.Errorf("problem %q: %s", p.Path, p.Reason)
		}
	})
	if err != nil || visits+problems != len(files) || problems == 0 {
		t.Errorf("%d visits and %d problems (%v), want %d in all", visits, problems, err, len(files))
	}
	if a.Digest() != (audit.Digest{}) {
		t.Errorf("digest is %v", a.Digest())
	}
}

func TestFolderOfLinks(t *testing.T) {
	dir := audittest.Dir(t, nil)
	symlink(t, "nowhere", filepath.Join(dir, "a"))
	err := audittest.OpenPath(t, dir).Walk(context.Background(), nil, func(audit.Problem) {})
	if err == nil || !strings.Contains(err.Error(), "holds no files") {
		t.Errorf("walk of a folder with nothing but a link returns %v", err)
	}
}

func TestRemovedFolder(t *testing.T) {
	dir := audittest.Dir(t, map[string]string{"a": "1"})
	a := audittest.OpenPath(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	err := a.Walk(context.Background(), nil, func(audit.Problem) {})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("walk of a removed folder returns %v", err)
	}
}

func TestFolderPathTooLong(t *testing.T) {
	dir := audittest.Dir(t, map[string]string{"short": "a", "a-rather-long-folder/file": "b"})
	limits := artifact.DefaultLimits()
	limits.PathBytes = 10
	a, err := artifact.Open(context.Background(), dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	files, problems := audittest.Collect(t, a)
	if len(files) != 1 {
		t.Errorf("visited %q", files)
	}
	wantProblem(t, problems, "", "limits.path-bytes")
}

func TestFolderDigest(t *testing.T) {
	large := noise(1, artifact.WholeFile+1)
	digest := func(change func(dir string)) audit.Digest {
		dir := audittest.Dir(t, map[string]string{"a": "1", "b/c": "2", "large": large})
		change(dir)
		a := audittest.OpenPath(t, dir)
		audittest.Collect(t, a)
		return a.Digest()
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	plain := digest(func(string) {})
	same := digest(func(dir string) {
		check(os.Chtimes(filepath.Join(dir, "a"), time.Unix(1, 0), time.Unix(1, 0)))
		check(os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	})
	if plain != same || !strings.HasPrefix(plain.SHA256, "sha256:") || plain.CodeSHA256 != "" {
		t.Errorf("digests of the same content are %v and %v", plain, same)
	}
	seen := map[audit.Digest]string{plain: "plain"}
	for name, change := range map[string]func(string){
		"content":    func(dir string) { check(os.WriteFile(filepath.Join(dir, "a"), []byte("3"), 0o600)) },
		"large":      func(dir string) { check(os.Truncate(filepath.Join(dir, "large"), artifact.WholeFile+2)) },
		"name":       func(dir string) { check(os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "z"))) },
		"executable": func(dir string) { check(os.Chmod(filepath.Join(dir, "a"), 0o755)) },
		"link":       func(dir string) { symlink(t, "a", filepath.Join(dir, "l")) },
		"other link": func(dir string) { symlink(t, "b", filepath.Join(dir, "l")) },
	} {
		d := digest(change)
		if other, double := seen[d]; double || d == (audit.Digest{}) {
			t.Errorf("digest of %q is %v, that of %q too", name, d, other)
		}
		seen[d] = name
	}
}
