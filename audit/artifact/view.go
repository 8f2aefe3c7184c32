package artifact

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
)

// view is an archive as archive/zip is shown it: the bytes from base to the end
// of the central directory, followed by an end record of our own. So what was
// measured is exactly what is parsed, whatever end records, comments or data in
// front the file has.
type view struct {
	r    io.ReaderAt
	base int64
	size int64 // of the part that comes from r
	tail []byte
}

// reader parses the central directory.
func (d *directory) reader(r io.ReaderAt) (*zip.Reader, *view, error) {
	v := &view{r: r, base: d.base, size: d.end - d.base, tail: d.endRecords()}
	z, err := zip.NewReader(v, v.size+int64(len(v.tail)))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if len(z.File) != len(d.offsets) {
		return nil, nil, errDamaged
	}
	return z, v, nil
}

// endRecords writes the zip64 end record, its locator, and an end record that
// refers to them.
func (d *directory) endRecords() []byte {
	le := binary.LittleEndian
	entries := uint64(len(d.offsets))
	b := append(make([]byte, 0, end64Len+locatorLen+endLen), end64Magic...)
	b = le.AppendUint64(b, end64Len-12)
	b = le.AppendUint32(b, 45<<16|45) // version 4.5 made it and is needed
	b = le.AppendUint64(b, 0)         // disks
	b = le.AppendUint64(b, entries)
	b = le.AppendUint64(b, entries)
	b = le.AppendUint64(b, uint64(d.end-d.start))
	b = le.AppendUint64(b, uint64(d.start-d.base))

	b = append(b, locMagic...)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(d.end-d.base))
	b = le.AppendUint32(b, 1)

	b = append(b, endMagic...)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, 1<<64-1) // both counts and the size: see zip64
	b = le.AppendUint32(b, 1<<32-1)
	return le.AppendUint16(b, 0)
}

// ReadAt reads from the archive and then from the records behind it.
func (v *view) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at offset %d", off)
	}
	if off < v.size {
		part := p[:min(int64(len(p)), v.size-off)]
		if n, err = v.r.ReadAt(part, v.base+off); n < len(part) {
			return n, err
		}
	}
	if n == len(p) {
		return n, nil
	}
	from := off + int64(n) - v.size
	if from < int64(len(v.tail)) {
		n += copy(p[n:], v.tail[from:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
