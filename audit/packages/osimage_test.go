package packages_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
)

// layer is what one layer of an image adds, by path; deleted marks a whiteout.
type layer map[string]string

const deleted = "\x00deleted"

// layered is an image with its layers already told apart, which is how the
// collector sees one. The first base layers are the base image's.
type layered struct {
	layers []layer
	base   int
}

func diffID(i int) string { return fmt.Sprintf("sha256:%d", i) }

func (l layered) Name() string         { return "image" }
func (l layered) Kind() audit.Kind     { return audit.KindImage }
func (l layered) Digest() audit.Digest { return audit.Digest{} }
func (l layered) Close() error         { return nil }

// FS is empty: an image's is known after the walk only.
func (l layered) FS() fs.FS { return fstest.MapFS{} }

func (l layered) Image() audit.Image {
	var image audit.Image
	for i := range l.layers {
		image.Layers = append(image.Layers, audit.ImageLayer{DiffID: diffID(i), Number: i + 1})
	}
	return image
}

// Walk offers the files from the top layer down.
func (l layered) Walk(ctx context.Context, visit func(context.Context, audit.File) error, _ func(audit.Problem)) error {
	hidden := map[string]string{}
	for i := len(l.layers) - 1; i >= 0; i-- {
		for path, content := range l.layers[i] {
			if content != deleted {
				info := audit.FileInfo{Path: path, Size: int64(len(content)), Mode: 0o644, Layer: diffID(i), HiddenBy: hidden[path], Origin: audit.OriginOwn}
				if i < l.base {
					info.Origin = audit.OriginBase
				}
				if err := visit(ctx, layerFile{info, content}); err != nil {
					return err
				}
			}
		}
		for path := range l.layers[i] {
			hidden[path] = diffID(i)
		}
	}
	return nil
}

type layerFile struct {
	info    audit.FileInfo
	content string
}

func (f layerFile) Info() audit.FileInfo { return f.info }
func (f layerFile) Bytes() ([]byte, bool, error) {
	return []byte(f.content), len(f.content) <= artifact.WholeFile, nil
}
func (f layerFile) Open() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader([]byte(f.content))), nil
}
func (f layerFile) ReaderAt() (audit.ReadAtCloser, error) {
	return readAtCloser{bytes.NewReader([]byte(f.content))}, nil
}

type readAtCloser struct{ *bytes.Reader }

func (readAtCloser) Close() error { return nil }

const bookworm = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"

// stanza is a package in dpkg's database.
func stanza(name, version, rest string) string {
	return "Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n" + rest + "\n"
}

// origins writes packages with the layer that brought them.
func origins(inventory audit.Inventory) []string {
	var lines []string
	for _, p := range inventory.Packages {
		line := fmt.Sprintf("%s %s %s", p.Name, p.Version, p.Origin)
		for _, l := range p.Locations {
			line += " " + l.Layer
		}
		lines = append(lines, line)
	}
	return lines
}

func expectOrigins(t *testing.T, inventory audit.Inventory, want ...string) {
	t.Helper()
	if got := origins(inventory); !slices.Equal(got, want) || len(inventory.Problems) > 0 {
		t.Errorf("got %q, problems %q, want %q", got, inventory.Problems, want)
	}
}

func TestLayerThatBroughtAPackage(t *testing.T) {
	const status, module = "var/lib/dpkg/status", "var/task/node_modules/a/package.json"
	apt, bash, curl := stanza("apt", "2.6.1", ""), stanza("bash", "5.2-1", ""), stanza("curl", "7.88", "")
	expectOrigins(t, collect(t, layered{base: 2, layers: []layer{
		{"etc/os-release": bookworm, status: apt + bash + stanza("gone", "1", "")},
		{status: apt + bash},
		{status: apt + stanza("bash", "5.2-2", "") + curl, module: `{"name":"a","version":"1.0.0"}`, "srv/b.dist-info/METADATA": "Name: b\nVersion: 1\n"},
		{status: apt + stanza("bash", "5.2-2", "") + stanza("wget", "1", "") + curl, "srv/b.dist-info/METADATA": deleted},
	}}),
		"apt 2.6.1 base sha256:0", "bash 5.2-2 own sha256:2", "curl 7.88 own sha256:2", "wget 1 own sha256:3", "a 1.0.0 own sha256:2")
}

// TestRemovedAndReinstalled: a package that a layer in between did not have is
// that of the layer which brought it back.
func TestRemovedAndReinstalled(t *testing.T) {
	const status = "lib/apk/db/installed"
	zlib := "P:zlib\nV:1.3-r0\nA:x86_64\n\n"
	expectOrigins(t, collect(t, layered{base: 1, layers: []layer{
		{"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n", status: zlib}, {status: "P:x\nV:1-r0\n\n"}, {status: zlib},
	}}), "zlib 1.3-r0 own sha256:2")
}

func TestHiddenDatabases(t *testing.T) {
	// A database that is gone tells of nothing that could run, nor does a
	// damaged one below keep the upper one from being read.
	expectOrigins(t, collect(t, layered{layers: []layer{
		{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("apt", "1", "")}, {"var/lib/dpkg/status": deleted},
	}}))
	expectOrigins(t, collect(t, layered{base: 1, layers: []layer{
		{"etc/os-release": bookworm, "var/lib/rpm/rpmdb.sqlite": "damaged", "var/lib/dpkg/status": "dam aged: x\n\x00"},
		{"var/lib/rpm/rpmdb.sqlite": deleted, "var/lib/dpkg/status": stanza("apt", "1", "")},
	}}), "apt 1 own sha256:1")
}

func TestBaseLanguagePackages(t *testing.T) {
	const path = "usr/lib/python3/site-packages/x.dist-info/METADATA"
	expectOrigins(t, collect(t, layered{base: 1, layers: []layer{
		{path: "Name: x\nVersion: 1\n", "opt/y-1.jar": "PK", "a/node_modules/z/package.json": `{"name":"z","version":"1.0.0"}`},
		{"var/task/node_modules/z/package.json": `{"name":"z","version":"1.0.0"}`},
	}}), "y:y 1 base sha256:0", "x 1 base sha256:0", "z 1.0.0 own sha256:0 sha256:1")
}

// TestOwnedByTheSystem: what a distribution's package brought is the
// distribution's to fix.
func TestOwnedByTheSystem(t *testing.T) {
	metadata := func(name string) string { return "Name: " + name + "\nVersion: 1\n" }
	files := layer{
		"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("python3-six", "1.16.0-4", "Source: six\n"),
		"var/lib/dpkg/info/python3-six.list":                "/.\n/usr\n/usr/lib/python3/dist-packages/six.egg-info\n/opt/x.dist-info/METADATA\n/usr/lib/node_modules/npm/package.json\n",
		"usr/lib/python3/dist-packages/six.egg-info":        metadata("six"),
		"usr/local/lib/python3/six.dist-info/METADATA":      metadata("six"),
		"opt/x.dist-info/METADATA":                          metadata("x"),
		"usr/lib/node_modules/npm/package.json":             `{"name":"npm","version":"9.2.0"}`,
		"usr/lib/python3/dist-packages/other.egg-info":      metadata("other"),
		"usr/lib/python3/dist-packages/six.egg-info.backup": metadata("no"),
	}
	expectOrigins(t, collect(t, layered{layers: []layer{files}}),
		"python3-six 1.16.0-4 own sha256:0", "other 1 own sha256:0", "six 1 own sha256:0", "x 1 own sha256:0", "npm 9.2.0 own sha256:0")
	// Without advisories for the distribution the language's are all there is.
	files["etc/os-release"] = "ID=kali\n"
	if n := len(collect(t, layered{layers: []layer{files}}).Packages); n != 5 {
		t.Errorf("%d packages, want 5", n)
	}
	alpine := layer{
		"etc/os-release":       "ID=alpine\nVERSION_ID=3.19.1\n",
		"lib/apk/db/installed": "P:py3-six\nV:1.16.0-r8\nA:x86_64\nF:usr/lib/python3.11/site-packages/six.egg-info\nR:PKG-INFO\nZ:Q1\n\n",
		"usr/lib/python3.11/site-packages/six.egg-info/PKG-INFO": metadata("six"),
	}
	expectOrigins(t, collect(t, layered{layers: []layer{alpine}}), "py3-six 1.16.0-r8 own sha256:0")
}

// rpmDatabase is a database that the recipe beside it has made.
func rpmDatabase(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("rpmdb", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
