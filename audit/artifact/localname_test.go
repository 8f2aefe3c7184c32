package artifact_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// What a tool unpacks that goes by another name than ours was not examined under
// that name.
func TestOtherNames(t *testing.T) {
	unicodePath := func(of, name string) func(*zip.FileHeader) {
		return func(h *zip.FileHeader) {
			field := binary.LittleEndian.AppendUint32([]byte{1}, crc32.ChecksumIEEE([]byte(of)))
			field = append(field, name...)
			h.Extra = binary.LittleEndian.AppendUint16([]byte{0x75, 0x70}, uint16(len(field)))
			h.Extra = append(h.Extra, field...)
		}
	}
	plain := audittest.ZipBytes(t, audittest.Entry{Name: "a/b.js", Content: "x", Stored: true})
	local := func(at int, value string) []byte {
		data := bytes.Clone(plain)
		copy(data[at:], value)
		return data
	}
	extra := func(name string, tweak func(*zip.FileHeader)) []byte {
		return audittest.ZipBytes(t, audittest.Entry{Name: name, Content: "x", Tweak: tweak})
	}
	for _, test := range []struct {
		name, path string
		data       []byte
		problem    string // none if empty
	}{
		{"the same", "a/b.js", plain, ""},
		{"other local name", "a/b.js", local(30, "c/d.js"), "another name in its local header"},
		{"other local method", "a/b.js", local(8, "\x08"), "method 8 by its local header"},
		{"other Unicode name", "a.js", extra("a.js", unicodePath("a.js", "b.js")), `another name, "b.js", in its extra field`},
		{"same Unicode name", "a.js", extra("a.js", unicodePath("a.js", "a.js")), ""},
		{"Unicode name of another entry", "a.js", extra("a.js", unicodePath("c.js", "b.js")), ""},
		{"Unicode name of a code page", "\x81.js", extra("\x81.js", unicodePath("\x81.js", "ü.js")), ""},
		{"cut extra field", "a.js", extra("a.js", func(h *zip.FileHeader) { h.Extra = []byte{0x75, 0x70, 9, 0, 1} }), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			visited, problems := audittest.Collect(t, audittest.OpenPath(t, audittest.WriteFile(t, "f.zip", test.data)))
			if test.problem == "" {
				if len(problems) > 0 || len(visited) != 1 {
					t.Errorf("visited %v, problems %v", visited, problems)
				}
				return
			}
			if !slices.ContainsFunc(problems, func(p audit.Problem) bool { return p.Path == test.path }) {
				t.Errorf("no problem of %q: %v", test.path, problems)
			}
			wantProblem(t, problems, test.path, test.problem)
		})
	}
}
