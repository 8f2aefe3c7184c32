package artifact

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync/atomic"

	"github.com/lambdagate/lambdagate/audit"
)

// folderArtifact is a folder, opened so that no path leads out of it.
type folderArtifact struct {
	identity
	limits Limits
	root   *os.Root
	links  []string // that lead to a place inside, once it was listed
}

func openFolder(name string, limits Limits) (*folderArtifact, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("%q can't be opened: %w", name, cause(err))
	}
	return &folderArtifact{identity: identity{path: name}, limits: limits, root: root}, nil
}

func (f *folderArtifact) Kind() audit.Kind { return audit.KindFolder }

func (f *folderArtifact) Links() []string { return f.links }

func (f *folderArtifact) FS() fs.FS { return folderFS{f.root} }

func (f *folderArtifact) Close() error { return f.root.Close() }

// Walk lists the folder and then reads its files on several goroutines.
func (f *folderArtifact) Walk(ctx context.Context, visit func(context.Context, audit.File) error, problem func(audit.Problem)) error {
	f.setDigest(audit.Digest{})
	l, err := list(ctx, f.root, f.limits)
	if err != nil {
		return f.describe(err)
	}
	f.links = l.inside
	var incomplete atomic.Bool
	w := &walk{limits: f.limits, meter: &meter{limits: f.limits}, visit: visit, problem: func(p audit.Problem) {
		incomplete.Store(true)
		problem(p)
	}}
	if err := w.meter.charge(nil, int64(l.entries), l.bytes); err != nil {
		return err
	}
	for _, p := range l.problems {
		w.problem(p)
	}
	switch {
	case len(l.files) == 0 && len(l.problems) > 0:
		return fmt.Errorf("%q holds no file that can be read; first %q %s", f.path, l.problems[0].Path, l.problems[0].Reason)
	case len(l.files) == 0:
		return fmt.Errorf("%q holds no files", f.path)
	}
	sums := make([][sha256.Size]byte, len(l.files))
	groups := l.groups()
	err = w.each(ctx, len(groups), func(ctx context.Context, own *worker, i int) error {
		return f.group(ctx, own, groups[i], sums[groups[i].first:])
	})
	if err != nil {
		return err
	}
	if !incomplete.Load() {
		f.setDigest(l.digest(sums))
	}
	return nil
}

// group offers the files of a group. Their folder is opened once, since opening
// a file from the root opens every folder on the way.
func (f *folderArtifact) group(ctx context.Context, own *worker, g group, sums [][sha256.Size]byte) error {
	folder, err := f.root.OpenRoot(path.Dir(g.files[0].path))
	if err != nil {
		for _, e := range g.files {
			if err := own.failed(ctx, e.path, err); err != nil {
				return err
			}
		}
		return nil
	}
	defer func() { _ = folder.Close() }() // it was only read
	for i, e := range g.files {
		err := own.offer(ctx, item{
			info:    audit.FileInfo{Path: e.path, Size: e.size, Mode: e.mode},
			content: diskContent{ctx: ctx, folder: folder, name: path.Base(e.path), size: e.size},
			seen:    func(c *file) (err error) { sums[i], err = checksum(c); return err },
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// describe names the folder in an error about all of it.
func (f *folderArtifact) describe(err error) error {
	var limit *LimitError
	if errors.As(err, &limit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%q can't be read: %w", f.path, cause(err))
}

// checksum is the SHA-256 of a file's content.
func checksum(c *file) (sum [sha256.Size]byte, err error) {
	if c.isWhole {
		return sha256.Sum256(c.whole), nil
	}
	r, err := c.Open()
	if err != nil {
		return sum, err
	}
	defer func() { _ = r.Close() }() // it was only read
	hash := sha256.New()
	n, err := io.CopyBuffer(hash, r, make([]byte, 256<<10))
	if err != nil {
		return sum, err
	}
	if n != c.info.Size {
		return sum, errChanged
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// digest hashes the listing that [Open] describes.
func (l *listing) digest(sums [][sha256.Size]byte) audit.Digest {
	hash := sha256.New()
	out := bufio.NewWriter(hash)
	links := l.links
	for i, f := range l.files {
		for ; len(links) > 0 && links[0].path < f.path; links = links[1:] {
			_, _ = fmt.Fprintf(out, "link\x00%s\x00%s\n", links[0].path, links[0].target) // a hash doesn't fail
		}
		exec := "-"
		if f.mode&0o111 != 0 {
			exec = "x"
		}
		_, _ = fmt.Fprintf(out, "file\x00%s\x00%s\x00%d\x00%x\n", f.path, exec, f.size, sums[i])
	}
	for _, k := range links {
		_, _ = fmt.Fprintf(out, "link\x00%s\x00%s\n", k.path, k.target)
	}
	_ = out.Flush()
	return audit.Digest{SHA256: "sha256:" + hex.EncodeToString(hash.Sum(nil))}
}

// diskContent is a file of a folder.
type diskContent struct {
	ctx    context.Context
	folder *os.Root // that the file lies in
	name   string
	size   int64
}

func (c diskContent) openFile() (*os.File, error) {
	f, stat, err := openRegular(c.folder, c.name)
	if err != nil {
		return nil, err
	}
	if stat.IsDir() || stat.Size() != c.size {
		_ = f.Close() // it was only read
		return nil, errChanged
	}
	return f, nil
}

func (c diskContent) open() (io.ReadCloser, error) {
	f, err := c.openFile()
	if err != nil {
		return nil, err
	}
	return cancelled{c.ctx, f}, nil
}

func (c diskContent) readerAt() (audit.ReadAtCloser, error) {
	f, err := c.openFile()
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openRegular opens a file or a folder, and nothing that could block.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, readOnly, 0)
	if err != nil {
		return nil, nil, err
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() && !stat.IsDir() {
		err = &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	if err != nil {
		_ = f.Close() // the first error is the one to tell
		return nil, nil, err
	}
	return f, stat, nil
}

var errNotRegular = errors.New("neither a file nor a folder")

// folderFS is the folder as an fs.FS. Links are followed inside it.
type folderFS struct{ root *os.Root }

func (f folderFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	file, _, err := openRegular(f.root, name)
	if err != nil {
		return nil, err
	}
	return file, nil
}
