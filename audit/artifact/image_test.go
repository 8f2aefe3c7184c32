package artifact_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// imageSample has layers of every compression, files of every size class,
// nested archives, whiteouts, links, and modes that only a Linux image has.
func imageSample(t testing.TB) audittest.Image {
	inner := audittest.ZipBytes(t, audittest.Entry{Name: "C.class", Content: "\xca\xfe\xba\xbe"})
	image := audittest.LambdaBase("python3.13")
	image.Steps = append(image.Steps,
		audittest.Step{CreatedBy: "COPY app.py ./", Compression: "zstd", Files: map[string]string{
			"var/task/app.py": "def handler(event, context): pass\n", "var/task/.env": "A=b\n", "var/task/lib/a.jar": string(inner),
		}},
		audittest.Step{CreatedBy: "RUN rm .env", Compression: "none", Files: map[string]string{
			"var/task/.wh..env": "", "var/task/medium.js": strings.Repeat("let x = 1;\n", 200_000), "var/task/empty": "",
		}, Entries: []audittest.TarEntry{
			audittest.FileEntry("var/task/sudo", "\x7fELF", 0o4755),
			audittest.Symlink("var/task/link.py", "app.py"), audittest.HardLink("var/task/again.js", "var/task/medium.js"),
			audittest.Node("dev/null", tar.TypeChar), audittest.Node("run/pipe", tar.TypeFifo),
		}},
		audittest.Step{CreatedBy: `CMD ["app.handler"]`})
	return image
}

// seen is everything a walk offers: info and content, sorted.
func seen(t testing.TB, a audit.Artifact) []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
		content, err := readFile(f)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, fmt.Sprintf("%+v %q", f.Info(), content))
		return err
	}, func(p audit.Problem) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, fmt.Sprintf("problem %+v", p))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func TestImageFormsAgree(t *testing.T) {
	built := imageSample(t).Build(t)
	forms := map[string]string{"OCI folder": built.OCIFolder(t), "OCI archive": built.OCIArchive(t), "docker-archive": built.DockerArchive(t, "app:1")}
	var want []string
	var wantImage audit.Image
	for name, path := range forms {
		a := audittest.OpenPath(t, path)
		got := seen(t, a)
		image := a.(audit.ImageArtifact).Image()
		if image.Reference != path || a.Kind() != audit.KindImage || !strings.HasPrefix(a.Name(), "function") {
			t.Errorf("%s: reference %q, kind %q, name %q", name, image.Reference, a.Kind(), a.Name())
		}
		if a.Digest().SHA256 != built.Descriptor(t).Digest.String() || image.Digest != a.Digest().SHA256 || a.Digest().CodeSHA256 != "" {
			t.Errorf("%s: digest %+v, want the manifest's", name, a.Digest())
		}
		image.Reference = ""
		if want == nil {
			want, wantImage = got, image
		}
		if !slices.Equal(got, want) || !reflect.DeepEqual(image, wantImage) {
			t.Errorf("%s differs:\n%s\n%+v\nand\n%s\n%+v", name, strings.Join(got, "\n"), image, strings.Join(want, "\n"), wantImage)
		}
	}
	old := audittest.OpenPath(t, built.OldDockerArchive(t))
	if got := seen(t, old); !slices.Equal(got, want) {
		t.Errorf("old docker-archive differs:\n%s\nand\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if old.Digest() == (audit.Digest{}) {
		t.Error("an old docker-archive has no digest")
	}
}

func TestImageContract(t *testing.T) {
	small := imageSample(t)
	t.Run("small", func(t *testing.T) { audittest.AcceptArtifact(t, audittest.OpenPath(t, small.Build(t).OCIFolder(t))) })
	t.Run("archive", func(t *testing.T) {
		audittest.AcceptArtifact(t, audittest.OpenPath(t, small.Build(t).OldDockerArchive(t)))
	})
	large := audittest.LambdaBase("node")
	large.Steps = append(large.Steps, audittest.Step{CreatedBy: "COPY . .", Compression: "zstd", Files: sample(t)},
		audittest.Step{CreatedBy: "RUN rm", Files: map[string]string{".wh.empty": "", "static/.wh.medium.js": "", "b": "c"}})
	t.Run("large", func(t *testing.T) { audittest.AcceptArtifact(t, audittest.OpenPath(t, large.Build(t).OCIArchive(t))) })
}

func TestImageSaysWhatItIs(t *testing.T) {
	spec := imageSample(t)
	spec.Config.Labels = map[string]string{"team": "payments"}
	spec.Annotations = map[string]string{"org.opencontainers.image.base.name": "public.ecr.aws/lambda/python:3.13"}
	built := spec.Build(t)
	a := audittest.OpenPath(t, built.OCIFolder(t))
	seen(t, a)
	image := a.(audit.ImageArtifact).Image()
	c := image.Config
	if c.OS != "linux" || c.Architecture != "amd64" || c.WorkingDir != "/var/task" || !slices.Equal(c.Entrypoint, []string{"/lambda-entrypoint.sh"}) {
		t.Errorf("config %+v", c)
	}
	if env := c.Env[len(c.Env)-1]; env.Name != "LAMBDA_RUNTIME_DIR" || env.Value.Reveal() != "/var/runtime" {
		t.Errorf("last variable %q=%q", env.Name, env.Value.Reveal())
	}
	if label := c.Labels["team"]; label.Reveal() != "payments" {
		t.Errorf("labels %v", c.Labels)
	}
	if !maps.Equal(image.Annotations, spec.Annotations) || image.Platforms != nil || image.Tag != "" || image.ByDigest {
		t.Errorf("%+v", image)
	}
	var layers []string
	for _, l := range image.Layers {
		layers = append(layers, fmt.Sprintf("%d %s %s", l.Number, l.Origin, l.CreatedBy.Reveal()))
	}
	want := []string{"1 base ADD file:0123 in /", "2 base ADD file:4567 in /", "3 own COPY app.py ./", "4 own RUN rm .env"}
	if !slices.Equal(layers, want) {
		t.Errorf("layers %q, want %q", layers, want)
	}
	var size int64
	for _, plain := range built.Plain {
		size += int64(len(plain))
	}
	if image.Size != size || len(image.History) != len(spec.Steps) || !image.History[len(spec.Steps)-1].Empty {
		t.Errorf("size %d, want %d; history of %d steps", image.Size, size, len(image.History))
	}
}

func TestImageFS(t *testing.T) {
	a := audittest.OpenPath(t, imageSample(t).Build(t).OCIFolder(t))
	if _, err := fs.Stat(a.FS(), "etc"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the walk stat gives %v", err)
	}
	seen(t, a)
	for name, mode := range map[string]fs.FileMode{
		"var/task/sudo": 0o755 | fs.ModeSetuid, "dev/null": 0o644 | fs.ModeDevice | fs.ModeCharDevice, "run/pipe": 0o644 | fs.ModeNamedPipe,
		"run": 0o755 | fs.ModeDir, "opt": 0o755 | fs.ModeDir, ".": 0o755 | fs.ModeDir, "var/task/link.py": 0o644,
	} {
		if info, err := fs.Stat(a.FS(), name); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v, want mode %v", name, info, err, mode)
		}
	}
	for name, content := range map[string]string{"var/task/link.py": "def handler(event, context): pass\n", "var/task/again.js": strings.Repeat("let x = 1;\n", 200_000)} {
		if data, err := fs.ReadFile(a.FS(), name); err != nil || string(data) != content {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	for _, name := range []string{"var/task/.env", "var/task/.wh..env", "etc/os-release/x"} {
		if _, err := fs.Stat(a.FS(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
	}
	if _, err := fs.ReadFile(a.FS(), "dev/null"); err == nil {
		t.Error("a device can be read")
	}
}

// two makes an index of the sample for two platforms and an attestation.
func two(t *testing.T, name string) map[string]string {
	amd := imageSample(t).Build(t)
	spec := imageSample(t)
	spec.Architecture = "arm64"
	arm := spec.Build(t)
	attested := audittest.Image{OS: "unknown", Architecture: "unknown", Steps: []audittest.Step{{Files: map[string]string{"in-toto.json": "{}"}}}}.Build(t)
	return audittest.Layout(t, name, amd, arm, attested)
}

func TestImagePlatforms(t *testing.T) {
	one := audittest.Layout(t, "app:1", imageSample(t).Build(t))
	for _, test := range []struct {
		name            string
		files           map[string]string
		platform        string
		reference       string
		want, platforms string
	}{
		{"the default", two(t, ""), "", "", "amd64", "linux/amd64 linux/arm64 unknown/unknown"},
		{"named", two(t, ""), "linux/arm64", "", "arm64", "linux/amd64 linux/arm64 unknown/unknown"},
		{"an index in the index", two(t, "app:1"), "linux/arm64", "", "arm64", "linux/amd64 linux/arm64 unknown/unknown"},
		{"by its name", two(t, "app:1"), "", ":app:1", "amd64", "linux/amd64 linux/arm64 unknown/unknown"},
		{"an index of one", one, "", "", "amd64", "linux/amd64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{audittest.Dir(t, test.files), audittest.TarFile(t, test.files)} {
				a, err := artifact.OpenOCI(context.Background(), path+test.reference, test.platform, artifact.DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				image := a.(audit.ImageArtifact).Image()
				if image.Config.Architecture != test.want || strings.Join(image.Platforms, " ") != test.platforms {
					t.Errorf("got %s of %q", image.Config.Architecture, image.Platforms)
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestImageChoiceFails(t *testing.T) {
	built := imageSample(t).Build(t)
	other := audittest.Image{Steps: []audittest.Step{{Files: map[string]string{"a": "b"}}}}.Build(t)
	several := audittest.TarFile(t, audittest.OldDocker(t, map[*audittest.BuiltImage][]string{built: {"app:1"}, other: {"other:2"}}))
	oci := audittest.Dir(t, two(t, "app:1"))
	limits := artifact.DefaultLimits()
	ctx := context.Background()
	for _, test := range []struct {
		name string
		open func() (audit.Artifact, error)
		want string
	}{
		{"several", func() (audit.Artifact, error) { return artifact.Open(ctx, several, limits) }, `has several images`},
		{"unknown name", func() (audit.Artifact, error) { return artifact.OpenDockerArchive(ctx, several+":app:2", "", limits) }, `has no image "app:2" (it has: `},
		{"unknown platform", func() (audit.Artifact, error) { return artifact.OpenOCI(ctx, oci, "linux/riscv64", limits) }, `(allowed: "linux/amd64", "linux/arm64")`},
		{"other platform", func() (audit.Artifact, error) {
			return artifact.OpenPlatform(ctx, several+":app:1", "linux/arm64", limits)
		}, `can't be opened`},
		{"other platform of one", func() (audit.Artifact, error) {
			return artifact.OpenDockerArchive(ctx, several+":app:1", "linux/arm64", limits)
		}, `has no image for the platform "linux/arm64"`},
		{"bad platform", func() (audit.Artifact, error) { return artifact.OpenOCI(ctx, oci, "arm64", limits) }, `unknown platform "arm64" (allowed: os/arch`},
		{"unknown OCI name", func() (audit.Artifact, error) { return artifact.OpenOCI(ctx, oci+":app:2", "", limits) }, `has no image "app:2" (it has: "app:1")`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := test.open()
			if a != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want %q", a, err, test.want)
			}
		})
	}
	for reference, layers := range map[string]int{"app:1": len(built.Plain), "other:2": 1} {
		a, err := artifact.OpenDockerArchive(ctx, several+":"+reference, "", limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(a.(audit.ImageArtifact).Image().Layers); got != layers {
			t.Errorf("%s has %d layers, want %d", reference, got, layers)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestImageOfARegistry(t *testing.T) {
	built := imageSample(t).Build(t)
	closed := 0
	a, err := artifact.OpenImage(context.Background(), built.V1(t), artifact.ImageMeta{
		Reference: "registry.example/team/app:1", Tag: "1", Platforms: []string{"linux/amd64"}, Close: func() error { closed++; return nil },
	}, artifact.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	image := a.(audit.ImageArtifact).Image()
	if a.Name() != "app:1" || image.Tag != "1" || len(image.Platforms) != 1 || image.Reference != "registry.example/team/app:1" {
		t.Errorf("name %q, image %+v", a.Name(), image)
	}
	if got, want := seen(t, a), seen(t, audittest.OpenPath(t, built.OCIFolder(t))); !slices.Equal(got, want) {
		t.Error("it differs from the image on disk")
	}
	if err := a.Close(); err != nil || closed != 1 {
		t.Errorf("close: %v, %d times", err, closed)
	}
	if _, err := artifact.OpenImage(context.Background(), emptyImage(t), artifact.ImageMeta{Reference: "r"}, artifact.DefaultLimits()); err == nil || !strings.Contains(err.Error(), "has no layers") {
		t.Errorf("an image without layers gives %v", err)
	}
}

func emptyImage(t *testing.T) v1.Image { return audittest.Image{}.Build(t).V1(t) }

func readFile(f audit.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if _, err := io.Copy(&b, r); err != nil {
		return "", err
	}
	return b.String(), r.Close()
}

// A file larger than WholeFile is visited from a temporary file that is gone
// afterwards.
func TestImageLeavesNoTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	big := noise(3, artifact.WholeFile+5)
	a := audittest.OpenPath(t, audittest.Image{Steps: []audittest.Step{{Files: map[string]string{"big": big, "small": "x"}}}}.Build(t).OCIFolder(t))
	for _, end := range []error{nil, errors.New("stop")} {
		err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
			if f.Info().Path != "big" {
				return nil
			}
			if _, ok, err := f.Bytes(); ok || err != nil {
				t.Errorf("Bytes gives %v, %v", ok, err)
			}
			if content, err := readFile(f); err != nil || content != big {
				t.Errorf("%d bytes, %v", len(content), err)
			}
			return end
		}, func(p audit.Problem) { t.Errorf("problem %+v", p) })
		if !errors.Is(err, end) {
			t.Errorf("got %v, want %v", err, end)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// Archives and layouts that go-containerregistry writes are read too, and a
// Docker image has the same digest in all of them.
func TestImageOfOtherWriters(t *testing.T) {
	image, err := random.Image(10_000, 3)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	archive, folder := filepath.Join(dir, "image.tar"), filepath.Join(dir, "image")
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(path.AppendImage(image), tarball.WriteToFile(archive, tag, image)); err != nil {
		t.Fatal(err)
	}
	for p, open := range map[string]func(context.Context, string, string, artifact.Limits) (audit.Artifact, error){
		archive: artifact.OpenPlatform, archive + ":app:1": artifact.OpenDockerArchive, folder: artifact.OpenOCI,
	} {
		a, err := open(context.Background(), p, "", artifact.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if got := seen(t, a); len(got) != 3 || a.Digest().SHA256 != digest.String() {
			t.Errorf("%s: %d files, digest %v, want 3 and %s", p, len(got), a.Digest(), digest)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
