package artifact

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// spoolsAtOnce is how many files larger than WholeFile lie in temporary
	// files at once.
	spoolsAtOnce = 2
	// batchFiles bounds how many files one batch has.
	batchFiles = 512
)

// batch is some files of a layer with their content, on their way from the
// goroutine that reads layers to a worker.
type batch struct {
	files   []batched
	release func()
}

type batched struct {
	info audit.FileInfo
	data []byte   // the content, if it is held
	disk *os.File // else it is there
}

// packer turns a stream of files into batches: small files share a slab of
// smallFile bytes, one up to WholeFile has a buffer of the pool, and a larger
// one is written to a temporary file, since a layer can't be read twice at the
// same time. Slabs, buffers and temporary files are few; the reader waits for a
// worker to give one back. So memory is bounded.
type packer struct {
	out    chan<- batch
	slabs  chan []byte
	spools chan struct{}
	pool   *pool

	slab  []byte // of the batch that is being filled
	used  int
	files []batched
}

// stream runs workers on the batches that produce makes. It returns when all
// have ended, and the first error.
func (w *walk) stream(ctx context.Context, produce func(context.Context, *packer) error) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	batches := make(chan batch)
	pack := newPacker(batches, newPool(w.limits.Depth, workers()))
	var running sync.WaitGroup
	for range workers() {
		running.Go(func() {
			own := &worker{walk: w, buffers: newBuffers(pack.pool)}
			for b := range batches {
				if err := own.batch(inner, b); err != nil {
					stop(err)
				}
			}
		})
	}
	err := produce(inner, pack)
	if err == nil {
		err = pack.flush(inner)
	}
	close(batches)
	running.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case context.Cause(inner) != nil:
		return context.Cause(inner)
	}
	return err
}

// batch has files visited. A batch that comes after the end is only released.
func (w *worker) batch(ctx context.Context, b batch) error {
	defer b.release()
	for _, e := range b.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := &file{info: e.info, whole: e.data, isWhole: e.disk == nil}
		if e.disk != nil {
			f.content = spooled{ctx: ctx, file: e.disk, size: e.info.Size}
		}
		if err := w.show(ctx, f, item{info: e.info, content: f.content}); err != nil {
			return err
		}
	}
	return nil
}

func newPacker(out chan<- batch, p *pool) *packer {
	k := &packer{out: out, pool: p, slabs: make(chan []byte, workers()+2), spools: make(chan struct{}, spoolsAtOnce)}
	for range cap(k.slabs) {
		k.slabs <- nil // allocated when first needed
	}
	return k
}

// add takes a file with its content from r, which has info.Size bytes or fails.
func (k *packer) add(ctx context.Context, info audit.FileInfo, r io.Reader) error {
	switch {
	case info.Size <= smallFile:
		return k.small(ctx, info, r)
	case info.Size <= WholeFile:
		buf, err := k.pool.take(ctx, 0)
		if err != nil {
			return err
		}
		give := func() { k.pool.give(0, buf) }
		data := buf[:info.Size:info.Size]
		if err := readWhole(r, data); err != nil {
			give()
			return err
		}
		return k.send(ctx, batch{files: []batched{{info: info, data: data}}, release: give})
	}
	return k.large(ctx, info, r)
}

func (k *packer) small(ctx context.Context, info audit.FileInfo, r io.Reader) error {
	if k.used+int(info.Size) > len(k.slab) || len(k.files) == batchFiles {
		if err := k.flush(ctx); err != nil {
			return err
		}
		select {
		case k.slab = <-k.slabs:
		case <-ctx.Done():
			return ctx.Err()
		}
		if k.slab == nil {
			k.slab = make([]byte, smallFile)
		}
	}
	end := k.used + int(info.Size)
	data := k.slab[k.used:end:end]
	if err := readWhole(r, data); err != nil {
		return err
	}
	k.used = end
	k.files = append(k.files, batched{info: info, data: data})
	return nil
}

// flush sends the small files that are waiting.
func (k *packer) flush(ctx context.Context) error {
	if k.slab == nil {
		return nil
	}
	slab, files := k.slab, k.files
	k.slab, k.used, k.files = nil, 0, nil
	return k.send(ctx, batch{files: files, release: func() { k.slabs <- slab }})
}

func (k *packer) send(ctx context.Context, b batch) error {
	select {
	case k.out <- b:
		return nil
	case <-ctx.Done():
		b.release()
		return ctx.Err()
	}
}

func (k *packer) large(ctx context.Context, info audit.FileInfo, r io.Reader) error {
	select {
	case k.spools <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	f, err := os.CreateTemp("", "lambdagate-*")
	if err != nil {
		<-k.spools
		return &spoolError{err}
	}
	// Where an open file can be removed it vanishes even if the process dies.
	_ = os.Remove(f.Name())
	release := func() {
		_ = f.Close()
		_ = os.Remove(f.Name()) // gone already, or else now
		<-k.spools
	}
	if err := spool(f, r, info.Size); err != nil {
		release()
		return err
	}
	return k.send(ctx, batch{files: []batched{{info: info, disk: f}}, release: release})
}

// spool writes size bytes to f and leaves holes for zeros, of which a sparse
// file may have gigabytes.
func spool(f *os.File, r io.Reader, size int64) error {
	const chunk = 256 << 10
	buf, zeros := make([]byte, chunk), make([]byte, chunk)
	for at := int64(0); at < size; {
		part := buf[:min(chunk, size-at)]
		if _, err := io.ReadFull(r, part); err != nil {
			return err
		}
		if !bytes.Equal(part, zeros[:len(part)]) {
			if _, err := f.WriteAt(part, at); err != nil {
				return &spoolError{err}
			}
		}
		at += int64(len(part))
	}
	if err := f.Truncate(size); err != nil {
		return &spoolError{err}
	}
	return nil
}

// spoolError is a failure of the temporary file, as opposed to the image.
type spoolError struct{ err error }

func (e *spoolError) Error() string {
	return "a large file could not be kept in a temporary file: " + e.err.Error()
}

func (e *spoolError) Unwrap() error { return e.err }

// spooled is the content of a file that lies in a temporary file.
type spooled struct {
	ctx  context.Context
	file *os.File
	size int64
}

func (s spooled) open() (io.ReadCloser, error) {
	return cancelled{s.ctx, io.NopCloser(io.NewSectionReader(s.file, 0, s.size))}, nil
}

func (s spooled) readerAt() (audit.ReadAtCloser, error) {
	return closeNothing{io.NewSectionReader(s.file, 0, s.size)}, nil
}
