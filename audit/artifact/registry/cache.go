package registry

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// DefaultCacheDir is the environment's LAMBDAGATE_CACHE, else lambdagate in the
// user's cache folder.
func DefaultCacheDir() (string, error) {
	if dir := os.Getenv("LAMBDAGATE_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; name one in LAMBDAGATE_CACHE", err)
	}
	return filepath.Join(dir, "lambdagate"), nil
}

// cache holds blobs in files named after their digests, as an OCI image layout
// does: blobs/sha256/<hex>. A file appears there by being renamed, whole, so
// that several processes can share the folder. Nothing in it is believed: a
// file is hashed before it is used.
type cache struct {
	dir   string
	bound int64

	mu sync.Mutex // one eviction at a time, and none between storing and opening
}

// errCache marks a failure to write to the cache.
var errCache = errors.New("the cache can't be used")

const (
	folderMode = 0o700 // layers may be private
	// staleAfter is the age of a temporary file that nobody writes to any more.
	staleAfter = 24 * time.Hour
	// copySize in bytes is what moves between network, hash and disk at a time.
	copySize = 256 << 10
)

func (c *cache) path(h v1.Hash) string { return filepath.Join(c.dir, "blobs", h.Algorithm, h.Hex) }

// get opens a blob whose size and digest are right, and marks it as used. A
// file that has other content is removed.
func (c *cache) get(ctx context.Context, d v1.Descriptor) (*os.File, bool) {
	path := c.path(d.Digest)
	// Not a named pipe, which would keep the opener waiting.
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	if err := check(ctx, file, d); err != nil {
		file.Close()
		if ctx.Err() == nil {
			_ = os.Remove(path) // if that fails the next run finds out again
		}
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // a read-only cache forgets what was used
	return file, true
}

func check(ctx context.Context, file *os.File, d v1.Descriptor) error {
	hasher, err := v1.Hasher(d.Digest.Algorithm)
	if err != nil {
		return err
	}
	n, err := copyAll(ctx, hasher, io.LimitReader(file, d.Size+1))
	if err != nil {
		return err
	}
	if n != d.Size || hex.EncodeToString(hasher.Sum(nil)) != d.Digest.Hex {
		return errDigest
	}
	return nil
}

// put stores what r reads under the digest and opens it; the file is nil if the
// cache was too small to keep it. The reader checks the content. An error wraps
// errCache if it is the cache that failed, not r.
func (c *cache) put(ctx context.Context, h v1.Hash, r io.Reader) (*os.File, error) {
	path := c.path(h)
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, fmt.Errorf("%w: %w", errCache, err)
	}
	temp, err := createTemp(c.dir)
	if err != nil {
		return nil, err
	}
	_, err = copyAll(ctx, cacheWriter{temp}, r)
	if closeErr := temp.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("%w: %w", errCache, closeErr)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return nil, err
	}
	file, err := c.publish(temp.Name(), path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCache, err)
	}
	c.evict()
	return file, nil
}

// publish moves a finished file to its place and opens it there, before an
// eviction on behalf of another layer can remove it. If another process has
// done so, the file is nil.
func (c *cache) publish(temp, path string) (*os.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// cacheWriter marks its errors, so that a full disk can be told from a broken
// connection.
type cacheWriter struct{ w io.Writer }

func (w cacheWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", errCache, err)
	}
	return n, err
}

// createTemp creates a file in the folder for temporary ones, and removes what
// a process that was killed left there.
func createTemp(dir string) (*os.File, error) {
	folder := filepath.Join(dir, "tmp")
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("%w: %w", errCache, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCache, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter && info.Mode().IsRegular() {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
	file, err := os.CreateTemp(folder, "part-*")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCache, err)
	}
	return file, nil
}

// evict removes the blobs used longest ago until the rest is within the bound.
// An opened one stays readable, or where the system doesn't allow that is not
// removed.
func (c *cache) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	type entry struct {
		path string
		size int64
		used time.Time
	}
	var entries []entry
	var total int64
	_ = filepath.WalkDir(filepath.Join(c.dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // removed by another process meanwhile, or not ours
		}
		if info, err := e.Info(); err == nil {
			entries = append(entries, entry{path, info.Size(), info.ModTime()})
			total += info.Size()
		}
		return nil
	})
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path))
	})
	for _, e := range entries {
		if total <= c.bound {
			return
		}
		if os.Remove(e.path) == nil {
			total -= e.size
		}
	}
}

// copyAll is io.Copy that ends with the context.
func copyAll(ctx context.Context, w io.Writer, r io.Reader) (int64, error) {
	buf := make([]byte, copySize)
	var total int64
	for {
		if ctx.Err() != nil {
			return total, context.Cause(ctx)
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return total, err
			}
			total += int64(n)
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
