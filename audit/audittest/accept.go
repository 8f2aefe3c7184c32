package audittest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/lambdagate/lambdagate/audit"
)

// AcceptArtifact is the contract of an artifact that can be read entirely:
// clean paths, the same content by every way to it, an FS that agrees with the
// walk, walks that can be repeated, stopped and cancelled, and visits at the
// same time (run it with -race). The artifact must hold no problem. An image
// may offer a path once for each layer, of which one at most is not hidden.
func AcceptArtifact(t *testing.T, a audit.Artifact) {
	t.Helper()
	if a.Name() == "" || a.Kind() == "" {
		t.Errorf("name %q, kind %q, want both", a.Name(), a.Kind())
	}
	if d := a.Digest(); d != (audit.Digest{}) {
		t.Errorf("digest before the first walk is %v, want none", d)
	}
	contents, digest := acceptWalk(t, a)
	t.Run("again", func(t *testing.T) {
		again, digestAgain := acceptWalk(t, a)
		if !maps.Equal(contents, again) {
			t.Errorf("the second walk offered %d files, the first %d, or other content", len(again), len(contents))
		}
		if digest != digestAgain {
			t.Errorf("the second walk gave digest %v, the first %v", digestAgain, digest)
		}
	})
	t.Run("fs", func(t *testing.T) { acceptFS(t, a.FS(), contents) })
	t.Run("stop", func(t *testing.T) { acceptStop(t, a) })
}

// acceptWalk walks once and returns path → content.
func acceptWalk(t *testing.T, a audit.Artifact) (map[string]string, audit.Digest) {
	t.Helper()
	var mu sync.Mutex
	contents := map[string]string{}
	err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
		content := acceptFile(t, f)
		mu.Lock()
		defer mu.Unlock()
		info := f.Info()
		p := info.Path
		if info.HiddenBy != "" {
			p = hiddenKey(info)
		}
		if _, twice := contents[p]; twice {
			t.Errorf("%q is offered twice", p)
		}
		if p := info.Path; p != path.Clean(p) || path.IsAbs(p) || p == "." || p == ".." || strings.HasPrefix(p, "../") {
			t.Errorf("path %q is not clean and relative", p)
		}
		contents[p] = string(content)
		return nil
	}, func(p audit.Problem) { t.Errorf("problem %q: %s", p.Path, p.Reason) })
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	if len(contents) == 0 {
		t.Error("the walk offered nothing")
	}
	d := a.Digest()
	if !strings.HasPrefix(d.SHA256, "sha256:") || (d.CodeSHA256 != "") != (a.Kind() == audit.KindZip) {
		t.Errorf("digest after a walk of a %s is %+v", a.Kind(), d)
	}
	return contents, d
}

// hiddenPrefix stands before the key of a hidden file; no path begins so.
const hiddenPrefix = "/hidden/"

func hiddenKey(info audit.FileInfo) string { return hiddenPrefix + info.Layer + "/" + info.Path }

// acceptFile reads one file in every way, some at the same time.
func acceptFile(t *testing.T, f audit.File) []byte {
	t.Helper()
	info := f.Info()
	content, err := readAll(f)
	if err != nil {
		t.Errorf("%q: %v", info.Path, err)
		return nil
	}
	if int64(len(content)) != info.Size {
		t.Errorf("%q has %d bytes, its info says %d", info.Path, len(content), info.Size)
	}
	allowed := fs.ModePerm
	if info.Layer != "" {
		allowed |= fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	}
	if info.Mode&^allowed != 0 {
		t.Errorf("%q has mode %v, want no more than %v", info.Path, info.Mode, allowed)
	}
	var ways sync.WaitGroup
	ways.Go(func() {
		if data, ok, err := f.Bytes(); err != nil || ok && string(data) != content {
			t.Errorf("%q: Bytes differs from Open, or fails: %v", info.Path, err)
		}
	})
	ways.Go(func() {
		if again, err := readAll(f); err != nil || again != content {
			t.Errorf("%q: opened again it differs, or fails: %v", info.Path, err)
		}
	})
	ways.Go(func() { acceptReaderAt(t, f, content) })
	ways.Wait()
	return []byte(content)
}

// acceptReaderAt compares random reads, forwards and back, with the content.
func acceptReaderAt(t *testing.T, f audit.File, content string) {
	r, err := f.ReaderAt()
	if err != nil {
		t.Errorf("%q: %v", f.Info().Path, err)
		return
	}
	want := strings.NewReader(content)
	random := rand.New(rand.NewPCG(1, uint64(len(content))))
	for range 16 {
		off := random.Int64N(int64(len(content)) + 2)
		CompareReadAt(t, r, want, off, random.IntN(64<<10))
	}
	if err := r.Close(); err != nil {
		t.Errorf("%q: %v", f.Info().Path, err)
	}
}

// CompareReadAt reads n bytes at off from both and reports a difference in what
// comes back.
func CompareReadAt(t testing.TB, got, want io.ReaderAt, off int64, n int) {
	t.Helper()
	a, b := make([]byte, n), make([]byte, n)
	gotN, gotErr := got.ReadAt(a, off)
	wantN, wantErr := want.ReadAt(b, off)
	// A full read that ends at the end may return io.EOF or nothing.
	if gotN != wantN || !bytes.Equal(a, b) || gotN < n && !errors.Is(gotErr, io.EOF) || gotN == n && gotErr != nil && gotErr != io.EOF {
		t.Errorf("ReadAt(%d bytes, %d) = %d, %v; want %d, %v, or the bytes differ", n, off, gotN, gotErr, wantN, wantErr)
	}
}

// acceptFS compares the FS with what the walk offered.
func acceptFS(t *testing.T, fsys fs.FS, contents map[string]string) {
	var own []string
	var total int
	for p, content := range contents {
		if strings.Contains(p, "!/") || strings.HasPrefix(p, hiddenPrefix) {
			continue
		}
		own = append(own, p)
		total += len(content)
		data, err := fs.ReadFile(fsys, p)
		if err != nil || string(data) != content {
			t.Errorf("%q: content differs from the walk's, or fails: %v", p, err)
		}
		if info, err := fs.Stat(fsys, p); err != nil || info.Size() != int64(len(content)) {
			t.Errorf("%q: stat gives another size, or fails: %v", p, err)
		}
	}
	if total < 1<<20 { // TestFS reads a byte at a time
		if err := fstest.TestFS(fsys, own...); err != nil {
			t.Error(err)
		}
	}
	if _, err := fs.Stat(fsys, "no/such/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stat of a missing file gives %v, want fs.ErrNotExist", err)
	}
	if _, err := fsys.Open("../outside"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("open of a path that leads outside gives %v, want fs.ErrInvalid", err)
	}
}

// acceptStop ends walks early: by an error of the visit, and by the context.
func acceptStop(t *testing.T, a audit.Artifact) {
	errStop := errors.New("stop")
	ignore := func(audit.Problem) {}
	err := a.Walk(context.Background(), func(context.Context, audit.File) error { return errStop }, ignore)
	if !errors.Is(err, errStop) {
		t.Errorf("walk returns %v, want the error of the visit", err)
	}
	if d := a.Digest(); d != (audit.Digest{}) {
		t.Errorf("digest after a stopped walk is %v, want none", d)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = a.Walk(ctx, func(context.Context, audit.File) error { cancel(); return nil }, ignore)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("walk returns %v, want context.Canceled", err)
	}
	err = a.Walk(ctx, func(context.Context, audit.File) error { return errors.New("visited") }, ignore)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("walk under a cancelled context returns %v, want context.Canceled", err)
	}
}
