package artifact

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// layerChunk is how many bytes of a layer are handed over at a time, and
	// layerChunks how many such pieces there are.
	layerChunk  = 256 << 10
	layerChunks = 6
	// maxWindow is the largest window in bytes that a zstd layer may ask for:
	// that of the tool's highest level, 27 bits.
	maxWindow = 128 << 20
)

// layer is a layer of an image as it is stored.
type layer struct {
	audit.ImageLayer
	size   int64 // of the blob
	stored v1.Layer
}

// describe names the layer in an error about it.
func (l *layer) describe(err error) error {
	return fmt.Errorf("layer %d (%s) %w", l.Number, l.DiffID, err)
}

var (
	errShortLayer = errors.New("is cut short")
	errLongLayer  = errors.New("is larger than its manifest says")
	errBlobDigest = errors.New("doesn't match its digest")
	errDiffID     = errors.New("doesn't match its diff id")
	errNoTar      = errors.New("is not a tar archive, or a damaged one")
	errLayerData  = errors.New("holds damaged compressed data")
)

// layerReader gives the uncompressed bytes of a layer. One goroutine reads and
// inflates ahead while the caller hashes and parses; when the stream ends,
// verify compares sizes and digests with what manifest and config say.
type layerReader struct {
	layer  *layer
	cancel context.CancelFunc
	ctx    context.Context
	ended  chan struct{} // when the goroutine has
	chunks chan []byte   // full ones
	free   chan []byte

	chunk []byte // that is being read
	rest  []byte // what is left of it
	sum   hash.Hash
	count int64
	// charge is told how many more bytes are about to be read.
	charge func(n int64) error

	// These are the goroutine's until ended is closed.
	err  error // nil at the regular end
	blob blobSum
}

// blobSum hashes and counts a blob while it is read.
type blobSum struct {
	r     io.Reader
	sum   hash.Hash
	count int64
	limit int64
	err   error // what ended it, but for the regular end
}

func (b *blobSum) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.sum.Write(p[:n])
	if b.count += int64(n); b.count > b.limit {
		b.err = errLongLayer
		return n, b.err
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// openLayer begins to read a layer. The caller closes the reader.
func openLayer(ctx context.Context, l *layer, charge func(n int64) error) (*layerReader, error) {
	stored, err := l.stored.Compressed()
	if err != nil {
		return nil, l.describe(fmt.Errorf("can't be opened: %w", cause(err)))
	}
	r := &layerReader{
		layer: l, ended: make(chan struct{}), chunks: make(chan []byte, layerChunks),
		free: make(chan []byte, layerChunks), sum: sha256.New(), charge: charge,
		blob: blobSum{r: stored, sum: sha256.New(), limit: l.size},
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	for range layerChunks {
		r.free <- nil // allocated when first needed
	}
	// Closing the blob ends a read that waits for a network.
	unblock := context.AfterFunc(r.ctx, func() { _ = stored.Close() })
	go func() {
		defer close(r.ended)
		defer close(r.chunks)
		r.err = r.inflate()
		if unblock() {
			_ = stored.Close() // it was only read
		}
	}()
	return r, nil
}

// inflate reads the blob to its end.
func (r *layerReader) inflate() error {
	in := bufio.NewReaderSize(&r.blob, layerChunk)
	plain, stop, err := decompressor(in)
	if err != nil {
		return err
	}
	defer stop()
	for {
		var chunk []byte
		select {
		case chunk = <-r.free:
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
		if chunk == nil {
			chunk = make([]byte, layerChunk)
		}
		n, err := fill(plain, chunk[:layerChunk])
		if n > 0 {
			r.chunks <- chunk[:n] // there is room: the pieces are as many
		}
		if err == io.EOF {
			_, err = io.Copy(io.Discard, in)
			return err
		}
		if err != nil {
			return err
		}
	}
}

// fill reads until buf is full or r fails. Unlike io.ReadFull it leaves errors
// as they are, which tells the end of a stream from one that is cut off.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var more int
		more, err = r.Read(buf[n:])
		n += more
	}
	return n, err
}

// decompressor looks at how a layer is compressed rather than at its media
// type, as container engines do.
func decompressor(in *bufio.Reader) (r io.Reader, stop func(), err error) {
	magic, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte(gzipMagic)):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		return z, func() {}, nil
	case string(magic) == zstdMagic:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return in, func() {}, nil
}

// Read implements io.Reader on the uncompressed layer.
func (r *layerReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *layerReader) next() error {
	if r.chunk != nil {
		r.free <- r.chunk[:layerChunk]
		r.chunk = nil
	}
	select {
	case chunk, ok := <-r.chunks:
		if !ok {
			if r.err != nil {
				return r.err
			}
			return io.EOF
		}
		if err := r.charge(int64(len(chunk))); err != nil {
			return err
		}
		r.sum.Write(chunk)
		r.count += int64(len(chunk))
		r.chunk, r.rest = chunk, chunk
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// verify reads what is left and compares.
func (r *layerReader) verify() error {
	for {
		if err := r.next(); err == io.EOF {
			break
		} else if err != nil {
			return r.explain(err)
		}
	}
	switch {
	case r.blob.count < r.layer.size:
		return r.layer.describe(errShortLayer)
	case digestOf(r.blob.sum) != r.layer.Digest:
		return r.layer.describe(errBlobDigest)
	case digestOf(r.sum) != r.layer.DiffID:
		return r.layer.describe(errDiffID)
	}
	return nil
}

// explain says in terms of the layer why it can't be read on.
func (r *layerReader) explain(err error) error {
	var limit *LimitError
	var spool *spoolError
	switch {
	case r.ctx.Err() != nil, errors.As(err, &spool):
		return err
	case errors.As(err, &limit):
		return r.layer.describe(limit)
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		// Damage is told as what it is.
		if err := r.verify(); err != nil {
			return err
		}
		return r.layer.describe(errNoTar)
	}
	r.cancel()
	<-r.ended
	switch {
	case errors.Is(r.blob.err, errLongLayer):
		return r.layer.describe(errLongLayer)
	case r.blob.err != nil:
		return r.layer.describe(fmt.Errorf("can't be read: %w", cause(r.blob.err)))
	case r.err == nil && digestOf(r.blob.sum) != r.layer.Digest && r.blob.count == r.layer.size:
		return r.layer.describe(errBlobDigest)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return r.layer.describe(errShortLayer)
	}
	return r.layer.describe(fmt.Errorf("%w: %w", errLayerData, err))
}

// Close ends the reading and waits for it.
func (r *layerReader) Close() error {
	r.cancel()
	<-r.ended
	return nil
}

func digestOf(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }
