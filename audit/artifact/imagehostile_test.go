package artifact_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// threeLayers is an image whose second layer is the one to damage.
func threeLayers(t *testing.T, compression string) *audittest.BuiltImage {
	step := func(name, content string) audittest.Step {
		return audittest.Step{Compression: compression, Files: files{name: content}}
	}
	return audittest.Image{Steps: []audittest.Step{step("a", "1"), step("b", noise(5, 300_000)), step("c", "3")}}.Build(t)
}

func TestDamagedLayers(t *testing.T) {
	cut := func(keep func(int) int) func(*testing.T, *audittest.BuiltImage) {
		return func(_ *testing.T, b *audittest.BuiltImage) {
			d := b.Manifest.Layers[1].Digest
			b.Blobs[d] = b.Blobs[d][:keep(len(b.Blobs[d]))]
		}
	}
	for _, test := range []struct {
		name  string
		spoil func(*testing.T, *audittest.BuiltImage)
		want  []string // for gzip, zstd, none; one is for all
	}{
		{"cut at a third", cut(func(n int) int { return n / 3 }), []string{"is cut short"}},
		{"cut at the end", cut(func(n int) int { return n - 1 }), []string{"is cut short"}},
		{"cut at a tar block", cut(func(n int) int { return n / 512 * 512 / 2 }), []string{"is cut short"}},
		{"empty", cut(func(int) int { return 0 }), []string{"is cut short"}},
		{"a byte changed", func(_ *testing.T, b *audittest.BuiltImage) {
			d := b.Manifest.Layers[1].Digest
			b.Blobs[d] = slices.Clone(b.Blobs[d])
			b.Blobs[d][200_000] ^= 1
		}, []string{"holds damaged compressed data", "holds damaged compressed data", "doesn't match its digest"}},
		{"bytes behind", func(_ *testing.T, b *audittest.BuiltImage) {
			d := b.Manifest.Layers[1].Digest
			b.Blobs[d] = append(slices.Clone(b.Blobs[d]), make([]byte, 2000)...)
		}, []string{"is larger than its manifest says"}},
		{"another layer's content", func(_ *testing.T, b *audittest.BuiltImage) {
			d, other := b.Manifest.Layers[1], b.Manifest.Layers[0]
			b.Blobs[d.Digest] = b.Blobs[other.Digest]
		}, []string{"is cut short"}},
		{"another digest", func(t *testing.T, b *audittest.BuiltImage) {
			d := &b.Manifest.Layers[1]
			lie := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}
			b.Blobs[lie] = b.Blobs[d.Digest]
			d.Digest = lie
			b.SealManifest(t)
		}, []string{"doesn't match its digest"}},
		{"another diff id", func(t *testing.T, b *audittest.BuiltImage) {
			b.Config.RootFS.DiffIDs[1] = v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}
			b.Seal(t)
		}, []string{"doesn't match its diff id"}},
		{"a smaller size", func(t *testing.T, b *audittest.BuiltImage) {
			b.Manifest.Layers[1].Size -= 10
			b.SealManifest(t)
		}, []string{"is larger than its manifest says"}},
		{"a larger size", func(t *testing.T, b *audittest.BuiltImage) {
			b.Manifest.Layers[1].Size += 10
			b.SealManifest(t)
		}, []string{"is cut short"}},
	} {
		for i, compression := range []string{"gzip", "zstd", "none"} {
			t.Run(test.name+" "+compression, func(t *testing.T) {
				b := threeLayers(t, compression)
				test.spoil(t, b)
				for _, path := range []string{b.OCIFolder(t), b.OCIArchive(t)} {
					a := audittest.OpenPath(t, path)
					err := walkOnce(a)
					want := fmt.Sprintf("layer 2 (%s) %s", b.Config.RootFS.DiffIDs[1], test.want[min(i, len(test.want)-1)])
					if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
						t.Errorf("got %v, want %q with the path", err, want)
					}
					if a.Digest() != (audit.Digest{}) {
						t.Errorf("digest %v of what was not read", a.Digest())
					}
				}
			})
		}
	}
}

func walkOnce(a audit.Artifact) error {
	return a.Walk(context.Background(), func(context.Context, audit.File) error { return nil }, func(audit.Problem) {})
}

// A blob that is missing is no missing path.
func TestImageOpenRefuses(t *testing.T) {
	sound := imageSample(t).Build(t)
	layout := func(change func(m map[string]string)) func(*testing.T) string {
		return func(t *testing.T) string {
			m := audittest.Layout(t, "", sound)
			change(m)
			return audittest.TarFile(t, m)
		}
	}
	blob := func(h v1.Hash) string { return "blobs/sha256/" + h.Hex }
	config, manifest := blob(sound.Manifest.Config.Digest), blob(sound.Descriptor(t).Digest)
	many := func(n int) audittest.Image {
		var image audittest.Image
		for i := range n {
			image.Steps = append(image.Steps, audittest.Step{Files: files{fmt.Sprint(i): "x"}, Compression: "none"})
		}
		return image
	}
	sealed := func(change func(*audittest.BuiltImage)) func(*testing.T) string {
		return func(t *testing.T) string {
			b := imageSample(t).Build(t)
			change(b)
			b.SealManifest(t)
			return b.OCIArchive(t)
		}
	}
	for _, test := range []struct {
		name, want string
		path       func(*testing.T) string
	}{
		{"no manifest", "has no image in it that can run", layout(func(m map[string]string) { delete(m, manifest) })},
		{"no configuration", "has no \"" + config + "\" that can be read", layout(func(m map[string]string) { delete(m, config) })},
		{"another configuration", "doesn't match its digest and size", layout(func(m map[string]string) { m[config] = strings.Replace(m[config], "linux", "Linux", 1) })},
		{"another manifest", "doesn't match its digest and size", layout(func(m map[string]string) { m[manifest] += " " })},
		{"no images", "lists no image", layout(func(m map[string]string) { m["index.json"] = "{}" })},
		{"damaged index", `has a damaged "index.json"`, layout(func(m map[string]string) { m["index.json"] = "[" })},
		{"large index", "is larger than", layout(func(m map[string]string) { m["index.json"] = strings.Repeat(" ", 9<<20) + m["index.json"] })},
		{"large configuration", "is larger than", func(t *testing.T) string {
			b := imageSample(t).Build(t)
			b.Config.Author = strings.Repeat("x", 9<<20)
			b.Seal(t)
			return b.OCIArchive(t)
		}},
		{"a configuration that is declared large", "doesn't match its digest and size", sealed(func(b *audittest.BuiltImage) { b.Manifest.Config.Size = 100 << 20 })},
		{"no container image", "is not a container image's", sealed(func(b *audittest.BuiltImage) { b.Manifest.Config.MediaType = "application/vnd.example+json" })},
		{"a layer too few", "has a manifest with 3 layers and a configuration with 4", sealed(func(b *audittest.BuiltImage) { b.Manifest.Layers = b.Manifest.Layers[:3] })},
		{"too many layers", "has 257 layers, more than 256; limits.layers in the policy", func(t *testing.T) string { return many(257).Build(t).OCIArchive(t) }},
		{"no layers", "has no layers", func(t *testing.T) string { return many(0).Build(t).OCIArchive(t) }},
		{"a tar archive", "is a tar archive but not a container image", func(t *testing.T) string { return audittest.TarFile(t, files{"a": "b"}) }},
		{"compressed", "is compressed with gzip: decompress it first", func(t *testing.T) string {
			return audittest.WriteFile(t, "image.tar.gz", []byte("\x1f\x8b\x08rest"))
		}},
		{"cut", "is cut short", func(t *testing.T) string {
			data := read(t, sound.OCIArchive(t))
			return audittest.WriteFile(t, "image.tar", data[:len(data)*2/3])
		}},
		{"damaged", "is a damaged tar archive", func(t *testing.T) string {
			data := read(t, sound.OCIArchive(t))
			data[bytes.LastIndex(data, []byte("ustar"))+20] ^= 0xff
			return audittest.WriteFile(t, "image.tar", data)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := test.path(t)
			a, err := artifact.Open(context.Background(), path, artifact.DefaultLimits())
			if err == nil || a != nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("got %v, %v, want %q", a, err, test.want)
			}
			if errors.Is(err, os.ErrNotExist) {
				t.Errorf("%v is fs.ErrNotExist", err)
			}
		})
	}
	for _, name := range []string{"image.tar", "image.tar:app:1"} {
		path := filepath.Join(t.TempDir(), name)
		for _, open := range []func(context.Context, string, string, artifact.Limits) (audit.Artifact, error){artifact.OpenOCI, artifact.OpenDockerArchive, artifact.OpenPlatform} {
			if a, err := open(context.Background(), path, "", artifact.DefaultLimits()); a != nil || !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: got %v, %v, want fs.ErrNotExist", name, a, err)
			}
		}
	}
	if a := audittest.OpenPath(t, many(200).Build(t).OCIArchive(t)); len(seen(t, a)) != 200 {
		t.Error("200 layers are not 200 files")
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// zeros is a layer with one file of zeros, compressed without holding it.
func zeros(t *testing.T, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "zeros", Size: size}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeroReader{}, size); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestImageLimits(t *testing.T) {
	bomb := zeros(t, 300<<20)
	limits := artifact.DefaultLimits()
	limits.ImageTotalBytes, limits.ImageFileBytes, limits.ImageEntries = 64<<20, 16<<20, 1000
	many := files{}
	for i := range 1001 {
		many[fmt.Sprint(i)] = ""
	}
	for _, test := range []struct {
		name, limit string
		step        audittest.Step
		limits      artifact.Limits
	}{
		{"a layer bomb", "limits.ratio", audittest.Step{Raw: bomb, Compression: "zstd"}, artifact.DefaultLimits()},
		{"a file", "limits.image-file-bytes", audittest.Step{Files: files{"a": strings.Repeat("a", 17<<20)}}, limits},
		{"a file that is declared large", "limits.image-file-bytes", audittest.Step{Entries: []audittest.TarEntry{{Header: tar.Header{Typeflag: tar.TypeReg, Name: "a", Size: 5 << 30}}}}, artifact.DefaultLimits()},
		{"all files", "limits.image-total-bytes", audittest.Step{Compression: "none", Files: files{"1": noise(1, 15<<20), "2": noise(2, 15<<20), "3": noise(3, 15<<20), "4": noise(4, 15<<20), "5": noise(5, 15<<20)}}, limits},
		{"what follows the archive", "limits.image-total-bytes", audittest.Step{Raw: append(audittest.LayerBytes(t, files{"a": "b"}), noise(9, 65<<20)...), Compression: "none"}, limits},
		{"entries", "limits.image-entries", audittest.Step{Files: many}, limits},
		{"folders that only names imply", "limits.image-entries", audittest.Step{Files: files{strings.Repeat("a/", 700) + "x": "", strings.Repeat("b/", 700) + "x": "", "z": ""}}, limits},
		{"an archive in it", "limits.image-file-bytes", audittest.Step{Files: files{"a.zip": string(audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: "x", Tweak: declare(5 << 30)}))}}, artifact.DefaultLimits()},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := audittest.Image{Steps: []audittest.Step{test.step}}.Build(t)
			if test.name == "a layer bomb" { // the layer is compressed as it is
				b.Manifest.Layers[0].Digest, b.Manifest.Layers[0].Size = b.Config.RootFS.DiffIDs[0], int64(len(bomb))
				b.Blobs[b.Manifest.Layers[0].Digest] = bomb
				b.SealManifest(t)
			}
			a, err := artifact.OpenImage(context.Background(), b.V1(t), artifact.ImageMeta{Reference: "image"}, test.limits)
			if err != nil {
				t.Fatal(err)
			}
			err = walkOnce(a)
			var limit *artifact.LimitError
			if !errors.As(err, &limit) || limit.Limit != test.limit || !strings.Contains(err.Error(), test.limit) {
				t.Errorf("got %v, want a LimitError of %s", err, test.limit)
			}
		})
	}
}

// A sparse file of gigabytes is read as what it is, zeros.
func TestImageSparseFile(t *testing.T) {
	const size = 1 << 30
	header := func(records map[string]string) []byte {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "GNUSparseFile.0/s", Size: 512, PAXRecords: records}); err != nil {
			t.Fatal(err)
		}
		// The map of version 1.0: one entry, no bytes at the very end.
		if _, err := io.WriteString(w, "1\n"+fmt.Sprint(size)+"\n0\n"+strings.Repeat("\x00", 512-len("1\n"+fmt.Sprint(size)+"\n0\n"))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	// The writer refuses these keys, so they are written under other names of the
	// same length.
	raw := header(map[string]string{"XYZ.sparse.major": "1", "XYZ.sparse.minor": "0", "XYZ.sparse.name": "sparse", "XYZ.sparse.realsize": fmt.Sprint(size)})
	raw = bytes.ReplaceAll(raw, []byte("XYZ.sparse."), []byte("GNU.sparse."))
	b := audittest.Image{Steps: []audittest.Step{{Raw: raw}}}.Build(t)
	a := audittest.OpenPath(t, b.OCIFolder(t))
	visited := false
	err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
		visited = f.Info().Path == "sparse" && f.Info().Size == size
		r, err := f.ReaderAt()
		if err != nil {
			return err
		}
		audittest.CompareReadAt(t, r, bytes.NewReader(nil), size, 1)
		return r.Close()
	}, func(p audit.Problem) { t.Errorf("problem %+v", p) })
	if err != nil || !visited {
		t.Errorf("visited %v, %v", visited, err)
	}
}

// Links and special files of an image's folder lead nowhere.
func TestOCIFolderLinks(t *testing.T) {
	b := imageSample(t).Build(t)
	dir := b.OCIFolder(t)
	blob := filepath.Join(dir, "blobs", "sha256", b.Manifest.Layers[0].Digest.Hex)
	outside := audittest.WriteFile(t, "outside", b.Blobs[b.Manifest.Layers[0].Digest])
	if err := errors.Join(os.Remove(blob), os.Symlink(outside, blob)); err != nil {
		t.Fatal(err)
	}
	a := audittest.OpenPath(t, dir)
	if err := walkOnce(a); err == nil || !strings.Contains(err.Error(), "layer 1 (") {
		t.Errorf("a link that leaves the folder gives %v", err)
	}
}

// Old versions of docker save write one of several layers that are the same, and
// links to it.
func TestDockerArchiveLinks(t *testing.T) {
	b := threeLayers(t, "none")
	m := audittest.OldDocker(t, map[*audittest.BuiltImage][]string{b: {"app:1"}})
	var entries []audittest.TarEntry
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasSuffix(name, "0/layer.tar") {
			entries = append(entries, audittest.FileEntry("real/layer.tar", m[name], 0o644), audittest.Symlink(name, "../real/layer.tar"))
			continue
		}
		entries = append(entries, audittest.FileEntry(name, m[name], 0o644))
	}
	path := audittest.WriteFile(t, "image.tar", audittest.TarBytes(t, append(entries, audittest.Symlink("loop", "loop"))...))
	if got := seen(t, audittest.OpenPath(t, path)); len(got) != 3 {
		t.Errorf("%d files", len(got))
	}
}
