package rpmdb

import (
	"encoding/binary"
)

// The hash format of Berkeley DB 4 and 5, from its source, src/dbinc/db_page.h
// (https://github.com/berkeleydb/libdb/blob/v5.3.28/src/dbinc/db_page.h).
const (
	bdbMagic    = 0x061561
	bdbMetaSize = 72 // bytes of the part of the first page that all formats share

	bdbPageHead     = 26
	bdbHashUnsorted = 2  // a page of keys and values, before 4.6
	bdbOverflow     = 7  // a page of a value that is larger than a page
	bdbHashMeta     = 8  // the first page
	bdbHash         = 13 // a page of keys and values

	bdbOnPage  = 1 // a value that stands on the page
	bdbOffPage = 3 // a value on pages of its own
	bdbOffSize = 12
)

// bdbOrder gives the byte order of the machine that wrote the file; nil if
// this is no hash database.
func bdbOrder(start []byte) binary.ByteOrder {
	if len(start) < bdbMetaSize || start[25] != bdbHashMeta {
		return nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(start[12:]) == bdbMagic {
			return order
		}
	}
	return nil
}

// bdb is a hash database.
type bdb struct {
	*file
	order    binary.ByteOrder
	pageSize int64
}

func listBDB(f *file, visit func([]byte) error) error {
	meta, err := f.at(0, bdbMetaSize)
	if err != nil {
		return err
	}
	db := bdb{file: f, order: bdbOrder(meta)}
	db.pageSize = int64(db.order.Uint32(meta[20:]))
	if db.pageSize < 512 || db.pageSize > 64<<10 || db.pageSize&(db.pageSize-1) != 0 {
		return damaged("its pages have %d bytes", db.pageSize)
	}
	if meta[24] != 0 {
		return damaged("it is encrypted")
	}
	last := int64(db.order.Uint32(meta[32:]))
	for number := int64(1); number <= last; number++ {
		page, err := db.page(number)
		if err != nil {
			return err
		}
		if kind := page[25]; kind != bdbHash && kind != bdbHashUnsorted {
			continue
		}
		if err := db.values(page, visit); err != nil {
			return err
		}
	}
	return nil
}

func (db bdb) page(number int64) ([]byte, error) { return db.at(number*db.pageSize, db.pageSize) }

// values visits the packages on a page. Its items are keys and values by
// turns, laid down from the end of the page. The only small value is that of
// key 0, a counter.
func (db bdb) values(page []byte, visit func([]byte) error) error {
	count := int(db.order.Uint16(page[20:]))
	if count%2 != 0 || bdbPageHead+2*count > len(page) {
		return damaged("a page claims %d items", count)
	}
	offset := func(i int) int { return int(db.order.Uint16(page[bdbPageHead+2*i:])) }
	for i := 1; i < count; i += 2 {
		start, end := offset(i), offset(i-1)
		if start < bdbPageHead || start >= end || end > len(page) {
			return damaged("an item lies outside its page")
		}
		item := page[start:end]
		switch {
		case item[0] == bdbOffPage && len(item) >= bdbOffSize:
			value, err := db.overflow(int64(db.order.Uint32(item[4:])), int64(db.order.Uint32(item[8:])))
			if err != nil {
				return err
			}
			item = value
		case item[0] == bdbOnPage:
			if item = item[1:]; len(item) <= introSize+entrySize {
				continue
			}
		default:
			return damaged("an item is of the unknown type %d", item[0])
		}
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

// overflow gathers a value from its chain of pages.
func (db bdb) overflow(number, size int64) ([]byte, error) {
	if size > maxHeader {
		return nil, damaged("a package has a header of %d bytes", size)
	}
	var value []byte
	for number != 0 {
		page, err := db.page(number)
		if err != nil {
			return nil, err
		}
		length := int64(db.order.Uint16(page[22:]))
		if page[25] != bdbOverflow || bdbPageHead+length > db.pageSize {
			return nil, damaged("page %d is not the part of a package that it should be", number)
		}
		value = append(value, page[bdbPageHead:bdbPageHead+length]...)
		number = int64(db.order.Uint32(page[16:]))
	}
	if int64(len(value)) != size {
		return nil, damaged("a package's header has %d bytes instead of %d", len(value), size)
	}
	return value, nil
}
