package osv

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lambdagate/lambdagate/audit"
)

// maxRecord bounds the size of one record in bytes. The largest real ones, of
// distribution kernels, have about 5 MB.
const maxRecord = 16 << 20

// haul is what a look through the records of one ecosystem brings in.
type haul struct {
	base string
	// ecosystem is the one asked for, with its release.
	ecosystem string
	wanted    map[string]bool

	mu       sync.Mutex
	records  []*Record
	problems []audit.Problem
	newest   time.Time
	named    bool // some record is about the ecosystem
}

// readArchive looks through a zip and returns its SHA-256. A file that is not
// whole is an error: the missing part might be the one that matters.
func (h *haul) readArchive(ctx context.Context, path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("advisory file %q: %w", path, err)
	}
	var sum []byte
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		sum, err = hashAll(ctx, io.NewSectionReader(file, 0, info.Size()))
		return err
	})
	h.spread(ctx, group, len(archive.File), func(i int, w *worker) error {
		entry := archive.File[i]
		if !isRecordFile(entry.Name) {
			return nil
		}
		content, err := entry.Open()
		if err != nil {
			return fmt.Errorf("advisory file %q, entry %q: %w", path, entry.Name, err)
		}
		defer content.Close()
		if err := w.read(path+"!/"+entry.Name, content); err != nil {
			return fmt.Errorf("advisory file %q, entry %q: %w", path, entry.Name, err)
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return sum, nil
}

// readFiles looks through records that lie unpacked and returns the SHA-256 of
// each.
func (h *haul) readFiles(ctx context.Context, dir string, names []string) ([][]byte, error) {
	sums := make([][]byte, len(names))
	group, ctx := errgroup.WithContext(ctx)
	h.spread(ctx, group, len(names), func(i int, w *worker) error {
		path := filepath.Join(dir, names[i])
		content, err := os.Open(path)
		if err != nil {
			return err
		}
		defer content.Close()
		sum := sha256.New()
		if err := w.read(path, io.TeeReader(content, sum)); err != nil {
			return fmt.Errorf("advisory file %q: %w", path, err)
		}
		sums[i] = sum.Sum(nil)
		return nil
	})
	return sums, group.Wait()
}

// worker reads records one after the other into one buffer.
type worker struct {
	haul   *haul
	skim   skimmer
	buffer bytes.Buffer
}

// spread has n records read by a few workers of the group.
func (h *haul) spread(ctx context.Context, group *errgroup.Group, n int, read func(i int, w *worker) error) {
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), 8, n) {
		group.Go(func() error {
			w := &worker{haul: h, skim: skimmer{base: h.base, ecosystem: h.ecosystem, wanted: h.wanted}}
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					h.seen(&w.skim)
					return nil
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := read(i, w); err != nil {
					return err
				}
			}
		})
	}
}

// read takes in one record. A record that is no OSV is a problem only if it
// may concern the packages in question; one that can't be read at all is an
// error.
func (w *worker) read(name string, content io.Reader) error {
	w.buffer.Reset()
	if _, err := w.buffer.ReadFrom(io.LimitReader(content, maxRecord+1)); err != nil {
		return err
	}
	if w.buffer.Len() > maxRecord {
		return errTooLarge(maxRecord)
	}
	if !w.skim.skim(w.buffer.Bytes()) {
		return nil
	}
	record, err := ParseRecord(w.buffer.Bytes())
	w.haul.mu.Lock()
	defer w.haul.mu.Unlock()
	switch {
	case err != nil:
		w.haul.problems = append(w.haul.problems, audit.Problem{Reason: fmt.Sprintf("advisory %q can't be read: %v", name, err)})
	case record.Withdrawn == "":
		w.haul.records = append(w.haul.records, record)
	}
	return nil
}

func (h *haul) seen(s *skimmer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.newest = later(h.newest, s.newestTime)
	h.named = h.named || s.named
}

func errTooLarge(limit int64) error {
	return errors.New("larger than the limit of " + fmt.Sprint(limit>>20) + " MiB")
}

// hashAll is the SHA-256 of everything, given up when the context ends.
func hashAll(ctx context.Context, r io.Reader) ([]byte, error) {
	sum := sha256.New()
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if _, err := io.CopyN(sum, r, 4<<20); errors.Is(err, io.EOF) {
			return sum.Sum(nil), nil
		} else if err != nil {
			return nil, err
		}
	}
}
