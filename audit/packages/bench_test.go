package packages_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/packages"
)

// memory is a file that is there already, so that the collector alone is
// measured.
type memory struct {
	info audit.FileInfo
	data []byte
}

func (m memory) Info() audit.FileInfo                  { return m.info }
func (m memory) Bytes() ([]byte, bool, error)          { return m.data, true, nil }
func (m memory) Open() (io.ReadCloser, error)          { return io.NopCloser(bytes.NewReader(m.data)), nil }
func (m memory) ReaderAt() (audit.ReadAtCloser, error) { return nil, fs.ErrInvalid }

// nothing is an artifact of which only the lack of files beside the one
// visited is asked.
type nothing struct{ audit.Artifact }

func (nothing) FS() fs.FS { return nil }

// BenchmarkCollector visits 28,000 files of node_modules, 2,000 of them
// packages.
func BenchmarkCollector(b *testing.B) {
	var files []memory
	add := func(path string, data []byte) {
		files = append(files, memory{audit.FileInfo{Path: path, Size: int64(len(data)), Mode: 0o644}, data})
	}
	filler := bytes.Repeat([]byte(`"some-dependency": "^1.2.3", `), 100)
	for p := range 2000 {
		name := fmt.Sprintf("package-%d", p)
		manifest := fmt.Appendf(nil, `{"name":%q,"version":"1.2.3","dependencies":{%s"z":"1"}}`, name, filler)
		add("node_modules/"+name+"/package.json", manifest)
		for i := range 13 {
			add(fmt.Sprintf("node_modules/%s/lib/internal/part-%d.js", name, i), make([]byte, 1000*i))
		}
	}
	for b.Loop() {
		c, err := packages.NewCollector().Begin(b.Context(), audit.Target{Artifact: nothing{}})
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range files {
			if c.Wants(f.info) {
				if err := c.Visit(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		}
		if n := len(c.Inventory(b.Context()).Packages); n != 2000 {
			b.Fatalf("got %d packages, want 2000", n)
		}
	}
}
