package artifact

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// zipOf makes a zip of the names, each with its name as content.
func zipOf(t testing.TB, comment string, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// asZip64 replaces the end record by one whose values are in a zip64 record.
func asZip64(t testing.TB, data []byte) []byte {
	t.Helper()
	d, err := readDirectory(bytes.NewReader(data), int64(len(data)), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(data[:d.end]), d.endRecords()...)
}

// twoEnds is a zip of one entry with the zip64 record of another directory in
// front of its own, or behind it, where the end record has its own values.
func twoEnds(t testing.TB, front, behind int) []byte {
	t.Helper()
	plain := zipOf(t, "", "a")
	data := plain[:len(plain)-endLen]
	other := directory{start: 1, end: 2}
	record := other.endRecords()
	data = append(bytes.Clone(data), bytes.Repeat(record[:end64Len], front)...)
	place := len(data)
	if front > 0 {
		place -= end64Len // the locator means the one in front
		data = append(data, record[:end64Len]...)
	}
	if behind > 0 {
		data = append(data, record[:end64Len]...)
	}
	data = append(data, record[end64Len:end64Len+locatorLen]...)
	binary.LittleEndian.PutUint64(data[len(data)-locatorLen+8:], uint64(place))
	return append(data, plain[len(plain)-endLen:]...)
}

func TestReadDirectory(t *testing.T) {
	plain := zipOf(t, "", "a", "b/c")
	for _, test := range []struct {
		name string
		data []byte
	}{
		{"plain", plain},
		{"comment", zipOf(t, strings.Repeat("x", maxComment), "a", "b/c")},
		{"end record in the comment", zipOf(t, "zip in a comment: "+string(plain[len(plain)-endLen:len(plain)-2])+"\xff\xff", "a", "b/c")},
		{"data in front", append([]byte("#!/bin/sh\nexec java -jar $0\n"), plain...)},
		{"data behind", append(bytes.Clone(plain), "trailing"...)},
		{"zip in front", append(zipOf(t, "", "other/name"), plain...)},
		{"zip64", asZip64(t, plain)},
		{"zip64 with data in front", append([]byte("#!/usr/bin/env python3\n"), asZip64(t, plain)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			ix, err := indexOf(test.data, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if len(ix.files) != 2 || ix.entries[0].path != "a" || ix.entries[1].path != "b/c" {
				t.Fatalf("got %+v", ix.entries)
			}
			for _, e := range ix.entries {
				got := make([]byte, e.file.UncompressedSize64)
				if err := load(zipContent{ctx: context.Background(), file: e.file, view: ix.view}, got); err != nil || string(got) != e.path {
					t.Errorf("%q holds %q, %v", e.path, got, err)
				}
			}
		})
	}
}

func indexOf(data []byte, limits Limits) (*index, error) {
	r := bytes.NewReader(data)
	d, err := readDirectory(r, r.Size(), limits)
	if err != nil {
		return nil, err
	}
	return d.index(context.Background(), r, "", limits)
}

func TestReadDirectoryRefuses(t *testing.T) {
	plain := zipOf(t, "", "a", "b/c")
	change := func(fromEnd int, value byte) []byte {
		data := bytes.Clone(plain)
		data[len(data)-fromEnd] = value
		return data
	}
	broken64 := asZip64(t, plain)
	broken64[len(broken64)-endLen-locatorLen-end64Len] = 'x'
	limits := DefaultLimits()
	limits.Entries = 1
	for _, test := range []struct {
		name   string
		data   []byte
		limits Limits
		want   error
	}{
		{"nothing", nil, DefaultLimits(), errNoDirectory},
		{"no end record", plain[:len(plain)-1], DefaultLimits(), errNoDirectory},
		{"offset past the end", change(3, 0xff), DefaultLimits(), errDamaged},
		{"size past the end", change(7, 0xff), DefaultLimits(), errDamaged},
		{"too many declared", change(12, 3), DefaultLimits(), errDamaged},
		{"too few declared", change(12, 1), DefaultLimits(), errDamaged},
		{"zip64 record missing", broken64, DefaultLimits(), errDamaged},
		{"two directories", append(bytes.Clone(plain), plain...), DefaultLimits(), errTwo},
		{"two end records", zipOf(t, string(plain[len(plain)-endLen:])+"behind", "a", "b/c"), DefaultLimits(), errTwo},
		{"zip64 record that differs", twoEnds(t, 0, 1), DefaultLimits(), errTwo},
		{"two zip64 records", twoEnds(t, 1, 0), DefaultLimits(), errTwo},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := indexOf(test.data, test.limits); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	var limit *LimitError
	if _, err := indexOf(plain, limits); !errors.As(err, &limit) || limit.Limit != limitEntries {
		t.Errorf("two entries under a limit of one give %v", err)
	}
}

// What is measured is what archive/zip then parses, or nothing is.
func FuzzReadDirectory(f *testing.F) {
	plain := zipOf(f, "", "a", "b/c", "../d")
	f.Add(plain)
	f.Add(zipOf(f, "comment", "a"))
	f.Add(append([]byte("#!/bin/sh\n"), plain...))
	f.Add(asZip64(f, plain))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := DefaultLimits()
		limits.Entries = 10
		r := bytes.NewReader(data)
		d, err := readDirectory(r, r.Size(), limits)
		if err != nil {
			return
		}
		if len(d.offsets) > 10 || d.base < 0 || d.start < d.base || d.end < d.start || d.end > r.Size() {
			t.Fatalf("got %+v of %d bytes", d, r.Size())
		}
		if z, _, err := d.reader(r); err == nil && len(z.File) != len(d.offsets) {
			t.Errorf("measured %d entries, parsed %d", len(d.offsets), len(z.File))
		}
	})
}
