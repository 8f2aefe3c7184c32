package artifact

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/lambdagate/lambdagate/audit"
)

// nestedSeparator stands between an archive and the path of an entry in it.
const nestedSeparator = "!/"

// walk is one walk over an artifact.
type walk struct {
	limits  Limits
	meter   *meter
	visit   func(context.Context, audit.File) error
	problem func(audit.Problem)
}

// item is a file that is about to be read.
type item struct {
	info    audit.FileInfo
	content content
	// level is the number of archives it is nested in, below the artifact.
	level int
	// account is that of the archive on disk it comes from; nil for a file of a
	// folder.
	account *account
	// seen, if set, is told the content before the visit.
	seen func(*file) error
}

// workers is how many goroutines a walk uses.
func workers() int { return min(runtime.GOMAXPROCS(0), 8) }

// each calls do for the numbers 0 to n-1, every goroutine with a worker of its
// own, and returns when all have ended. The first error stops it.
func (w *walk) each(ctx context.Context, n int, do func(context.Context, *worker, int) error) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := newPool(w.limits.Depth, workers())
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(workers(), n) {
		running.Go(func() {
			own := &worker{walk: w, buffers: newBuffers(p)}
			for inner.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(inner, own, i); err != nil {
					stop(err)
				}
			}
		})
	}
	running.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.Cause(inner)
}

// worker is one goroutine of a walk.
type worker struct {
	*walk
	buffers *buffers
}

// offer reads a file, has it visited, and then what is nested in it. Only an
// error that ends the walk is returned.
func (w *worker) offer(ctx context.Context, it item) error {
	f := &file{info: it.info, content: it.content}
	if it.info.Size <= WholeFile {
		buf, release, err := w.buffers.take(ctx, it.level, it.info.Size)
		if err != nil {
			return err
		}
		defer release()
		if err := load(it.content, buf); err != nil {
			return w.failed(ctx, it.info.Path, err)
		}
		f.whole, f.isWhole = buf, true
	}
	if it.seen != nil {
		if err := it.seen(f); err != nil {
			return w.failed(ctx, it.info.Path, err)
		}
	}
	return w.show(ctx, f, it)
}

// show has a file visited, and then what is nested in it.
func (w *worker) show(ctx context.Context, f *file, it item) error {
	if err := w.visit(ctx, f); err != nil {
		return err
	}
	return w.descend(ctx, f, it)
}

// failed reports a file that can't be read, unless the walk is to end.
func (w *worker) failed(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.problem(audit.Problem{Path: path, Reason: reason(err)})
	return nil
}

func load(c content, buf []byte) error {
	r, err := c.open()
	if err != nil {
		return err
	}
	if err := readWhole(r, buf); err != nil {
		_ = r.Close() // the read error is the one to tell
		return err
	}
	return r.Close()
}
