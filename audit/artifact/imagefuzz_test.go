package artifact_test

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// Whatever bytes a layer is made of, what is offered has a clean path, is as
// large as it says, and the final file system holds together.
func FuzzLayer(f *testing.F) {
	seed := func(entries ...audittest.TarEntry) { f.Add(audittest.TarBytes(f, entries...), true) }
	file := func(name string) audittest.TarEntry { return audittest.FileEntry(name, name, 0o644) }
	seed(file("a"), audittest.Symlink("b", "../a"), audittest.HardLink("c", "a"), file("d/.wh.e"))
	seed(file("d/.wh..wh..opq"), file("../x"), file("/y"), file("a/b"), file("a"), audittest.HardLink("lower/link", "lower/file"), file(".wh.lower"))
	f.Add([]byte("\x1f\x8b\x08"), false)
	f.Fuzz(func(t *testing.T, raw []byte, below bool) {
		steps := []audittest.Step{{Files: files{"lower/file": "1", "a": "2"}, Compression: "none"}, {Raw: append([]byte{}, raw...), Compression: "none"}}
		if !below {
			steps = steps[1:]
		}
		built := audittest.Image{Steps: steps}.Build(t)
		limits := artifact.Limits{ImageTotalBytes: 1 << 20, ImageFileBytes: 1 << 16, ImageEntries: 100, Ratio: 10, Depth: 2, PathBytes: 100}
		a, err := artifact.OpenImage(context.Background(), built.V1(t), artifact.ImageMeta{Reference: "fuzz"}, limits)
		if err != nil {
			return
		}
		defer func() { _ = a.Close() }()
		err = a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
			info := f.Info()
			if info.Path != path.Clean(info.Path) || path.IsAbs(info.Path) || strings.HasPrefix(info.Path, "../") || info.Size > limits.ImageFileBytes {
				t.Errorf("offered %+v", info)
			}
			content, err := readFile(f)
			if err == nil && int64(len(content)) != info.Size {
				t.Errorf("%q has %d bytes, want %d", info.Path, len(content), info.Size)
			}
			return err
		}, func(p audit.Problem) {
			if p.Reason == "" {
				t.Errorf("problem %q without a reason", p.Path)
			}
		})
		if err != nil {
			return
		}
		_ = fs.WalkDir(a.FS(), ".", func(p string, d fs.DirEntry, err error) error {
			if !fs.ValidPath(p) || err != nil {
				t.Errorf("FS has %q, %v", p, err)
			}
			if d.Type().IsRegular() {
				if file, err := a.FS().Open(p); err == nil {
					_, _ = io.Copy(io.Discard, file)
					_ = file.Close()
				}
			}
			return nil
		})
	})
}

// Whatever an archive's documents say, opening it ends in an image or an error.
func FuzzImageArchive(f *testing.F) {
	built := audittest.Image{Steps: []audittest.Step{{Files: files{"a": "b"}}}}.Build(f)
	oci := audittest.Layout(f, "", built)
	docker := audittest.OldDocker(f, map[*audittest.BuiltImage][]string{built: {"app:1"}})
	config := built.Manifest.Config.Digest.Hex + ".json"
	f.Add(oci["index.json"], "", "", "linux/amd64", "")
	f.Add("", docker["manifest.json"], docker[config], "", "app:1")
	f.Add(oci["index.json"], docker["manifest.json"], docker[config], "linux/arm64/v8", built.Descriptor(f).Digest.String())
	f.Fuzz(func(t *testing.T, index, manifest, configuration, platform, reference string) {
		m := files{}
		for name, content := range oci {
			m[name] = content
		}
		for name, content := range docker {
			m[name] = content
		}
		m["index.json"], m["manifest.json"], m[config] = index, manifest, configuration
		archive := audittest.TarFile(t, m)
		for _, open := range []func(context.Context, string, string, artifact.Limits) (audit.Artifact, error){
			artifact.OpenOCI, artifact.OpenDockerArchive,
		} {
			a, err := open(context.Background(), archive+":"+reference, platform, artifact.DefaultLimits())
			if err != nil {
				continue
			}
			_ = walkOnce(a)
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Whatever the outer tar archive is, nothing outside it is read.
func FuzzImageTar(f *testing.F) {
	built := audittest.Image{Steps: []audittest.Step{{Files: files{"a": "b"}, Compression: "none"}}}.Build(f)
	f.Add(audittest.TarBytes(f, audittest.FileEntry("index.json", "{}", 0o644), audittest.Symlink("manifest.json", "../../index.json")))
	for _, m := range []files{audittest.Layout(f, "x", built), audittest.OldDocker(f, map[*audittest.BuiltImage][]string{built: nil})} {
		var entries []audittest.TarEntry
		for name, content := range m {
			entries = append(entries, audittest.FileEntry(name, content, 0o644))
		}
		f.Add(audittest.TarBytes(f, entries...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := artifact.Open(context.Background(), audittest.WriteFile(t, "image.tar", data), artifact.DefaultLimits())
		if err != nil {
			return
		}
		_ = walkOnce(a)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
}
