package rpmdb

import (
	"bytes"
	"encoding/binary"
)

// Tags and types of a header
// (https://rpm-software-management.github.io/rpm/manual/format_header.html,
// https://rpm-software-management.github.io/rpm/manual/tags.html).
const (
	tagName      = 1000
	tagVersion   = 1001
	tagRelease   = 1002
	tagEpoch     = 1003
	tagArch      = 1022
	tagSourceRPM = 1044

	typeInt32  = 4
	typeString = 6

	introSize = 8  // number of entries, size of the data
	entrySize = 16 // tag, type, offset into the data, count
)

// parseHeader reads the header of a package: big-endian, an index of entries
// and then the data that they point into.
func parseHeader(header []byte) (Package, error) {
	if len(header) < introSize {
		return Package{}, damaged("a header has %d bytes", len(header))
	}
	entries := uint64(binary.BigEndian.Uint32(header))
	size := uint64(binary.BigEndian.Uint32(header[4:]))
	if start := introSize + entries*entrySize; start+size > uint64(len(header)) {
		return Package{}, damaged("a header of %d bytes claims %d entries and %d bytes of data", len(header), entries, size)
	}
	index := header[introSize : introSize+entries*entrySize]
	data := header[introSize+entries*entrySize:][:size]
	var p Package
	for ; len(index) > 0; index = index[entrySize:] {
		kind, offset := binary.BigEndian.Uint32(index[4:]), binary.BigEndian.Uint32(index[8:])
		if err := p.set(binary.BigEndian.Uint32(index), kind, offset, data); err != nil {
			return Package{}, err
		}
	}
	if p.Name == "" || p.Version == "" {
		return Package{}, damaged("a header lacks the package's name or version")
	}
	return p, nil
}

// set takes over the value of one entry, if it is of interest.
func (p *Package) set(tag, kind, offset uint32, data []byte) error {
	field := map[uint32]*string{
		tagName: &p.Name, tagVersion: &p.Version, tagRelease: &p.Release, tagArch: &p.Arch, tagSourceRPM: &p.SourceRPM,
	}[tag]
	if field == nil && tag != tagEpoch {
		return nil
	}
	if uint64(offset) > uint64(len(data)) {
		return damaged("entry %d of a header points beyond its data", tag)
	}
	value := data[offset:]
	if tag == tagEpoch {
		if kind != typeInt32 || len(value) < 4 {
			return damaged("a header's epoch is no number")
		}
		p.Epoch = int(binary.BigEndian.Uint32(value))
		return nil
	}
	end := bytes.IndexByte(value, 0)
	if kind != typeString || end < 0 {
		return damaged("entry %d of a header is no text", tag)
	}
	*field = string(value[:end])
	return nil
}
