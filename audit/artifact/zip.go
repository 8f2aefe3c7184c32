package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/lambdagate/lambdagate/audit"
)

// zipArtifact is a zip on disk. It is read in place.
type zipArtifact struct {
	identity
	limits Limits
	file   *os.File
	stat   fs.FileInfo
	index  *index
}

// identity is what every artifact keeps of itself.
type identity struct {
	path string // as the user gave it

	mu     sync.Mutex
	digest audit.Digest
}

// Name is the base name; that of the working directory for ".".
func (id *identity) Name() string {
	if abs, err := filepath.Abs(id.path); err == nil {
		return filepath.Base(abs)
	}
	return filepath.Base(id.path)
}

// Digest is zero until a walk has read everything.
func (id *identity) Digest() audit.Digest {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.digest
}

func (id *identity) setDigest(d audit.Digest) {
	id.mu.Lock()
	defer id.mu.Unlock()
	id.digest = d
}

func openZip(ctx context.Context, path string, limits Limits) (*zipArtifact, error) {
	f, err := os.OpenFile(path, readOnly, 0)
	if err != nil {
		return nil, fmt.Errorf("%q can't be opened: %w", path, cause(err))
	}
	z := &zipArtifact{identity: identity{path: path}, limits: limits, file: f}
	if err := z.read(ctx); err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	return z, nil
}

// read parses the central directory.
func (z *zipArtifact) read(ctx context.Context) error {
	var err error
	if z.stat, err = z.file.Stat(); err != nil {
		return fmt.Errorf("%q can't be read: %w", z.path, cause(err))
	}
	if !z.stat.Mode().IsRegular() {
		return fmt.Errorf("%q is neither a folder nor a zip archive", z.path)
	}
	size := z.stat.Size()
	if size == 0 {
		return fmt.Errorf("%q is empty", z.path)
	}
	d, err := readDirectory(z.file, size, z.limits)
	if errors.Is(err, errNoDirectory) {
		return z.noZip()
	}
	if err == nil {
		z.index, err = d.index(ctx, z.file, "", z.limits)
	}
	if err != nil {
		return z.describe(err)
	}
	if z.index.found == 0 {
		return fmt.Errorf("%q holds no files", z.path)
	}
	z.index.noteDoubles()
	return nil
}

// noZip says what a file without a central directory is.
func (z *zipArtifact) noZip() error {
	switch {
	case hasMagic(z.file, 0, localMagic):
		return fmt.Errorf("%q is truncated: no zip central directory", z.path)
	case hasArchiveExtension(z.path):
		return fmt.Errorf("%q is named %s but is not a zip archive", z.path, filepath.Ext(z.path))
	}
	return fmt.Errorf("%q is neither a folder nor a zip archive", z.path)
}

// describe names the zip in an error about all of it.
func (z *zipArtifact) describe(err error) error {
	var limit *LimitError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &limit):
		return fmt.Errorf("%q: %w", z.path, err)
	case errors.Is(err, errDamaged):
		return fmt.Errorf("%q %w", z.path, err)
	}
	return fmt.Errorf("%q can't be read: %w", z.path, cause(err))
}

func (z *zipArtifact) Kind() audit.Kind { return audit.KindZip }

// Links are the zip's own; those in nested archives are not followed.
func (z *zipArtifact) Links() []string { return z.index.inside() }

func (z *zipArtifact) FS() fs.FS { return zipFS{z.index} }

func (z *zipArtifact) Close() error { return z.file.Close() }

// Walk reads the entries on several goroutines while another hashes the zip.
func (z *zipArtifact) Walk(ctx context.Context, visit func(context.Context, audit.File) error, problem func(audit.Problem)) error {
	z.setDigest(audit.Digest{})
	w := &walk{limits: z.limits, meter: &meter{limits: z.limits}, visit: visit, problem: problem}
	bill := &account{packed: z.stat.Size()}
	if err := w.meter.charge(bill, int64(z.index.all), z.index.bytes); err != nil {
		return err
	}
	for _, p := range z.index.problems {
		problem(p)
	}
	for i := range z.index.entries {
		if other := z.index.otherLocal(&z.index.entries[i]); other != "" {
			problem(audit.Problem{Path: z.index.entries[i].path, Reason: other})
		}
	}
	hashing, stop := context.WithCancel(ctx)
	defer stop()
	var digest audit.Digest
	var hashErr error
	var running sync.WaitGroup
	running.Go(func() { digest, hashErr = z.hash(hashing) })
	order := z.index.largestFirst()
	err := w.each(ctx, len(order), func(ctx context.Context, own *worker, i int) error {
		it := z.index.item(ctx, order[i], "")
		it.account = bill
		return own.offer(ctx, it)
	})
	if err != nil {
		stop()
	}
	running.Wait()
	if err == nil {
		err = z.finish(digest, hashErr)
	}
	return err
}

// finish keeps the digest, unless the file was written to meanwhile: then it is
// not known to be that of what was visited.
func (z *zipArtifact) finish(digest audit.Digest, err error) error {
	if err != nil {
		return z.describe(err)
	}
	now, err := z.file.Stat()
	if err != nil {
		return z.describe(err)
	}
	if now.Size() != z.stat.Size() || !now.ModTime().Equal(z.stat.ModTime()) {
		return fmt.Errorf("%q %w", z.path, errChanged)
	}
	z.setDigest(digest)
	return nil
}

// hash gives the digest of the zip's bytes.
func (z *zipArtifact) hash(ctx context.Context) (audit.Digest, error) {
	sum := sha256.New()
	section := io.NopCloser(io.NewSectionReader(z.file, 0, z.stat.Size()))
	if _, err := io.CopyBuffer(sum, cancelled{ctx, section}, make([]byte, 256<<10)); err != nil {
		return audit.Digest{}, err
	}
	return audit.Digest{
		SHA256:     "sha256:" + hex.EncodeToString(sum.Sum(nil)),
		CodeSHA256: base64.StdEncoding.EncodeToString(sum.Sum(nil)),
	}, nil
}
