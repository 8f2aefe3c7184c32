package artifact

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// whiteoutPrefix marks a deletion, opaqueName a folder that hides what lower
	// layers have in it; other names that begin with metaPrefix are left-overs
	// of AUFS (layer.md of the OCI image specification).
	whiteoutPrefix = ".wh."
	metaPrefix     = ".wh..wh."
	opaqueName     = ".wh..wh..opq"
	// maxImageProblems bounds what a hostile image can make us remember.
	maxImageProblems = 10_000
	// keptBytes is the size in bytes up to which a file of kept is held.
	keptBytes = 64 << 10
)

// kept says whether a file's content stays in memory for FS: those that tell
// what system it is.
func kept(name string) bool {
	return name == "etc/os-release" || name == "usr/lib/os-release" || name == "etc/passwd"
}

// scan reads the layers of an image from the top down.
type scan struct {
	walk   *walk
	layers []layer // lowest first
	pack   *packer
	tree   *tree
	bill   *account
	size   int64 // of the layers, uncompressed

	problems  int
	nameBytes int64
	counted   int // nodes of the tree that have been charged
	// dangling are hard links whose target may be in a lower layer.
	dangling map[string][]hardLink
	// revived are, for an entry of the layer at hand that has been offered as
	// hidden, the names of hard links that keep its content alive.
	revived map[int32][]string
}

type hardLink struct {
	node  *node
	path  string
	layer int32
}

// run is what a walk over an image does.
func (s *scan) run(ctx context.Context, pack *packer) error {
	s.pack = pack
	for i := len(s.layers) - 1; i >= 0; i-- {
		s.revived = map[int32][]string{}
		if err := s.read(ctx, &s.layers[i], s.charge, s.entry); err != nil {
			return err
		}
		if len(s.revived) > 0 {
			if err := s.read(ctx, &s.layers[i], s.chargeAgain, s.offerRevived); err != nil {
				return err
			}
		}
		s.tree.leave(int32(i + 1))
	}
	for target, links := range s.dangling {
		for _, l := range links {
			if err := s.problem(l.path, fmt.Sprintf("is a hard link to %q, which no layer has", target)); err != nil {
				return err
			}
		}
	}
	return nil
}

// entryFunc is told each entry of a layer; what it doesn't read is passed over.
type entryFunc func(ctx context.Context, l *layer, number int32, h *tar.Header, r io.Reader) error

// read goes through one layer and verifies it.
func (s *scan) read(ctx context.Context, l *layer, charge func(int64) error, each entryFunc) error {
	r, err := openLayer(ctx, l, charge)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	archive := tar.NewReader(r)
	for number := int32(1); ; number++ {
		h, err := archive.Next()
		if err == io.EOF {
			return r.verify()
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are judged by us
			return r.explain(err)
		}
		if err := each(ctx, l, number, h, archive); err != nil {
			return s.blame(ctx, r, err)
		}
	}
}

// blame tells an error of the layer's data from one that has been told.
func (s *scan) blame(ctx context.Context, r *layerReader, err error) error {
	var told *toldError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &told):
		return told.err
	}
	return r.explain(err)
}

// toldError is complete as it is: a limit, or too many problems.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }

func (s *scan) charge(n int64) error {
	s.size += n
	return s.walk.meter.charge(s.bill, 0, n)
}

// chargeAgain takes on a second pass over a layer, whose bytes are counted.
func (s *scan) chargeAgain(int64) error { return nil }

func (s *scan) problem(path, reason string) error {
	if s.problems++; s.problems > maxImageProblems {
		return &toldError{fmt.Errorf("has more than %d parts that can't be examined", maxImageProblems)}
	}
	s.walk.problem(audit.Problem{Path: path, Reason: reason})
	return nil
}

// entry sorts out one entry of a layer.
func (s *scan) entry(ctx context.Context, l *layer, number int32, h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil // no file: settings for those that follow
	}
	name, refused := layerName(h.Name, s.walk.limits)
	if refused != "" {
		return s.problem("", fmt.Sprintf("layer %d %s", l.Number, refused))
	}
	if err := s.take(name, h); err != nil {
		return err
	}
	if name == "" {
		s.makeFinal(&s.tree.root, place{int32(l.Number), number}, h)
		return nil
	}
	if base := path.Base(name); strings.HasPrefix(base, whiteoutPrefix) {
		return s.whiteout(ctx, l, name, h, r)
	}
	at := place{int32(l.Number), number}
	folder := h.Typeflag == tar.TypeDir
	var above []*node
	n, hider := s.tree.reach(name, folder, func(n *node) { above = append(above, n) })
	for _, n := range above {
		s.tree.note(n, makesFolder)
	}
	if folder {
		s.tree.note(n, makesFolder)
	} else {
		s.tree.note(n, covers)
	}
	if hider == 0 {
		if err := s.appear(above, n, name, at, h); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return s.regular(ctx, l, n, name, at, hider, h, r)
	case tar.TypeLink:
		return s.hardLink(n, name, at, hider, h)
	case tar.TypeDir, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return nil // nothing to read
	}
	return s.problem(name, fmt.Sprintf("is a tar entry of the unknown type %q: it was not examined", h.Typeflag))
}

// take charges what an entry costs before anything is kept of it. Names are
// bounded together, as those of a zip are.
func (s *scan) take(name string, h *tar.Header) error {
	limits := s.walk.limits
	if h.Size > limits.FileBytes {
		return &toldError{&LimitError{Limit: limits.key(limitFileBytes), Value: h.Size, Max: limits.FileBytes, Path: name}}
	}
	if s.nameBytes += int64(len(name) + len(h.Linkname)); s.nameBytes > maxDirectory(limits) {
		return &toldError{&LimitError{Limit: limits.key(limitEntries), Value: s.nameBytes / entryBytes, Max: int64(limits.Entries)}}
	}
	// Folders that only their content implies take memory too; those of the
	// entry before are counted here.
	implied := s.tree.nodes - s.counted
	s.counted = s.tree.nodes
	if err := s.walk.meter.charge(nil, int64(max(1, implied)), 0); err != nil {
		return &toldError{err}
	}
	return nil
}

// layerName turns the name of a layer's entry into a clean path below the
// image's root, "" for the root itself. An absolute name means a place below
// that root to every container engine, and some build tools write them.
func layerName(raw string, limits Limits) (name, refused string) {
	name = path.Clean(strings.TrimLeft(raw, "/"))
	switch {
	case len(raw) > limits.PathBytes:
		e := &LimitError{Limit: limitPathBytes, Value: int64(len(raw)), Max: int64(limits.PathBytes)}
		return "", fmt.Sprintf("has an entry that was not examined: its name %q… %s", raw[:min(64, len(raw))], e.reason())
	case name == "..", strings.HasPrefix(name, "../"):
		return "", fmt.Sprintf("has an entry that was not examined: its name %q leads outside the image", raw)
	case strings.Contains(raw, "\x00"):
		return "", fmt.Sprintf("has an entry that was not examined: its name %q holds a NUL byte", raw)
	case name == ".":
		return "", ""
	}
	return name, ""
}

// modeOf gives permission bits with setuid, setgid and sticky, and the type of
// what is no regular file.
func modeOf(h *tar.Header) fs.FileMode {
	mode := h.FileInfo().Mode()
	keep := fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	switch h.Typeflag {
	case tar.TypeDir:
		return mode&keep | fs.ModeDir
	case tar.TypeSymlink:
		return mode&keep | fs.ModeSymlink
	case tar.TypeChar:
		return mode&keep | fs.ModeDevice | fs.ModeCharDevice
	case tar.TypeBlock:
		return mode&keep | fs.ModeDevice
	case tar.TypeFifo:
		return mode&keep | fs.ModeNamedPipe
	}
	return mode & keep
}
