package audittest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// Image is a container image to build.
type Image struct {
	// Steps are the build steps, oldest first.
	Steps []Step
	// Config is what a container is started with.
	Config v1.Config
	// OS and Architecture are linux and amd64 if empty.
	OS, Architecture string
	Annotations      map[string]string
	// NoHistory leaves the history out.
	NoHistory bool
}

// Step is a build step with the layer that it makes, if it makes one.
type Step struct {
	CreatedBy string
	// Files is path → content of the layer; a path that ends in a slash is a
	// folder, and a whiteout is an empty file with its name.
	Files map[string]string
	// Entries come after the files, as they are.
	Entries []TarEntry
	// Compression is gzip (also if empty), zstd or none.
	Compression string
	// Raw, if set, is the layer as it is before compression.
	Raw []byte
}

// TarEntry is an entry of a layer. A Size that is not that of the content makes
// a damaged archive.
type TarEntry struct {
	tar.Header
	Content string
}

// Symlink is a symbolic link.
func Symlink(name, target string) TarEntry {
	return TarEntry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
}

// HardLink is another name of a file.
func HardLink(name, target string) TarEntry {
	return TarEntry{Header: tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644}}
}

// Node is an entry of a type such as tar.TypeChar.
func Node(name string, typeflag byte) TarEntry {
	return TarEntry{Header: tar.Header{Typeflag: typeflag, Name: name, Mode: 0o644}}
}

// FileEntry is a regular file with a mode, as tar has it: setuid is 0o4000.
func FileEntry(name, content string, mode int64) TarEntry {
	return TarEntry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}, Content: content}
}

// BuiltImage is an image with all its blobs. Change them, or the manifest, to
// forge one; Seal gives a changed manifest its digest.
type BuiltImage struct {
	Manifest v1.Manifest
	Config   v1.ConfigFile
	// Blobs are the layers as they are stored and the configuration, by digest.
	Blobs map[v1.Hash][]byte
	// Plain are the layers before compression, lowest first.
	Plain [][]byte
	// Raw is the manifest as it is stored.
	Raw []byte
}

// Build makes the image's documents and layers. The same image gives the same
// bytes.
func (i Image) Build(t testing.TB) *BuiltImage {
	t.Helper()
	b := &BuiltImage{Blobs: map[v1.Hash][]byte{}, Config: v1.ConfigFile{
		OS: i.OS, Architecture: i.Architecture, Config: i.Config, RootFS: v1.RootFS{Type: "layers"},
	}}
	if i.OS == "" {
		b.Config.OS = "linux"
	}
	if i.Architecture == "" {
		b.Config.Architecture = "amd64"
	}
	b.Manifest = v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Annotations: i.Annotations}
	for _, s := range i.Steps {
		makes := len(s.Files)+len(s.Entries) > 0 || s.Raw != nil
		if !i.NoHistory {
			b.Config.History = append(b.Config.History, v1.History{CreatedBy: s.CreatedBy, EmptyLayer: !makes})
		}
		if makes {
			b.addLayer(t, s)
		}
	}
	b.Seal(t)
	return b
}

func (b *BuiltImage) addLayer(t testing.TB, s Step) {
	plain := s.Raw
	if plain == nil {
		plain = LayerBytes(t, s.Files, s.Entries...)
	}
	blob, mediaType := compress(t, plain, s.Compression)
	digest := hashBytes(t, blob)
	b.Blobs[digest] = blob
	b.Plain = append(b.Plain, plain)
	b.Config.RootFS.DiffIDs = append(b.Config.RootFS.DiffIDs, hashBytes(t, plain))
	b.Manifest.Layers = append(b.Manifest.Layers, v1.Descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(blob))})
}

// Seal writes the configuration and the manifest anew.
func (b *BuiltImage) Seal(t testing.TB) {
	t.Helper()
	config, err := json.Marshal(b.Config)
	if err != nil {
		t.Fatal(err)
	}
	digest := hashBytes(t, config)
	b.Blobs[digest] = config
	b.Manifest.Config = v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: digest, Size: int64(len(config))}
	b.SealManifest(t)
}

// SealManifest writes the manifest anew, whatever it says of the configuration.
func (b *BuiltImage) SealManifest(t testing.TB) {
	t.Helper()
	var err error
	if b.Raw, err = json.Marshal(b.Manifest); err != nil {
		t.Fatal(err)
	}
}

// Descriptor is that of the manifest.
func (b *BuiltImage) Descriptor(t testing.TB) v1.Descriptor {
	t.Helper()
	return v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Digest: hashBytes(t, b.Raw), Size: int64(len(b.Raw)),
		Platform: &v1.Platform{OS: b.Config.OS, Architecture: b.Config.Architecture, Variant: b.Config.Variant},
	}
}

// V1 is the image as go-containerregistry has it, for a push to a registry.
func (b *BuiltImage) V1(t testing.TB) v1.Image {
	t.Helper()
	image, err := partial.CompressedToImage(builtCore{b})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// builtCore is the least that go-containerregistry needs.
type builtCore struct{ *BuiltImage }

func (c builtCore) RawConfigFile() ([]byte, error) {
	return c.Blobs[c.BuiltImage.Manifest.Config.Digest], nil
}
func (c builtCore) RawManifest() ([]byte, error)        { return c.Raw, nil }
func (c builtCore) MediaType() (types.MediaType, error) { return c.BuiltImage.Manifest.MediaType, nil }

func (c builtCore) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range c.BuiltImage.Manifest.Layers {
		if d.Digest == h {
			return builtLayer{blob: c.Blobs[h], desc: d}, nil
		}
	}
	return nil, fmt.Errorf("no layer %s", h)
}

type builtLayer struct {
	blob []byte
	desc v1.Descriptor
}

func (l builtLayer) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l builtLayer) Size() (int64, error)                { return l.desc.Size, nil }
func (l builtLayer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }
func (l builtLayer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.blob)), nil
}

// LayerBytes is a layer before compression: the files sorted by path, and then
// the entries.
func LayerBytes(t testing.TB, files map[string]string, entries ...TarEntry) []byte {
	t.Helper()
	var all []TarEntry
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, "/") {
			all = append(all, TarEntry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}})
			continue
		}
		all = append(all, FileEntry(name, files[name], 0o644))
	}
	return TarBytes(t, append(all, entries...)...)
}

// TarBytes is a tar archive of the entries, in their order.
func TarBytes(t testing.TB, entries ...TarEntry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := e.Header
		if h.ModTime.IsZero() {
			h.ModTime = time.Unix(1_700_000_000, 0)
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatalf("entry %q: %v", h.Name, err)
		}
		if _, err := io.WriteString(w, e.Content); err != nil {
			t.Fatalf("entry %q: %v", h.Name, err)
		}
	}
	// A size that was forged leaves an entry unfinished.
	if err := w.Close(); err != nil && !slices.ContainsFunc(entries, func(e TarEntry) bool { return e.Size != int64(len(e.Content)) }) {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compress(t testing.TB, plain []byte, how string) ([]byte, types.MediaType) {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	mediaType := types.OCILayer
	switch how {
	case "none":
		return plain, types.OCIUncompressedLayer
	case "zstd":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w, mediaType = z, types.OCILayerZStd
	case "", "gzip":
		w = gzip.NewWriter(&out)
	default:
		t.Fatalf("unknown compression %q (allowed: gzip, zstd, none)", how)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), mediaType
}

func hashBytes(t testing.TB, data []byte) v1.Hash {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
