package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
)

// OpenDockerArchive opens an archive that docker save, podman save or a like
// tool has written. It is read in place and never unpacked; one that is
// compressed as a whole has to be decompressed first, and the error says so.
//
// The path may be followed by a colon and the name of one of the archive's
// images. The platform is os/arch[/variant]; empty means the only one, or else
// linux/amd64. The error wraps fs.ErrNotExist if there is nothing at the path.
func OpenDockerArchive(ctx context.Context, path, platform string, limits Limits) (audit.Artifact, error) {
	return openStored(ctx, path, limits, func(file, reference string) (store, loader, error) {
		s, err := openArchive(ctx, file)
		return s, dockerLoader(ctx, s, reference, platform), err
	})
}

// OpenOCI opens an OCI image layout: a folder, or a tar archive of one. Path,
// platform and error are as those of [OpenDockerArchive]; the name of an image
// is the value of its annotation org.opencontainers.image.ref.name in
// index.json, or its digest.
func OpenOCI(ctx context.Context, path, platform string, limits Limits) (audit.Artifact, error) {
	return openStored(ctx, path, limits, func(file, reference string) (store, loader, error) {
		stat, err := os.Stat(file)
		if err != nil {
			return nil, nil, err
		}
		if !stat.IsDir() {
			s, err := openArchive(ctx, file)
			return s, ociLoader(s, reference, platform), err
		}
		root, err := os.OpenRoot(file)
		s := folderStore{root}
		return s, ociLoader(s, reference, platform), err
	})
}

// openTarImage opens an image of either kind in a tar archive.
func openTarImage(ctx context.Context, path, platform string, limits Limits) (audit.Artifact, error) {
	return openStored(ctx, path, limits, func(file, reference string) (store, loader, error) {
		s, err := openArchive(ctx, file)
		switch {
		case err != nil:
			return nil, nil, err
		case s.has(dockerManifest):
			return s, dockerLoader(ctx, s, reference, platform), nil
		case s.has(ociIndex):
			return s, ociLoader(s, reference, platform), nil
		}
		_ = s.Close() // it was only read
		return nil, nil, fmt.Errorf("is a tar archive but not a container image, or one that is cut short: it has neither %q nor %q", dockerManifest, ociIndex)
	})
}

// loader finds an image in a store and the platforms of its index.
type loader func() (*storedImage, []string, error)

func dockerLoader(ctx context.Context, s store, reference, platform string) loader {
	return func() (*storedImage, []string, error) {
		d := dockerArchive{s}
		chosen, err := d.choose(reference, platform)
		if err != nil {
			return nil, nil, err
		}
		return d.load(ctx, chosen)
	}
}

func ociLoader(s store, reference, platform string) loader {
	return func() (*storedImage, []string, error) {
		o := layout{s}
		from, isIndex, err := o.choose(reference)
		if err != nil {
			return nil, nil, err
		}
		leaves, err := o.find(from, 0, new(int))
		if err != nil {
			return nil, nil, err
		}
		chosen, err := pick(leaves, platform)
		if err != nil {
			return nil, nil, err
		}
		var platforms []string
		if isIndex || from[0].MediaType.IsIndex() {
			platforms = platformNames(leaves)
		}
		image, err := o.load(chosen.Descriptor)
		return image, platforms, err
	}
}

// openStored opens what is at a path, after which the name of an image may
// stand, and makes an artifact of the image that is chosen.
func openStored(ctx context.Context, path string, limits Limits, open func(file, reference string) (store, loader, error)) (audit.Artifact, error) {
	file, reference := splitReference(path)
	s, load, err := open(file, reference)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return nil, fmt.Errorf("%q can't be opened: %w", file, cause(err))
	}
	if err != nil {
		return nil, fmt.Errorf("%q %w", file, err)
	}
	a, err := loadStored(ctx, path, file, s, load, limits)
	if err != nil {
		_ = s.Close() // it was only read
		return nil, err
	}
	return a, nil
}

func loadStored(ctx context.Context, path, file string, s store, load loader, limits Limits) (audit.Artifact, error) {
	stored, platforms, err := load()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// What is missing inside must not look as if the path were missing.
		return nil, fmt.Errorf("%q %w", file, hideNotExist{err})
	}
	img, err := stored.image()
	if err != nil {
		return nil, fmt.Errorf("%q %w", file, err)
	}
	return OpenImage(ctx, img, ImageMeta{Reference: path, Path: file, Platforms: platforms, Close: s.Close}, limits)
}

// hideNotExist is an error that is not fs.ErrNotExist, whatever caused it.
type hideNotExist struct{ err error }

func (e hideNotExist) Error() string { return e.err.Error() }

func (e hideNotExist) Unwrap() error {
	if errors.Is(e.err, fs.ErrNotExist) {
		return nil
	}
	return e.err
}

// splitReference takes the name of an image off a path. What exists as a whole
// is a path, whatever colons it has.
func splitReference(path string) (file, reference string) {
	if _, err := os.Stat(path); err == nil {
		return path, ""
	}
	for i, c := range path {
		if c != ':' {
			continue
		}
		if _, err := os.Stat(path[:i]); err == nil && i > 0 {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

// openArchive lists a tar archive. Its errors are clauses that follow the path.
func openArchive(ctx context.Context, file string) (*tarStore, error) {
	stat, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case stat.IsDir():
		return nil, errors.New("is a folder, not an archive")
	case !stat.Mode().IsRegular():
		return nil, errNotRegular
	case stat.Size() == 0:
		return nil, errors.New("is empty")
	}
	switch head := headOf(file); {
	case strings.HasPrefix(head, gzipMagic):
		return nil, errors.New("is compressed with gzip: decompress it first, with gunzip --keep, and name the result")
	case strings.HasPrefix(head, zstdMagic):
		return nil, errors.New("is compressed with zstd: decompress it first, with zstd --decompress, and name the result")
	case !isTar(head):
		return nil, errors.New("is not a tar archive")
	}
	return openTar(ctx, file)
}

// tarHeader is the size in bytes of a tar archive's first header.
const tarHeader = 512

// headOf gives the beginning of a file, nothing if it can't be read.
func headOf(file string) string {
	f, err := os.OpenFile(file, readOnly, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // it was only read
	head := make([]byte, tarHeader)
	n, _ := f.ReadAt(head, 0)
	return string(head[:n])
}

// isTar knows a tar archive by its first header (POSIX ustar and GNU).
func isTar(head string) bool {
	return len(head) == tarHeader && !strings.HasPrefix(head, localMagic) && strings.HasPrefix(head[257:], "ustar")
}

// isCompressedTar says whether a file is named like a compressed tar archive and
// is compressed; the error of opening it says what to do.
func isCompressedTar(file, head string) bool {
	name := strings.ToLower(file)
	return (strings.HasPrefix(head, gzipMagic) || strings.HasPrefix(head, zstdMagic)) &&
		(strings.Contains(name, ".tar.") || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar"))
}

// isLayout says whether a folder is an OCI image layout.
func isLayout(folder string) bool {
	for _, name := range []string{ociMark, ociIndex} {
		if stat, err := os.Stat(filepath.Join(folder, name)); err != nil || !stat.Mode().IsRegular() {
			return false
		}
	}
	return true
}
