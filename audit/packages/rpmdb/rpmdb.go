// Package rpmdb lists the packages in the database of the RPM package manager,
// in any of its three formats: SQLite (rpmdb.sqlite), ndb (Packages.db) and
// Berkeley DB hash (Packages).
//
// It reads the pages of the file itself, and only those that hold packages. A
// database engine would run what the file contains, such as a view in the
// place of a table, needs the file on disk, and can't tell a damaged page from
// the end of the table. Here a part that can't be read is an error, every
// access is checked, and the bytes read are bounded by the size of the file.
package rpmdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Package is one installed package, as its header names it.
type Package struct {
	Name, Version, Release string
	// Epoch is 0 where there is none.
	Epoch     int
	Arch      string
	SourceRPM string
}

// Limits on a database, each several times what the largest real ones take.
const (
	maxSize     = 1 << 30  // bytes of the file
	maxHeader   = 64 << 20 // bytes of one package's header
	maxPackages = 100_000
)

// Errors that Read may wrap.
var (
	// ErrFormat means that the file is no database of RPM.
	ErrFormat = errors.New("not an RPM database (allowed formats: sqlite, ndb, Berkeley DB hash)")
	// ErrDamaged means that a part of the database can't be read.
	ErrDamaged = errors.New("RPM database is damaged")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Read lists the packages of the database in r, which is size bytes long, in
// the order of the file. With an error, the packages read so far are returned.
func Read(r io.ReaderAt, size int64) ([]Package, error) {
	if size > maxSize {
		return nil, fmt.Errorf("RPM database has %d bytes, more than %d", size, maxSize)
	}
	// Sound databases are read once, but for a few pages.
	f := &file{r: r, size: size, budget: 2*size + 1<<20}
	list, err := format(f)
	if err != nil {
		return nil, err
	}
	var packages []Package
	err = list(f, func(header []byte) error {
		p, err := parseHeader(header)
		if err != nil {
			return err
		}
		if packages = append(packages, p); len(packages) > maxPackages {
			return fmt.Errorf("RPM database has more than %d packages", maxPackages)
		}
		return nil
	})
	return packages, err
}

// lister calls visit with the header of each package.
type lister func(f *file, visit func(header []byte) error) error

// format recognises the file by its first bytes.
func format(f *file) (lister, error) {
	start, err := f.at(0, min(f.size, bdbMetaSize))
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte(sqliteMagic)):
		return listSQLite, nil
	case bytes.HasPrefix(start, []byte(ndbMagic)):
		return listNDB, nil
	case bdbOrder(start) != nil:
		return listBDB, nil
	}
	return nil, ErrFormat
}

// file is the database, read with a budget that ends every loop a hostile one
// may contain.
type file struct {
	r            io.ReaderAt
	size, budget int64
}

// at reads n bytes from an offset.
func (f *file) at(offset, n int64) ([]byte, error) {
	if offset < 0 || n < 0 || offset > f.size || n > f.size-offset {
		return nil, damaged("%d bytes at %d lie beyond its end at %d", n, offset, f.size)
	}
	if f.budget -= n; f.budget < 0 {
		return nil, damaged("its pages form a circle")
	}
	data := make([]byte, n)
	if read, err := f.r.ReadAt(data, offset); int64(read) < n {
		return nil, fmt.Errorf("read RPM database: %w", err)
	}
	return data, nil
}
