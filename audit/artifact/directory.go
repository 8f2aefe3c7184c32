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

// entryBytes bounds the size of a central directory, in bytes for each entry
// that limits.entries allows. Names, extra fields and comments may be 64 KiB
// each, so counting entries alone would not bound memory.
const entryBytes = 160

var (
	errNoDirectory = errors.New("has no zip central directory")
	errDamaged     = errors.New("has a damaged zip central directory")
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
	maxBytes := int64(limits.Entries)*entryBytes + 1<<20
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

// findEnd finds the last end record whose comment fits into the file.
func findEnd(r io.ReaderAt, size int64) (endRecord, error) {
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
			rec := buf[i : i+endLen]
			if i+endLen+int(binary.LittleEndian.Uint16(rec[20:])) > len(buf) {
				continue // the signature happens to be inside something else
			}
			return readEnd(r, rec, size-tail+int64(i))
		}
	}
	return endRecord{}, errNoDirectory
}

func readEnd(r io.ReaderAt, rec []byte, at int64) (endRecord, error) {
	e := endRecord{
		at:      at,
		entries: uint64(binary.LittleEndian.Uint16(rec[10:])),
		size:    uint64(binary.LittleEndian.Uint32(rec[12:])),
		offset:  uint64(binary.LittleEndian.Uint32(rec[16:])),
	}
	if e.entries != 1<<16-1 && e.size != 1<<32-1 && e.offset != 1<<32-1 {
		return e, nil
	}
	locator := make([]byte, locatorLen)
	if at < locatorLen || readFullAt(r, locator, at-locatorLen) != nil || string(locator[:4]) != locMagic {
		return e, nil // not zip64: the values are what they say
	}
	// The record usually stands right before its locator; the locator's offset
	// is off when data was put in front of the archive.
	declared := binary.LittleEndian.Uint64(locator[8:])
	for _, at64 := range []int64{at - locatorLen - end64Len, int64(min(declared, uint64(at)))} {
		rec64 := make([]byte, end64Len)
		if at64 < 0 || readFullAt(r, rec64, at64) != nil || string(rec64[:4]) != end64Magic {
			continue
		}
		return endRecord{
			at:      at64,
			entries: binary.LittleEndian.Uint64(rec64[32:]),
			size:    binary.LittleEndian.Uint64(rec64[40:]),
			offset:  binary.LittleEndian.Uint64(rec64[48:]),
		}, nil
	}
	return endRecord{}, errDamaged
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
