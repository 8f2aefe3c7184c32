package artifact

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/lambdagate/lambdagate/audit"
)

// content is where the bytes of a file come from.
type content interface {
	open() (io.ReadCloser, error)
	readerAt() (audit.ReadAtCloser, error)
}

// file implements audit.File.
type file struct {
	info    audit.FileInfo
	content content
	// whole is all of it, if isWhole.
	whole   []byte
	isWhole bool
}

func (f *file) Info() audit.FileInfo { return f.info }

func (f *file) Bytes() ([]byte, bool, error) { return f.whole, f.isWhole, nil }

func (f *file) Open() (io.ReadCloser, error) {
	if f.isWhole {
		return io.NopCloser(bytes.NewReader(f.whole)), nil
	}
	return f.content.open()
}

func (f *file) ReaderAt() (audit.ReadAtCloser, error) {
	if f.isWhole {
		return closeNothing{bytes.NewReader(f.whole)}, nil
	}
	return f.content.readerAt()
}

// closeNothing is a reader over something that its owner closes.
type closeNothing struct{ io.ReaderAt }

func (closeNothing) Close() error { return nil }

// zipContent is an entry of an archive.
type zipContent struct {
	// ctx is that of the walk: a file is valid during its visit only.
	ctx  context.Context
	file *zip.File
	view *view
}

func (c zipContent) open() (io.ReadCloser, error) {
	r, err := c.file.Open()
	if err != nil {
		return nil, err
	}
	return cancelled{c.ctx, r}, nil
}

func (c zipContent) readerAt() (audit.ReadAtCloser, error) {
	size := int64(c.file.UncompressedSize64)
	if c.file.Method == zip.Store && c.file.CompressedSize64 == c.file.UncompressedSize64 {
		offset, err := c.file.DataOffset()
		if err != nil {
			return nil, err
		}
		return closeNothing{io.NewSectionReader(c.view, offset, size)}, nil
	}
	return &forwardReader{open: c.open, size: size, window: defaultWindow}, nil
}

// cancelled is a reader that ends with its context.
type cancelled struct {
	ctx context.Context
	io.ReadCloser
}

func (c cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.ReadCloser.Read(p)
}

// readWhole fills buf and expects the stream to end there.
func readWhole(r io.Reader, buf []byte) error {
	if _, err := io.ReadFull(r, buf); err != nil {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if err := expectEnd(r); err != io.EOF {
		return err
	}
	return nil
}

// reason says in a clause that follows the path why a file can't be read.
func reason(err error) string {
	var limit *LimitError
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &limit):
		return limit.reason()
	case errors.Is(err, zip.ErrChecksum):
		return "doesn't match its CRC-32 checksum"
	case errors.Is(err, zip.ErrFormat):
		return "has a damaged local header, or is larger than declared"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "ends before its declared size"
	case errors.As(err, &corrupt):
		return "holds damaged deflate data"
	case errors.Is(err, errLonger), errors.Is(err, errChanged):
		return err.Error()
	}
	return fmt.Sprintf("can't be read: %v", cause(err))
}

// errChanged means that a file is not what it was when the walk began.
var errChanged = errors.New("changed while it was being read")

// cause drops the operation and the path that package os puts before an error,
// where the message names the path itself.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
