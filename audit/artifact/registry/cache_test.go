package registry_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

func TestSecondRunReadsNoBlob(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 4)
	ref := l.store(t, "fn:v1", img)
	o := l.options(t)
	r := resolve(t, ref, o)
	same(t, r.Image, img)
	r.Close()
	if got := l.blobRequests(); len(got) != 5 {
		t.Errorf("first run: want 4 layers and the configuration, got %q", got)
	}
	cached := 0
	o.Progress = func(e registry.Event) {
		if e.Cached && e.Done == e.Total {
			cached++
		}
	}
	r = resolve(t, ref, o)
	same(t, r.Image, img)
	r.Close()
	if got := l.blobRequests(); len(got) != 0 || cached != 4 {
		t.Errorf("second run: %d layers cached, requests %q", cached, got)
	}
	if left := files(t, filepath.Join(o.CacheDir, "tmp")); len(left) != 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestNoCacheWritesNothing(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	ref := l.store(t, "fn:v1", img)
	o := l.options(t)
	o.NoCache = true
	same(t, resolve(t, ref, o).Image, img)
	if left := files(t, o.CacheDir); len(left) != 0 {
		t.Errorf("files written: %v", left)
	}
}

// files lists the regular files below dir with their sizes.
func files(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			all[path] = info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func blobFile(o registry.Options, h v1.Hash) string {
	return filepath.Join(o.CacheDir, "blobs", h.Algorithm, h.Hex)
}

func TestCorruptedEntryIsFetchedAgain(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	ref := l.store(t, "fn:v1", img)
	layer, data := topLayer(t, img)
	flipped := append([]byte(nil), data...)
	flipped[len(flipped)/2] ^= 1
	for name, spoil := range map[string]func(path string) error{
		"one bit":   func(p string) error { return os.WriteFile(p, flipped, 0o600) },
		"truncated": func(p string) error { return os.Truncate(p, 10) },
		"longer":    func(p string) error { return os.WriteFile(p, append(flipped, 0), 0o600) },
		"empty":     func(p string) error { return os.Truncate(p, 0) },
		"removed":   os.Remove,
		"a link elsewhere": func(p string) error {
			other := filepath.Join(t.TempDir(), "other")
			return errors.Join(os.WriteFile(other, flipped, 0o600), os.Remove(p), os.Symlink(other, p))
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := l.options(t)
			resolveAll(t, ref, o, img)
			l.blobRequests()
			if err := spoil(blobFile(o, layer)); err != nil {
				t.Fatal(err)
			}
			resolveAll(t, ref, o, img)
			if got := l.blobRequests(); len(got) != 1 || !strings.Contains(got[0], layer.Hex) {
				t.Errorf("want only the spoilt layer fetched, got %q", got)
			}
			resolveAll(t, ref, o, img)
			if got := l.blobRequests(); len(got) != 0 {
				t.Errorf("the layer was not stored again: %q", got)
			}
		})
	}
}

func resolveAll(t *testing.T, ref string, o registry.Options, want v1.Image) {
	t.Helper()
	r := resolve(t, ref, o)
	same(t, r.Image, want)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// What was fetched wrong must not stay.
func TestBadContentIsNotCached(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 1)
	ref := l.store(t, "fn:v1", img)
	layer, data := topLayer(t, img)
	o := l.options(t)
	l.broken(on(layer.Hex, send(append([]byte{data[0] ^ 1}, data[1:]...))))
	if err := fetch(t.Context(), ref, o); err == nil {
		t.Fatal("no error")
	}
	if got := files(t, o.CacheDir); len(got) != 1 {
		t.Errorf("want only the configuration in the cache, got %v", got)
	}
}

func TestEviction(t *testing.T) {
	l := newLab(t)
	o := l.options(t)
	o.CacheBytes = 3 * layerSize
	old, recent, next := newImage(t, 1), newImage(t, 1), newImage(t, 1)
	oldRef, recentRef, nextRef := l.store(t, "fn:old", old), l.store(t, "fn:recent", recent), l.store(t, "fn:next", next)
	resolveAll(t, oldRef, o, old)
	resolveAll(t, recentRef, o, recent)
	// As if both had been used long ago; then the older one is used once more.
	for path := range files(t, o.CacheDir) {
		past := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	resolveAll(t, oldRef, o, old)
	resolveAll(t, nextRef, o, next)
	var total int64
	for _, size := range files(t, o.CacheDir) {
		total += size
	}
	if total > o.CacheBytes {
		t.Errorf("the cache has %d bytes, more than %d", total, o.CacheBytes)
	}
	for _, tt := range []struct {
		img  v1.Image
		kept bool
	}{{old, true}, {recent, false}, {next, true}} {
		h, _ := topLayer(t, tt.img)
		if _, err := os.Stat(blobFile(o, h)); (err == nil) != tt.kept {
			t.Errorf("layer %s: kept %t, want %t", h, err == nil, tt.kept)
		}
	}
}

// An image larger than the cache can still be read.
func TestImageLargerThanTheCache(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 4)
	ref := l.store(t, "fn:v1", img)
	o := l.options(t)
	o.CacheBytes = layerSize / 2
	resolveAll(t, ref, o, img)
	for path, size := range files(t, o.CacheDir) {
		if size > o.CacheBytes {
			t.Errorf("%s has %d bytes", path, size)
		}
	}
}

func TestConcurrentResolves(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 4)
	ref := l.store(t, "fn:v1", img)
	o := l.options(t)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = fetch(t.Context(), ref, o) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := files(t, o.CacheDir); len(got) != 5 {
		t.Errorf("want 4 layers and the configuration in the cache, got %v", got)
	}
	l.blobRequests()
	resolveAll(t, ref, o, img)
	if got := l.blobRequests(); len(got) != 0 {
		t.Errorf("not all was stored: %q", got)
	}
}

// A cache that can't be written costs speed and a warning, nothing else.
func TestUnusableCache(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 3)
	ref := l.store(t, "fn:v1", img)
	for name, spoil := range map[string]func(dir string) error{
		"a file in place of the folder": func(dir string) error { return os.WriteFile(filepath.Join(dir, "blobs"), nil, 0o600) },
		"a file for temporary files":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "tmp"), nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			o := l.options(t)
			if err := spoil(o.CacheDir); err != nil {
				t.Fatal(err)
			}
			var warnings []string
			o.Warn = func(s string) { warnings = append(warnings, s) }
			resolveAll(t, ref, o, img)
			if len(warnings) != 1 || !strings.Contains(warnings[0], "the cache can't be used") {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}

// A cache that is read-only is still read.
func TestReadOnlyCache(t *testing.T) {
	l := newLab(t)
	base := newImage(t, 3)
	ref := l.store(t, "fn:v1", base)
	o := l.options(t)
	resolveAll(t, ref, o, base)
	l.blobRequests()
	folders := []string{filepath.Join(o.CacheDir, "tmp"), filepath.Join(o.CacheDir, "blobs", "sha256"), filepath.Join(o.CacheDir, "blobs"), o.CacheDir}
	for _, dir := range folders {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	}
	o.Warn = func(string) {} // the superuser may write all the same
	resolveAll(t, ref, o, base)
	if got := l.blobRequests(); len(got) != 0 {
		t.Errorf("not read from the cache: %q", got)
	}
	other := newImage(t, 2)
	resolveAll(t, l.store(t, "fn:v2", other), o, other)
}

func TestDefaultCacheDir(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LAMBDAGATE_CACHE", dir)
	if got, err := registry.DefaultCacheDir(); err != nil || got != dir {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("LAMBDAGATE_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	if got, err := registry.DefaultCacheDir(); err != nil || filepath.Base(got) != "lambdagate" || !strings.HasPrefix(got, dir) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStaleTemporaryFilesAreRemoved(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 1)
	ref := l.store(t, "fn:v1", img)
	o := l.options(t)
	tmp := filepath.Join(o.CacheDir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"part-old": 48 * time.Hour, "part-new": time.Hour} {
		path, then := filepath.Join(tmp, name), time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	resolveAll(t, ref, o, img)
	if got := fmt.Sprint(files(t, tmp)); strings.Contains(got, "part-old") || !strings.Contains(got, "part-new") {
		t.Errorf("temporary files: %s", got)
	}
}
