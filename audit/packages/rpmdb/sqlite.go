package rpmdb

import (
	"encoding/binary"
	"strings"
)

// The SQLite format (https://www.sqlite.org/fileformat.html).
const (
	sqliteMagic = "SQLite format 3\x00"

	sqliteHead     = 100 // bytes of the file's header, on page 1
	sqliteInterior = 0x05
	sqliteLeaf     = 0x0d
	maxTreeDepth   = 32

	// sqliteTable is what rpm calls the table of packages: a number and the
	// header (lib/backend/sqlite.c of rpm).
	sqliteTable = "Packages"
)

// sqlite is a database file.
type sqlite struct {
	*file
	pageSize int64
	usable   int64 // bytes of a page without the reserved ones at its end
}

func listSQLite(f *file, visit func([]byte) error) error {
	head, err := f.at(0, sqliteHead)
	if err != nil {
		return err
	}
	db := sqlite{file: f, pageSize: int64(binary.BigEndian.Uint16(head[16:]))}
	if db.pageSize == 1 {
		db.pageSize = 64 << 10
	}
	db.usable = db.pageSize - int64(head[20])
	if db.pageSize < 512 || db.pageSize&(db.pageSize-1) != 0 || db.usable < 480 {
		return damaged("its pages have %d bytes", db.pageSize)
	}
	root := int64(0)
	err = db.table(1, 0, func(row []byte) error {
		columns, err := splitRow(row)
		if err != nil {
			return err
		}
		// type, name, tbl_name, rootpage, sql
		if len(columns) == 5 && string(columns[0]) == "table" && strings.EqualFold(string(columns[1]), sqliteTable) {
			root = bigEndian(columns[3])
		}
		return nil
	})
	if err != nil {
		return err
	}
	if root <= 0 {
		return damaged("it has no table %q", sqliteTable)
	}
	return db.table(root, 0, func(row []byte) error {
		columns, err := splitRow(row)
		if err != nil {
			return err
		}
		if len(columns) < 2 {
			return damaged("a row of table %q has %d columns", sqliteTable, len(columns))
		}
		return visit(columns[1])
	})
}

// table visits the rows of the table whose b-tree begins on a page.
func (db sqlite) table(number int64, depth int, visit func(row []byte) error) error {
	if depth > maxTreeDepth {
		return damaged("a table's tree is more than %d levels deep", maxTreeDepth)
	}
	page, err := db.page(number)
	if err != nil {
		return err
	}
	head := page
	if number == 1 {
		head = page[sqliteHead:]
	}
	kind, count := head[0], int(binary.BigEndian.Uint16(head[3:]))
	pointers := head[8:]
	if kind == sqliteInterior {
		pointers = head[12:]
	}
	if kind != sqliteInterior && kind != sqliteLeaf || 2*count > len(pointers) {
		return damaged("page %d is no part of a table", number)
	}
	for i := range count {
		cell := int64(binary.BigEndian.Uint16(pointers[2*i:]))
		if cell > db.usable-4 {
			return damaged("a cell lies outside page %d", number)
		}
		if kind == sqliteInterior {
			err = db.table(int64(binary.BigEndian.Uint32(page[cell:])), depth+1, visit)
		} else {
			err = db.row(page[cell:db.usable], visit)
		}
		if err != nil {
			return err
		}
	}
	if kind == sqliteInterior {
		return db.table(int64(binary.BigEndian.Uint32(head[8:])), depth+1, visit)
	}
	return nil
}

func (db sqlite) page(number int64) ([]byte, error) {
	return db.at((number-1)*db.pageSize, db.pageSize)
}

// row visits the row in a leaf's cell: its size, its number, what fits into
// the page, and the first page of the rest.
func (db sqlite) row(cell []byte, visit func([]byte) error) error {
	size, n := varint(cell)
	_, m := varint(cell[n:])
	if n == 0 || m == 0 || size < 0 || size > maxHeader {
		return damaged("a row has an absurd size")
	}
	cell = cell[n+m:]
	local, largest := size, db.usable-35
	if size > largest {
		least := (db.usable-12)*32/255 - 23
		if local = least + (size-least)%(db.usable-4); local > largest {
			local = least
		}
	}
	end := local
	if local < size {
		end += 4
	}
	if end > int64(len(cell)) {
		return damaged("a row lies outside its page")
	}
	if local == size {
		return visit(cell[:size])
	}
	row := append([]byte(nil), cell[:local]...)
	for next := int64(binary.BigEndian.Uint32(cell[local:])); int64(len(row)) < size; {
		page, err := db.page(next)
		if err != nil {
			return err
		}
		row = append(row, page[4:4+min(db.usable-4, size-int64(len(row)))]...)
		next = int64(binary.BigEndian.Uint32(page))
	}
	return visit(row)
}
