package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

const (
	// defaultWindow is how many bytes behind the current place stay readable.
	defaultWindow = 1 << 20
	// maxRestarts bounds how often a stream is inflated again from its start:
	// parsing a real archive or executable takes a handful, and a forged one
	// must not cost hours.
	maxRestarts = 64
)

// forwardReader gives random access to a stream that can only be read from
// its start. Going back beyond the window starts it again. Its memory is two
// windows, whatever the size.
type forwardReader struct {
	open   func() (io.ReadCloser, error)
	size   int64
	window int

	mu       sync.Mutex
	stream   io.ReadCloser
	pos      int64  // of the next byte of stream
	buf      []byte // the bytes before pos
	err      error  // what ended stream early
	restarts int
	closed   bool
}

// ReadAt implements io.ReaderAt. A stream that is shorter or longer than its
// size, or fails its checksum, gives an error when its end is read.
func (f *forwardReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at offset %d", off)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, fs.ErrClosed
	}
	if off >= f.size {
		return 0, io.EOF
	}
	if err := f.rewind(off); err != nil {
		return 0, err
	}
	want := p[:min(int64(len(p)), f.size-off)]
	for n < len(want) {
		if at := off + int64(n); at < f.pos {
			n += copy(want[n:], f.buf[int64(len(f.buf))-(f.pos-at):])
			continue
		}
		if err := f.fill(); err != nil {
			return n, err
		}
	}
	switch {
	case f.err != nil && off+int64(n) == f.size:
		return n, f.err // the end was read before, and was bad
	case len(want) < len(p):
		return n, io.EOF
	}
	return n, nil
}

// rewind starts the stream, or starts it again, if off has gone by.
func (f *forwardReader) rewind(off int64) error {
	if f.stream != nil && off >= f.pos-int64(len(f.buf)) {
		return nil
	}
	if f.stream != nil {
		if f.restarts++; f.restarts > maxRestarts {
			return fmt.Errorf("it is read back and forth more than %d times", maxRestarts)
		}
		_ = f.stream.Close() // nothing more is expected of it
		f.stream = nil
	}
	stream, err := f.open()
	if err != nil {
		return err
	}
	if f.buf == nil {
		f.buf = make([]byte, 0, 2*f.window)
	}
	f.stream, f.pos, f.buf, f.err = stream, 0, f.buf[:0], nil
	return nil
}

// fill reads some more of the stream into buf.
func (f *forwardReader) fill() error {
	if f.err != nil {
		return f.err
	}
	if len(f.buf) == cap(f.buf) {
		f.buf = f.buf[:copy(f.buf, f.buf[len(f.buf)-f.window:])]
	}
	free := f.buf[len(f.buf):cap(f.buf)]
	n, err := f.stream.Read(free[:min(int64(len(free)), f.size-f.pos)])
	f.buf, f.pos = f.buf[:len(f.buf)+n], f.pos+int64(n)
	if err == nil && f.pos == f.size {
		err = expectEnd(f.stream)
	}
	if err == io.EOF && f.pos == f.size {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	f.err = err
	return err
}

// errLonger means that a stream goes on after its declared size.
var errLonger = errors.New("is larger than declared")

// expectEnd reads the end of a stream, where its checksum is compared, and
// returns io.EOF if all is well.
func expectEnd(r io.Reader) error {
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		if n > 0 {
			return errLonger
		}
		if err != nil {
			return err
		}
	}
}

// Close ends the stream.
func (f *forwardReader) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.stream == nil {
		return nil
	}
	err := f.stream.Close()
	f.stream, f.buf = nil, nil
	return err
}
