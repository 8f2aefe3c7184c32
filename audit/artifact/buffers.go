package artifact

import "context"

const (
	// WholeFile is the largest size in bytes up to which Bytes holds a file in
	// memory; a larger one is streamed.
	WholeFile = 24 << 20
	// smallFile is the size in bytes up to which a worker uses its own buffer.
	smallFile = 1 << 20
	// bigAtOnce is how many files between smallFile and WholeFile are in memory
	// at once on the artifact's own level.
	bigAtOnce = 3
)

// pool holds the buffers for big files: a few for the artifact's own, and one
// for each level of nesting, since an archive stays in memory while its entries
// are visited. A worker waits for level n only while it holds lower levels, so
// no two can wait for each other. This bounds memory, whatever the number of
// workers and the depth of the nesting.
type pool struct{ levels []chan []byte }

func newPool(depth, workers int) *pool {
	p := &pool{}
	for level := range depth + 1 {
		slots := 1
		if level == 0 {
			slots = min(bigAtOnce, workers)
		}
		buffers := make(chan []byte, slots)
		for range slots {
			buffers <- nil // allocated when first needed
		}
		p.levels = append(p.levels, buffers)
	}
	return p
}

func (p *pool) take(ctx context.Context, level int) ([]byte, error) {
	select {
	case buf := <-p.levels[level]:
		if buf == nil {
			buf = make([]byte, WholeFile)
		}
		return buf, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) give(level int, buf []byte) { p.levels[level] <- buf }

// buffers are one worker's: its own small ones, a level each, and the pool.
type buffers struct {
	small [][]byte
	pool  *pool
}

func newBuffers(p *pool) *buffers {
	return &buffers{small: make([][]byte, len(p.levels)), pool: p}
}

// take gives size bytes, at most WholeFile, until release is called.
func (b *buffers) take(ctx context.Context, level int, size int64) (buf []byte, release func(), err error) {
	if size <= smallFile {
		if int64(len(b.small[level])) < size {
			b.small[level] = make([]byte, min(smallFile, max(64<<10, 2*size)))
		}
		return b.small[level][:size:size], func() {}, nil
	}
	big, err := b.pool.take(ctx, level)
	if err != nil {
		return nil, nil, err
	}
	return big[:size:size], func() { b.pool.give(level, big) }, nil
}
