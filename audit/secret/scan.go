package secret

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// sniffLength is how much of a file decides whether it is binary; git's
	// rule of a NUL in the first 8,000 bytes, rounded up.
	sniffLength = 8 << 10
	// chunkLength is how much of a large file is held at a time.
	chunkLength = 1 << 20
)

// engine is the automaton and who wants to hear of each keyword. It is built
// once and never changes.
type engine struct {
	automaton *automaton
	detectors []detector
	keywords  []keyword
}

// keyword is a literal's length and the indices of the detectors that listen to
// it.
type keyword struct {
	length    int
	detectors []int
}

func newEngine(detectors []detector) *engine {
	e := &engine{detectors: detectors}
	var literals []string
	index := map[string]int{}
	for d, detector := range detectors {
		for _, literal := range detector.keywords {
			k, ok := index[literal]
			if !ok {
				k = len(literals)
				index[literal] = k
				literals = append(literals, literal)
				e.keywords = append(e.keywords, keyword{length: len(literal)})
			}
			e.keywords[k].detectors = append(e.keywords[k].detectors, d)
		}
	}
	e.automaton = newAutomaton(literals)
	return e
}

// match is a credential in a file.
type match struct {
	detector   *detector
	start, end int64 // offsets in the file
	// line and column are where it starts, from 1, the column in bytes.
	line, column int
	value        audit.Secret
	shown        string
	confidence   audit.Confidence
	severity     audit.Severity
	strong       bool
}

// scanner reads one file.
type scanner struct {
	engine *engine
	file   fileFacts
	// state is the automaton's after everything read so far.
	state  uint32
	lines  lineCounter
	claims claims
}

// factsOf says what can be told of a file by its path.
func factsOf(name string) fileFacts {
	base := strings.ToLower(path.Base(name))
	facts := fileFacts{npmrc: base == ".npmrc"}
	switch path.Ext(base) {
	case ".env", ".properties", ".ini", ".cfg", ".conf", ".yaml", ".yml", ".npmrc":
		facts.unquoted = true
	}
	if strings.HasPrefix(base, ".env") {
		facts.unquoted = true
	}
	return facts
}

// whole scans a file that is held in memory.
func (s *scanner) whole(ctx context.Context, data []byte) error {
	defer s.claims.settleAll()
	s.sniff(data)
	s.advance(data, 0, 0, len(data))
	return ctx.Err()
}

// stream scans a reader through a buffer of the given size, which must exceed
// lookBack and lookAhead together, and sniffLength for the kind of file to be
// told as whole does.
func (s *scanner) stream(ctx context.Context, r io.Reader, size int) error {
	// What was found before an error is a finding all the same.
	defer s.claims.settleAll()
	buffer := make([]byte, size)
	var base int64       // the offset of buffer[0] in the file
	filled, done := 0, 0 // bytes in the buffer, and those the automaton has seen
	for first := true; ; first = false {
		n, last, err := fill(r, buffer[filled:])
		filled += n
		if first {
			s.sniff(buffer[:filled])
		}
		// A keyword must have its whole window in the buffer, unless there is no
		// more to come.
		until := filled - lookAhead
		if last || err != nil {
			until = filled
		}
		s.advance(buffer[:filled], base, done, until)
		if err != nil {
			return fmt.Errorf("read at byte %d: %w", base+int64(filled), err)
		}
		if last {
			return ctx.Err()
		}
		keep := until - lookBack
		s.lines.moveTo(buffer, base, base+int64(keep))
		copy(buffer, buffer[keep:filled])
		base += int64(keep)
		filled -= keep
		done = lookBack
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// fill reads until the buffer is full or the input ends. Unlike io.ReadFull it
// tells the end from the io.ErrUnexpectedEOF of a decompressor whose input is
// cut off.
func fill(r io.Reader, buffer []byte) (n int, last bool, err error) {
	for n < len(buffer) {
		read, err := r.Read(buffer[n:])
		n += read
		if err == io.EOF {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

func (s *scanner) sniff(data []byte) {
	s.file.binary = bytes.IndexByte(data[:min(len(data), sniffLength)], 0) >= 0
}

// advance runs the automaton over data[from:until] and hands each keyword's
// window to its detectors. data begins at offset base of the file.
func (s *scanner) advance(data []byte, base int64, from, until int) {
	a := s.engine.automaton
	for {
		var hit bool
		s.state, from, hit = a.find(s.state, data[:until], from)
		if !hit {
			return
		}
		for _, k := range a.keywords(s.state) {
			s.offer(data, base, from, &s.engine.keywords[k])
		}
	}
}

// offer gives the keyword that ends before data[end] to its detectors.
func (s *scanner) offer(data []byte, base int64, end int, k *keyword) {
	lo, hi := max(0, end-lookBack), min(len(data), end+lookAhead)
	w := window{data: data[lo:hi:hi], at: end - k.length - lo, end: end - lo, file: &s.file}
	for _, d := range k.detectors {
		detector := &s.engine.detectors[d]
		f, ok := detector.check(w)
		if !ok {
			continue
		}
		start := base + int64(lo+f.start)
		s.lines.moveTo(data, base, base+int64(lo))
		line, column := s.lines.position(data, base, start)
		s.claims.add(base+int64(lo), match{
			detector: detector, start: start, end: base + int64(lo+f.end), line: line, column: column,
			value: audit.NewSecret(string(w.data[f.start:f.end])), shown: f.shown,
			confidence: f.confidence, severity: f.severity, strong: f.strong,
		})
	}
}

// lineCounter knows the line at one offset, which only moves forward, so that
// all newlines of a file are counted once.
type lineCounter struct {
	offset   int64
	newlines int
	// lineStart is the offset at which the line of offset begins.
	lineStart int64
}

// moveTo counts up to an offset; data begins at offset base and reaches beyond
// it.
func (c *lineCounter) moveTo(data []byte, base, offset int64) {
	if offset <= c.offset {
		return
	}
	passed := data[c.offset-base : offset-base]
	if n := bytes.Count(passed, []byte{'\n'}); n > 0 {
		c.newlines += n
		c.lineStart = c.offset + int64(bytes.LastIndexByte(passed, '\n')) + 1
	}
	c.offset = offset
}

// position gives line and column of an offset not before the counter's,
// without moving it.
func (c *lineCounter) position(data []byte, base, offset int64) (line, column int) {
	ahead := *c
	ahead.moveTo(data, base, offset)
	return ahead.newlines + 1, int(offset-ahead.lineStart) + 1
}
