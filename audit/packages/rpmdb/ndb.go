package rpmdb

import (
	"bytes"
	"encoding/binary"
)

// The ndb format, from rpm's source, lib/backend/ndb/rpmpkg.c
// (https://github.com/rpm-software-management/rpm/blob/rpm-4.18.0-release/lib/backend/ndb/rpmpkg.c):
// little-endian; pages of slots, the first two of which are the file's header;
// each slot points to a blob, a package's header with a head and a tail.
const (
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"

	ndbPage  = 4096
	ndbBlock = 16 // bytes of a slot, and the unit in which offsets count
	ndbSlots = 2  // slots that the file's header takes
)

func listNDB(f *file, visit func([]byte) error) error {
	head, err := f.at(0, ndbSlots*ndbBlock)
	if err != nil {
		return err
	}
	if version := binary.LittleEndian.Uint32(head[4:]); version != 0 {
		return damaged("version %d of format ndb is not known (allowed: 0)", version)
	}
	pages := int64(binary.LittleEndian.Uint32(head[12:]))
	if pages == 0 {
		return damaged("it has no slots")
	}
	slots, err := f.at(0, pages*ndbPage)
	if err != nil {
		return err
	}
	for slot := slots[ndbSlots*ndbBlock:]; len(slot) > 0; slot = slot[ndbBlock:] {
		if !bytes.HasPrefix(slot, []byte(ndbSlotMagic)) {
			return damaged("a slot lacks its mark")
		}
		id := binary.LittleEndian.Uint32(slot[4:])
		if id == 0 {
			continue // free
		}
		blob, err := ndbBlob(f, int64(binary.LittleEndian.Uint32(slot[8:]))*ndbBlock, id)
		if err != nil {
			return err
		}
		if err := visit(blob); err != nil {
			return err
		}
	}
	return nil
}

func ndbBlob(f *file, offset int64, id uint32) ([]byte, error) {
	head, err := f.at(offset, ndbBlock)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte(ndbBlobMagic)) || binary.LittleEndian.Uint32(head[4:]) != id {
		return nil, damaged("package %d is not where its slot points", id)
	}
	size := int64(binary.LittleEndian.Uint32(head[12:]))
	if size > maxHeader {
		return nil, damaged("package %d has a header of %d bytes", id, size)
	}
	return f.at(offset+ndbBlock, size)
}
