// Package artifact opens what was built, a folder, a zip or a container image,
// as one thing whose files are offered one by one. Nothing is unpacked to disk
// but single files of an image (see [OpenImage]), and whatever the
// artifact holds is taken as hostile: memory, names, links and nesting are
// bounded (see [Limits]), and a part that can't be examined is a problem that
// is reported, never left out.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/lambdagate/lambdagate/audit"
)

// Open opens a folder, a zip archive or a container image, or a link to one. The
// caller closes it. A folder with the files oci-layout and index.json is an OCI
// image layout. A tar archive is a docker-archive if it has a manifest.json, and
// an archived OCI image layout if it has an index.json.
//
// An error wraps fs.ErrNotExist if there is nothing at path; any other one says
// in a sentence why what is there can't be examined. It is a *LimitError if the
// zip declares more than the limits allow.
//
// The digest of a zip is the SHA-256 of its bytes. That of a folder is the
// SHA-256 of a listing, sorted by path, with a line for each regular file and
// each symbolic link; no field can hold a NUL byte:
//
//	file NUL path NUL "x" or "-" NUL size NUL SHA-256 of the content in hex LF
//	link NUL path NUL target LF
//
// where "x" means that somebody may execute the file. Times, owners and the
// other permission bits don't count, nor do empty folders. That of an image is
// described at [OpenImage].
func Open(ctx context.Context, path string, limits Limits) (audit.Artifact, error) {
	return OpenPlatform(ctx, path, "", limits)
}

// OpenPlatform is Open with the platform, as os/arch[/variant], for which an
// image is wanted; empty means the only one, or else linux/amd64. Folders and
// zips have none.
func OpenPlatform(ctx context.Context, path, platform string, limits Limits) (audit.Artifact, error) {
	stat, err := os.Stat(path)
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("%q can't be opened: %w", path, fs.ErrNotExist) // below a file there is nothing
	}
	if err != nil {
		return nil, fmt.Errorf("%q can't be opened: %w", path, cause(err))
	}
	// Returned one by one: a nil *zipArtifact must not become a non-nil Artifact.
	if stat.IsDir() && isLayout(path) {
		return OpenOCI(ctx, path, platform, limits)
	}
	if stat.IsDir() {
		folder, err := openFolder(path, limits)
		if err != nil {
			return nil, err
		}
		return folder, nil
	}
	if !stat.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is neither a folder nor a zip archive", path)
	}
	if head := headOf(path); isTar(head) || isCompressedTar(path, head) {
		return openTarImage(ctx, path, platform, limits)
	}
	z, err := openZip(ctx, path, limits)
	if err != nil {
		return nil, err
	}
	return z, nil
}

// Unopened is an artifact that could not be opened: its walk returns err, so
// that a report can still name it.
func Unopened(path string, err error) audit.Artifact {
	return &unopened{identity: identity{path: path}, err: err}
}

type unopened struct {
	identity
	err error
}

func (u *unopened) Kind() audit.Kind { return "" }

func (u *unopened) Walk(context.Context, func(context.Context, audit.File) error, func(audit.Problem)) error {
	return u.err
}

func (u *unopened) FS() fs.FS { return noFS{u.err} }

func (u *unopened) Close() error { return nil }

// noFS has nothing in it.
type noFS struct{ err error }

func (n noFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: n.err}
}
