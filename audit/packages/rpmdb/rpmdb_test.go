package rpmdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit/packages/rpmdb"
)

// fixture is a database that testdata/make.sh has made.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(data []byte) ([]rpmdb.Package, error) {
	return rpmdb.Read(bytes.NewReader(data), int64(len(data)))
}

func describe(packages []rpmdb.Package) []string {
	var lines []string
	for _, p := range packages {
		lines = append(lines, fmt.Sprintf("%s %d %s %s %s %s", p.Name, p.Epoch, p.Version, p.Release, p.Arch, p.SourceRPM))
	}
	slices.Sort(lines)
	return lines
}

// TestFixtures compares with what rpm itself says of the database.
func TestFixtures(t *testing.T) {
	want := strings.Split(strings.TrimSpace(string(fixture(t, "packages.txt"))), "\n")
	for _, name := range []string{"rpmdb.sqlite", "Packages"} {
		packages, err := read(fixture(t, name))
		if got := describe(packages); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestCut takes away the end of a database, piece by piece: never are packages
// missing without an error.
func TestCut(t *testing.T) {
	for _, name := range []string{"rpmdb.sqlite", "Packages"} {
		whole := fixture(t, name)
		for size := 0; size < len(whole); size += 256 {
			if packages, err := read(whole[:size]); err == nil {
				t.Errorf("%s cut to %d bytes: %d packages and no error", name, size, len(packages))
			}
		}
	}
	whole := ndb(header("a", "1", "1", 0), header("b", "2", "1", 3))
	for size := range len(whole) {
		if packages, err := read(whole[:size]); err == nil {
			t.Errorf("ndb cut to %d bytes: %d packages and no error", size, len(packages))
		}
	}
}

// entry is one entry of a header.
type entry struct {
	tag, kind uint32
	value     []byte
}

// header builds the header of a package.
func header(name, version, release string, epoch uint32) []byte {
	text := func(s string) []byte { return append([]byte(s), 0) }
	return headerOf(
		entry{1000, 6, text(name)}, entry{1001, 6, text(version)}, entry{1002, 6, text(release)},
		entry{1003, 4, binary.BigEndian.AppendUint32(nil, epoch)}, entry{1022, 6, text("noarch")}, entry{5096, 6, text("other")},
	)
}

func headerOf(entries ...entry) []byte {
	var index, data []byte
	for _, e := range entries {
		for _, n := range []uint32{e.tag, e.kind, uint32(len(data)), 1} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		data = append(data, e.value...)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(entries)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	return append(append(out, index...), data...)
}

// ndb builds a database in the format ndb: one page of slots, then the blobs.
func ndb(headers ...[]byte) []byte {
	words := func(out []byte, numbers ...uint32) []byte {
		for _, n := range numbers {
			out = binary.LittleEndian.AppendUint32(out, n)
		}
		return out
	}
	slots := append([]byte("RpmP"), words(nil, 0, 1, 1, 9, 0, 0, 0)...)
	var blobs []byte
	for i, h := range headers {
		id := uint32(i + 1)
		offset := 4096 + len(blobs)
		blobs = append(append(append(blobs, "BlbS"...), words(nil, id, 1, uint32(len(h)))...), h...)
		blobs = append(blobs, make([]byte, -len(blobs)&15)...)
		slots = words(append(slots, "Slot"...), id, uint32(offset/16), 1)
	}
	for len(slots) < 4096 {
		slots = words(append(slots, "Slot"...), 0, 0, 0)
	}
	return bytes.TrimRight(append(slots, blobs...), "\x00")
}

func TestNDB(t *testing.T) {
	packages, err := read(append(ndb(header("bash", "5.1", "2", 0), header("dbus", "1.12~rc1", "8", 1)), make([]byte, 16)...))
	want := []string{"bash 0 5.1 2 noarch ", "dbus 1 1.12~rc1 8 noarch "}
	if got := describe(packages); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestDamage(t *testing.T) {
	sqlite, bdb, slots := fixture(t, "rpmdb.sqlite"), fixture(t, "Packages"), ndb(header("a", "1", "1", 0))
	change := func(data []byte, at int, with ...byte) []byte {
		data = bytes.Clone(data)
		copy(data[at:], with)
		return data
	}
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"empty":                    {nil, rpmdb.ErrFormat},
		"text":                     {[]byte("bash 5.1\n"), rpmdb.ErrFormat},
		"sqlite, page size":        {change(sqlite, 16, 0, 7), rpmdb.ErrDamaged},
		"sqlite, no table":         {bytes.ReplaceAll(sqlite, []byte("Packages"), []byte("Petunias")), rpmdb.ErrDamaged},
		"sqlite, a view":           {bytes.ReplaceAll(sqlite, []byte("tablePackages"), []byte("viewsPackages")), rpmdb.ErrDamaged},
		"sqlite, root on page 1":   {change(sqlite, 100, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), rpmdb.ErrDamaged},
		"sqlite, index":            {change(sqlite, 100, 10), rpmdb.ErrDamaged},
		"bdb, page size":           {change(bdb, 20, 1), rpmdb.ErrDamaged},
		"bdb, encrypted":           {change(bdb, 24, 1), rpmdb.ErrDamaged},
		"bdb, more pages":          {change(bdb, 32, 0xff), rpmdb.ErrDamaged},
		"ndb, version":             {change(slots, 4, 1), rpmdb.ErrDamaged},
		"ndb, no slots":            {change(slots, 12, 0), rpmdb.ErrDamaged},
		"ndb, many slots":          {change(slots, 12, 0, 0, 0, 0x7f), rpmdb.ErrDamaged},
		"ndb, slot without a mark": {change(slots, 48, 'X'), rpmdb.ErrDamaged},
		"ndb, blob elsewhere":      {change(slots, 40, 0xff), rpmdb.ErrDamaged},
		"ndb, blob without a mark": {change(slots, 4096, 'X'), rpmdb.ErrDamaged},
		"ndb, blob too large":      {change(slots, 4096+12, 0, 0, 0, 0x7f), rpmdb.ErrDamaged},
		"header, short":            {ndb([]byte("short")), rpmdb.ErrDamaged},
		"header, claims too much":  {ndb(bytes.Repeat([]byte{0xff}, 64)), rpmdb.ErrDamaged},
		"header, empty":            {append(ndb(headerOf()), make([]byte, 16)...), rpmdb.ErrDamaged},
		"header, name is a number": {ndb(headerOf(entry{1000, 4, []byte("aaaa")})), rpmdb.ErrDamaged},
		"header, endless name":     {ndb(headerOf(entry{1000, 6, []byte("aaaa")})), rpmdb.ErrDamaged},
		"header, epoch is text":    {ndb(headerOf(entry{1003, 6, []byte("1\x00")}, entry{1, 1, []byte("x")})), rpmdb.ErrDamaged},
	} {
		if packages, err := read(tt.data); !errors.Is(err, tt.want) || len(packages) > 5 {
			t.Errorf("%s: %d packages, %v; want %v", name, len(packages), err, tt.want)
		}
	}
	if _, err := rpmdb.Read(bytes.NewReader(nil), 2<<30); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("2 GiB: %v", err)
	}
	if _, err := rpmdb.Read(bytes.NewReader(sqlite[:600]), int64(len(sqlite))); err == nil || errors.Is(err, rpmdb.ErrDamaged) {
		t.Errorf("a reader that ends early: %v", err)
	}
}

// FuzzRead: whatever the bytes, there is an end, no crash, and no package
// without a name.
func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "rpmdb.sqlite"))
	f.Add(fixture(f, "Packages"))
	f.Add(ndb(header("a", "1", "1", 0), header("b", "2", "1", 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		packages, err := read(data)
		for _, p := range packages {
			if p.Name == "" || p.Version == "" {
				t.Errorf("package %+v, error %v", p, err)
			}
		}
	})
}
