package artifact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sizes and signatures of the records of a zip, from sections 4.3.12 to 4.3.16
// of the ZIP specification (APPNOTE.TXT 6.3.10).
const (
	headerLen   = 46
	endLen      = 22
	end64Len    = 56
	locatorLen  = 20
	maxComment  = 1<<16 - 1
	localMagic  = "PK\x03\x04"
	headerMagic = "PK\x01\x02"
	endMagic    = "PK\x05\x06"
	end64Magic  = "PK\x06\x06"
	locMagic    = "PK\x06\x07"
)

// maxDirectory bounds the size of a central directory, and of all paths in a
// folder together. Names, extra fields and comments may be 64 KiB each, so
// counting entries alone would not bound memory.
func maxDirectory(limits Limits) int64 { return int64(limits.Entries)*entryBytes + 1<<20 }

// entryBytes is what maxDirectory allows an entry, on average.
const entryBytes = 160

var (
	errNoDirectory = errors.New("has no zip central directory")
	errDamaged     = errors.New("has a damaged zip central directory")
	errTwo         = fmt.Errorf("%w: it has two, and tools differ in which one they read", errDamaged)
)

// directory is where a zip's central directory lies. It is found without
// holding more than a buffer, before archive/zip, which allocates for every
// entry and does not believe the declared count, is let near it.
type directory struct {
	// base is where the archive begins: offsets count from it, and data put in
	// front of a zip moves it.
	base int64
	// start and end are the first header and the end of the last one.
	start, end int64
	// offsets has for each entry the place of its data after base, for reading
	// in order; 0xffffffff for one beyond 4 GiB.
	offsets []uint32
}

// readDirectory finds and measures the central directory.
func readDirectory(r io.ReaderAt, size int64, limits Limits) (*directory, error) {
	end, err := findEnd(r, size)
	if err != nil {
		return nil, err
	}
	if end.size > uint64(size) || end.offset > uint64(size) {
		return nil, errDamaged
	}
	d := &directory{base: end.at - int64(end.size) - int64(end.offset)}
	if d.base != 0 && hasMagic(r, int64(end.offset), headerMagic) {
		if hasMagic(r, end.at-int64(end.size), headerMagic) {
			return nil, errTwo // most tools go by the size, archive/zip by the offset
		}
		d.base = 0 // the size is wrong, the offset isn't: archive/zip reads it so
	}
	d.start = d.base + int64(end.offset)
	if d.base < 0 || d.start > end.at {
		return nil, errDamaged
	}
	if err := d.scan(r, end.at, limits); err != nil {
		return nil, err
	}
	// The count has 16 bits, and some writers let it overflow.
	if uint16(len(d.offsets)) != uint16(end.entries) {
		return nil, fmt.Errorf("%w: it declares %d entries and holds %d", errDamaged, end.entries, len(d.offsets))
	}
	return d, nil
}

// scan goes through the headers up to the first thing that isn't one.
func (d *directory) scan(r io.ReaderAt, limit int64, limits Limits) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r, d.start, limit-d.start), 64<<10)
	maxBytes := maxDirectory(limits)
	d.end = d.start
	for {
		header, err := in.Peek(headerLen)
		if err != nil && err != io.EOF {
			return err
		}
		if len(header) < headerLen || string(header[:4]) != headerMagic {
			return nil
		}
		d.offsets = append(d.offsets, binary.LittleEndian.Uint32(header[42:]))
		length := headerLen + int(binary.LittleEndian.Uint16(header[28:])) +
			int(binary.LittleEndian.Uint16(header[30:])) + int(binary.LittleEndian.Uint16(header[32:]))
		d.end += int64(length)
		if len(d.offsets) > limits.Entries || d.end-d.start > maxBytes {
			return &LimitError{Limit: limits.key(limitEntries), Value: int64(len(d.offsets)), Max: int64(limits.Entries)}
		}
		if n, err := in.Discard(length); err != nil {
			if n < length && errors.Is(err, io.EOF) {
				return errDamaged
			}
			return err
		}
	}
}

// endRecord is the end of central directory record, or the zip64 one.
type endRecord struct {
	at                    int64 // where it begins
	entries, size, offset uint64
}

// findEnd finds the last end record whose comment fits into the file. If data
// follows that comment, none before it may have one that reaches to the end.
func findEnd(r io.ReaderAt, size int64) (endRecord, error) {
	short := int64(-1) // place of the last one whose comment ends early
	var rec []byte
	for _, tail := range []int64{1 << 10, endLen + maxComment} {
		tail = min(tail, size)
		buf := make([]byte, tail)
		if err := readFullAt(r, buf, size-tail); err != nil {
			return endRecord{}, err
		}
		for i := len(buf) - endLen; i >= 0; i-- {
			if string(buf[i:i+4]) != endMagic {
				continue
			}
			here := buf[i : i+endLen]
			end := i + endLen + int(binary.LittleEndian.Uint16(here[20:]))
			switch {
			case end > len(buf): // the signature happens to be inside something else
			case end < len(buf) && short < 0:
				short, rec = size-tail+int64(i), here
			case end == len(buf) && short >= 0:
				return endRecord{}, errTwo
			case end == len(buf):
				return readEnd(r, here, size-tail+int64(i))
			}
		}
	}
	if short < 0 {
		return endRecord{}, errNoDirectory
	}
	return readEnd(r, rec, short)
}

func readEnd(r io.ReaderAt, rec []byte, at int64) (endRecord, error) {
	e := endRecord{
		at:      at,
		entries: uint64(binary.LittleEndian.Uint16(rec[10:])),
		size:    uint64(binary.LittleEndian.Uint32(rec[12:])),
		offset:  uint64(binary.LittleEndian.Uint32(rec[16:])),
	}
	locator := make([]byte, locatorLen)
	if at < locatorLen || readFullAt(r, locator, at-locatorLen) != nil || string(locator[:4]) != locMagic {
		return e, nil // not zip64: the values are what they say
	}
	e64, err := readEnd64(r, at, binary.LittleEndian.Uint64(locator[8:]))
	saturated := e.entries == 1<<16-1 || e.size == 1<<32-1 || e.offset == 1<<32-1
	switch {
	case errors.Is(err, errNoDirectory) && !saturated:
		return e, nil
	case errors.Is(err, errNoDirectory):
		return endRecord{}, errDamaged
	case err != nil:
		return endRecord{}, err
	}
	// Some tools believe one record and some the other.
	if e.entries != 1<<16-1 && e.entries != e64.entries || e.size != 1<<32-1 && e.size != e64.size ||
		e.offset != 1<<32-1 && e.offset != e64.offset {
		return endRecord{}, errTwo
	}
	return e64, nil
}

// readEnd64 reads the zip64 record that belongs to the end record at a place. It
// usually stands right before its locator; the declared offset is off when data
// was put in front of the archive.
func readEnd64(r io.ReaderAt, at int64, declared uint64) (endRecord, error) {
	found := endRecord{at: -1}
	for _, at64 := range []int64{at - locatorLen - end64Len, int64(min(declared, uint64(at)))} {
		rec := make([]byte, end64Len)
		if at64 < 0 || at64 == found.at || readFullAt(r, rec, at64) != nil || string(rec[:4]) != end64Magic {
			continue
		}
		if found.at >= 0 {
			return endRecord{}, errTwo
		}
		found = endRecord{
			at:      at64,
			entries: binary.LittleEndian.Uint64(rec[32:]),
			size:    binary.LittleEndian.Uint64(rec[40:]),
			offset:  binary.LittleEndian.Uint64(rec[48:]),
		}
	}
	if found.at < 0 {
		return endRecord{}, errNoDirectory
	}
	return found, nil
}

func hasMagic(r io.ReaderAt, at int64, magic string) bool {
	buf := make([]byte, len(magic))
	return readFullAt(r, buf, at) == nil && string(buf) == magic
}

// readFullAt fills buf. A file that ends early gives io.ErrUnexpectedEOF.
func readFullAt(r io.ReaderAt, buf []byte, at int64) error {
	n, err := r.ReadAt(buf, at)
	if n == len(buf) {
		return nil
	}
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
