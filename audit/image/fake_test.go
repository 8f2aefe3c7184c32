package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// fake is an image in memory.
type fake struct {
	image  audit.Image
	files  []fakeFile
	broken error // ends the walk
	walked bool
}

// fakeFile is a file of a layer, which counts from 1; hidden is the layer that
// deletes it, or 0.
type fakeFile struct {
	path, text    string
	mode          fs.FileMode
	layer, hidden int
	size          int64 // if larger than the text
}

func diffID(layer int) string { return fmt.Sprintf("sha256:%064d", layer) }

func (f fakeFile) Info() audit.FileInfo {
	info := audit.FileInfo{Path: f.path, Size: max(f.size, int64(len(f.text))), Mode: f.mode, Layer: diffID(f.layer), Origin: audit.OriginOwn}
	if f.layer == 1 {
		info.Origin = audit.OriginBase
	}
	if f.hidden > 0 {
		info.HiddenBy = diffID(f.hidden)
	}
	return info
}
func (f fakeFile) Bytes() ([]byte, bool, error) { return []byte(f.text), f.size == 0, nil }
func (f fakeFile) Open() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(f.text)), nil
}
func (f fakeFile) ReaderAt() (audit.ReadAtCloser, error) {
	return struct {
		io.ReaderAt
		io.Closer
	}{bytes.NewReader([]byte(f.text)), io.NopCloser(nil)}, nil
}

func (f *fake) Name() string       { return "fn" }
func (f *fake) Kind() audit.Kind   { return audit.KindImage }
func (f *fake) Image() audit.Image { return f.image }
func (f *fake) Close() error       { return nil }
func (f *fake) Digest() audit.Digest {
	if !f.walked {
		return audit.Digest{}
	}
	return audit.Digest{SHA256: diffID(0)}
}

// FS is the final file system. As in a real one, links lead to files.
func (f *fake) FS() fs.FS {
	final := fstest.MapFS{}
	for _, file := range f.files {
		if file.hidden == 0 {
			final[file.path] = &fstest.MapFile{Data: []byte(file.text), Mode: file.mode}
		}
	}
	return final
}
func (f *fake) Walk(ctx context.Context, visit func(context.Context, audit.File) error, _ func(audit.Problem)) error {
	done := make(chan error, len(f.files))
	offered := 0
	for _, file := range f.files {
		if file.mode.IsRegular() || file.mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && !file.mode.IsDir() {
			offered++
			go func() { done <- visit(ctx, file) }()
		}
	}
	errs := []error{f.broken}
	for range offered {
		errs = append(errs, <-done)
	}
	f.walked = f.broken == nil
	return errors.Join(errs...)
}

// add puts a file into the topmost layer, and hides one that is there.
func (f *fake) add(name, text string, mode fs.FileMode) {
	f.remove(name)
	f.files = append(f.files, fakeFile{path: rooted(name), text: text, mode: mode, layer: len(f.image.Layers)})
}

// remove deletes a file, or a folder and what is in it, in the topmost layer.
func (f *fake) remove(name string) {
	name = rooted(name)
	kept := f.files[:0]
	for _, file := range f.files {
		if file.hidden == 0 && (file.path == name || strings.HasPrefix(file.path, name+"/")) {
			if file.layer == len(f.image.Layers) {
				continue
			}
			file.hidden = len(f.image.Layers)
		}
		kept = append(kept, file)
	}
	f.files = kept
}

func (f *fake) layer(createdBy string) {
	n := len(f.image.Layers) + 1
	f.image.Layers = append(f.image.Layers, audit.ImageLayer{DiffID: diffID(n), Number: n, CreatedBy: audit.NewSecret(createdBy)})
}

func (f *fake) env(name, value string) {
	f.image.Config.Env = append(f.image.Config.Env, audit.EnvVar{Name: name, Value: audit.NewSecret(value)})
}

// bare is an image with one layer of a distribution, with a shell and Python.
func bare(osRelease string) *fake {
	f := &fake{image: audit.Image{Reference: "fn.tar", Config: audit.ImageConfig{OS: "linux", Architecture: "amd64"}}}
	f.layer("base")
	f.add(osReleaseUsr, osRelease, 0o644)
	f.add("bin/sh", "\x7fELF", 0o755)
	f.add("usr/bin/python3", "\x7fELF", 0o755)
	return f
}

// aws is a base image of AWS for Lambda; system is VERSION_ID of Amazon Linux.
func aws(system string) *fake {
	f := bare("NAME=\"Amazon Linux\"\nID=\"amzn\"\nVERSION_ID=\"" + system + "\"\n")
	f.env("LAMBDA_TASK_ROOT", "/var/task")
	f.env("LAMBDA_RUNTIME_DIR", "/var/runtime")
	f.env("PATH", "/var/lang/bin:/usr/bin:/bin")
	f.image.Config.Entrypoint = []string{"/lambda-entrypoint.sh"}
	f.image.Config.WorkingDir = "/var/task"
	f.add(entryScript, "#!/bin/sh\n", 0o755)
	f.add(runtimeDir+"/bootstrap", "#!/bin/sh\n", 0o755)
	f.add(taskRoot, "", fs.ModeDir|0o755)
	return f
}

// python is AWS's base for a version of Python, with a handler app.handler.
func python(version string) *fake {
	system := "2023"
	if older(version, "3.12") {
		system = "2"
	}
	f := aws(system)
	f.add(path.Join(langDir, "bin", "python"+version), "\x7fELF", 0o755)
	f.add(path.Join(langDir, "lib", "python"+version, "site-packages", "datadog_lambda", "handler.py"), "", 0o644)
	f.layer("COPY app.py")
	f.add("var/task/app.py", "def handler(e, c): pass\n", 0o644)
	f.image.Config.Cmd = []string{"app.handler"}
	return f
}

func node(major string) *fake {
	f := aws("2023")
	f.add(langDir+"/bin/node", "\x7fELF", 0o755)
	f.add(nodeVersion, "#ifndef X\n#define NODE_MAJOR_VERSION "+major+"\n", 0o644)
	f.layer("COPY")
	f.add("var/task/app.mjs", "export const handler = 1\n", 0o644)
	f.image.Config.Cmd = []string{"app.handler"}
	return f
}

func clockAt(date string) func() time.Time {
	return func() time.Time {
		at, err := time.Parse(dayFormat, date)
		if err != nil {
			return time.Time{}
		}
		return at
	}
}

// packages is a collector that knows its answer.
type packages struct {
	names    []string
	problems []audit.Problem
}

func (p packages) Begin(context.Context, audit.Target) (audit.Collection, error) { return p, nil }
func (packages) Wants(audit.FileInfo) bool                                       { return false }
func (packages) Visit(context.Context, audit.File) error                         { return nil }
func (p packages) Inventory(context.Context) audit.Inventory {
	inv := audit.Inventory{Problems: p.problems}
	for _, name := range p.names {
		inv.Packages = append(inv.Packages, audit.Package{Name: name})
	}
	return inv
}

// check runs the inspector with the clock at 2026-11-22 unless the options have
// another.
func check(o Options, f *fake, inventory packages) audit.Result {
	if o.Clock == nil {
		o.Clock = clockAt("2026-11-22")
	}
	return audit.Run(context.Background(), []audit.Target{{Name: "fn", Artifact: f}},
		audit.Options{Inspectors: []audit.Inspector{New(o)}, Collector: inventory})
}

// of keeps the findings of a rule.
func of(r audit.Result, rule string) []audit.Finding {
	var all []audit.Finding
	for _, f := range r.Findings {
		if f.Rule == rule {
			all = append(all, f)
		}
	}
	return all
}

// expect wants one finding of a rule that says something, or with an empty text
// none.
func expect(t *testing.T, r audit.Result, rule string, says string) audit.Finding {
	t.Helper()
	found := of(r, rule)
	if says == "" {
		if len(found) != 0 {
			t.Errorf("%s: %q, want no finding", rule, found[0].Message)
		}
		return audit.Finding{}
	}
	if len(found) != 1 {
		t.Fatalf("%d findings of %s, want one that says %q; all: %+v", len(found), rule, says, r.Findings)
	}
	if !strings.Contains(found[0].Message, says) {
		t.Errorf("%s: %q, want %q in it", rule, found[0].Message, says)
	}
	return found[0]
}
