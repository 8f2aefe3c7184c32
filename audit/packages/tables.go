package packages

import (
	"fmt"
	"io"
)

// maxProgramReads bounds, in bytes, what is read of one program: its tables
// and its build information, never its code. It holds off tables that claim
// absurd sizes.
const maxProgramReads = 64 << 20

var errBudget = fmt.Errorf("has tables that take more than %d bytes to read", maxProgramReads)

// maxKeptRead and maxKept bound, in bytes, the reads that are kept.
const (
	maxKeptRead = 64 << 10
	maxKept     = 4 << 20
)

// tables reads a program's tables. It remembers small reads: debug/buildinfo
// reads the tables anew, and in a large compressed file going back means
// inflating from the start. After maxProgramReads bytes it fails.
type tables struct {
	r          io.ReaderAt
	read, held int
	seen       map[span][]byte
}

type span struct {
	at   int64
	size int
}

// ReadAt reads like the reader below.
func (t *tables) ReadAt(p []byte, at int64) (int, error) {
	if kept, ok := t.seen[span{at, len(p)}]; ok {
		return copy(p, kept), nil
	}
	if t.read += len(p); t.read > maxProgramReads {
		return 0, errBudget
	}
	n, err := t.r.ReadAt(p, at)
	if err == nil && n == len(p) && n <= maxKeptRead && t.held+n <= maxKept {
		if t.seen == nil {
			t.seen = map[span][]byte{}
		}
		t.seen[span{at, n}] = append([]byte(nil), p...)
		t.held += n
	}
	return n, err
}
