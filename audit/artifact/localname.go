package artifact

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// localLen is the size of a local header without name and extra field
// (APPNOTE.TXT 4.3.7).
const localLen = 30

// otherLocal says how the header in front of an entry's data differs from the
// one in the central directory. Tools that read a zip from its beginning go by
// it, so what they unpack would not be what was examined.
func (ix *index) otherLocal(e *entry) string {
	if e.offset == 1<<32-1 {
		return "lies beyond 4 GiB in the zip: its local header was not examined"
	}
	header := make([]byte, localLen+len(e.file.Name))
	if readFullAt(ix.view, header[:localLen], int64(e.offset)) != nil || string(header[:4]) != localMagic {
		return "" // it can't be opened, which is told when it is tried
	}
	if method := binary.LittleEndian.Uint16(header[8:]); method != e.file.Method {
		return fmt.Sprintf("is compressed with method %d by its local header and %d by the directory: which of them Lambda follows is undefined", method, e.file.Method)
	}
	same := int(binary.LittleEndian.Uint16(header[26:])) == len(e.file.Name) &&
		readFullAt(ix.view, header, int64(e.offset)) == nil && string(header[localLen:]) == e.file.Name
	if !same {
		return "has another name in its local header: which of them Lambda uses is undefined"
	}
	return ""
}

// otherName says that an entry's extra field names it otherwise, as some tools
// believe (APPNOTE.TXT 4.6.9). A name in an old code page has its Unicode form
// there: that differs in no ASCII character.
func otherName(f *zip.File) string {
	const unicodePath = 0x7075
	for extra := f.Extra; len(extra) >= 4; {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		field := extra[:size]
		extra = extra[size:]
		if id != unicodePath || size < 5 || binary.LittleEndian.Uint32(field[1:]) != crc32.ChecksumIEEE([]byte(f.Name)) {
			continue // not a name, or one that was not meant for this entry
		}
		if name := string(field[5:]); name != f.Name && asciiOf([]rune(name)) != asciiOf([]byte(f.Name)) {
			return fmt.Sprintf("has another name, %s, in its extra field: which of them Lambda uses is undefined", quote(name))
		}
	}
	return ""
}

// asciiOf has a "?" for each character that isn't ASCII.
func asciiOf[C byte | rune](name []C) string {
	var b strings.Builder
	for _, c := range name {
		if c >= 0x80 {
			c = '?'
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}
