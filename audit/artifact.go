package audit

import (
	"context"
	"io"
	"io/fs"
)

// Kind says what an artifact is.
type Kind string

// The kinds of artifact.
const (
	KindFolder Kind = "folder"
	KindZip    Kind = "zip"
	KindImage  Kind = "image"
)

// Artifact is one built thing, opened for reading. Package artifact implements
// it.
type Artifact interface {
	// Name is the base name of what the user pointed at.
	Name() string
	Kind() Kind
	// Walk offers every regular file, nested archives included, to visit, from
	// several goroutines at once, and reports to problem (also concurrently)
	// what could not be offered, so that nothing is skipped silently. An error
	// of visit stops the walk. It returns when every goroutine it started has
	// ended. Its own error means that the rest of the artifact was not read.
	Walk(ctx context.Context, visit func(context.Context, File) error, problem func(Problem)) error
	// Digest identifies the content. It is known after a Walk that met no
	// error; before, or when not everything could be read, it is zero.
	Digest() Digest
	// FS is a read-only view of the artifact's own files, for looking one up by
	// name. Nested archives are plain files in it.
	FS() fs.FS
	Close() error
}

// Linker is an artifact that knows its symbolic links. The walk visits a file at
// its own place only; where a program finds it under another name, the links
// tell.
type Linker interface {
	// Links are the paths of those symbolic links that lead to a place inside the
	// artifact, sorted. FS follows them. They are known after a Walk.
	Links() []string
}

// Digest identifies an artifact's content.
type Digest struct {
	// SHA256 is "sha256:" and lower-case hex.
	SHA256 string
	// CodeSHA256 is the base64 form of a zip's SHA-256 that Lambda reports as
	// CodeSha256; empty for anything but a zip.
	CodeSHA256 string
}

// FileInfo is what is known of a file before it is read.
type FileInfo struct {
	// Path is slash-separated, relative and clean; "outer.jar!/inner" inside a
	// nested archive. It may hold any other byte: escape it for output.
	Path string
	// Size is in bytes, uncompressed.
	Size int64
	// Mode holds the permission bits; 0644 where the container has none.
	Mode fs.FileMode
	// Layer is the diff id of the image layer that holds the file, or the name
	// of the Lambda layer; empty for a function's own zip or folder.
	Layer string
	// HiddenBy is the diff id of the layer that deletes or replaces the file;
	// empty for a file of the final file system. A hidden file still ships, but
	// does not run: look at it for secrets, not for packages.
	HiddenBy string
	// Origin says whether the layer is the base image's; empty means own.
	Origin Origin
}

// File is one file of an artifact. It is valid only during the visit.
type File interface {
	Info() FileInfo
	// Bytes returns the whole content of a file that is small enough to be
	// held in memory, and ok=false for a larger one. The slice is shared between
	// inspectors and reused after the visit: don't change it, don't keep it.
	Bytes() (data []byte, ok bool, err error)
	// Open reads the content from the start; it may be called again.
	Open() (io.ReadCloser, error)
	// ReaderAt gives random access; on a large compressed file going back is
	// slow.
	ReaderAt() (ReadAtCloser, error)
}

// ReadAtCloser is random access that must be closed.
type ReadAtCloser interface {
	io.ReaderAt
	io.Closer
}

// Problem is a part of an artifact that could not be examined.
type Problem struct {
	// Path is the file, or empty for the whole artifact.
	Path string
	// Reason is a clause that follows the path.
	Reason string
}

// Target is one function about to be deployed.
type Target struct {
	// Name is the artifact's base name, the logical id in a template or the
	// function's name in AWS; never a generated one.
	Name     string
	Artifact Artifact
}
