package audittest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Entry is one entry of a zip to build.
type Entry struct {
	// Name is written as it is; one that ends in a slash is a folder.
	Name    string
	Content string
	// Mode of 0 means 0644. A link is fs.ModeSymlink with its target as content.
	Mode fs.FileMode
	// Stored keeps the content as it is instead of deflating it.
	Stored bool
	// Tweak changes the finished header. What it says is written unchecked, so
	// that sizes, CRC, method and flags can be forged.
	Tweak func(*zip.FileHeader)
}

// Entries turns path → content into entries, sorted by name.
func Entries(files map[string]string) []Entry {
	entries := make([]Entry, 0, len(files))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, Entry{Name: name, Content: files[name]})
	}
	return entries
}

// Zip writes the entries, in their order, to a file "function.zip" in a
// temporary folder and returns its path.
func Zip(t testing.TB, entries ...Entry) string {
	t.Helper()
	return WriteFile(t, "function.zip", ZipBytes(t, entries...))
}

// WriteFile writes content to a file of that base name in a temporary folder
// and returns its path.
func WriteFile(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ZipBytes is Zip in memory, for archives inside archives.
func ZipBytes(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		header, data := e.encode(t)
		entry, err := w.CreateRaw(header)
		if err != nil {
			t.Fatalf("entry %q: %v", e.Name, err)
		}
		if _, err := entry.Write(data); err != nil {
			t.Fatalf("entry %q: %v", e.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// encode gives the header and the bytes that follow it.
func (e Entry) encode(t testing.TB) (*zip.FileHeader, []byte) {
	t.Helper()
	h := &zip.FileHeader{Name: e.Name, Method: zip.Deflate}
	data := []byte(e.Content)
	if e.Stored || e.Content == "" {
		h.Method = zip.Store
	} else {
		data = deflate(t, data)
	}
	h.CRC32 = crc32.ChecksumIEEE([]byte(e.Content))
	h.UncompressedSize64, h.CompressedSize64 = uint64(len(e.Content)), uint64(len(data))
	if e.Mode == 0 {
		e.Mode = 0o644
	}
	h.SetMode(e.Mode)
	if e.Tweak != nil {
		e.Tweak(h)
	}
	return h, data
}

func deflate(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Dir writes the files (path → content) into a temporary folder "function" and
// returns its path. A path that ends in a slash is an empty folder.
func Dir(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "function")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		folder := filepath.Dir(path)
		if name[len(name)-1] == '/' {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if folder == path {
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
