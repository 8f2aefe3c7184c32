package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	inmemory "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lambdagate/lambdagate/audit/audittest"
)

// cmdMkimage builds an image: mkimage OUT SPEC. OUT is FILE.tar (as docker save
// writes it), oci:FOLDER, ocitar:FILE or registry:REFERENCE. SPEC is a file of
// lines, each a word and its arguments:
//
//	base lambda RUNTIME       start from the like of AWS's base image
//	layer STEP                begin a layer, which a build step made
//	file PATH MODE CONTENT    a file of it; CONTENT and STEP may be quoted, as in Go
//	zeros PATH BYTES          a file of zeros; its layer is not compressed
//	osrelease ID VERSION      its /etc/os-release
//	whiteout PATH             it deletes what is below
//	repeat N                  the last layer is there N times
//	step STEP                 a build step that makes no layer
//	env NAME=VALUE            and its build step
//	entrypoint, cmd [...]     in JSON
//	workdir PATH
//	arch NAME
//	annotation NAME=VALUE
//	index OS/ARCH ...         the image is one of an index, with these others
func cmdMkimage(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: mkimage OUT SPEC")
		}
		s := imageSpec{repeat: 1}
		for i, line := range strings.Split(ts.ReadFile(args[1]), "\n") {
			if err := s.line(line); err != nil {
				ts.Fatalf("%s:%d: %v", args[1], i+1, err)
			}
		}
		kind, out, prefixed := strings.Cut(args[0], ":")
		switch {
		case prefixed && kind == "oci":
			ts.Check(os.CopyFS(ts.MkAbs(out), os.DirFS(audittest.Dir(t, s.layout(t)))))
		case prefixed && kind == "ocitar":
			ts.Check(copyFile(ts.MkAbs(out), audittest.TarFile(t, s.layout(t))))
		case prefixed && kind == "registry":
			ref, err := name.ParseReference(out)
			ts.Check(err)
			ts.Check(remote.Write(ref, s.build(t).V1(t)))
		case strings.HasSuffix(args[0], ".tar"):
			ts.Check(copyFile(ts.MkAbs(args[0]), s.build(t).DockerArchive(t, "fn:v1")))
		default:
			ts.Fatalf("unknown %q (allowed: FILE.tar, oci:FOLDER, ocitar:FILE, registry:REFERENCE)", args[0])
		}
	}
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o644))
}

// imageSpec is what a SPEC says.
type imageSpec struct {
	image  audittest.Image
	repeat int      // of the last layer
	others []string // platforms in the index
}

func (s *imageSpec) line(line string) error {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	var err error
	switch word {
	case "", "#":
	case "base":
		runtime, ok := strings.CutPrefix(rest, "lambda ")
		if !ok {
			return fmt.Errorf("unknown base %q (allowed: lambda RUNTIME)", rest)
		}
		s.image = audittest.LambdaBase(runtime)
	case "layer", "step":
		s.image.Steps = append(s.image.Steps, audittest.Step{CreatedBy: text(rest)})
	case "env":
		s.image.Config.Env = append(s.image.Config.Env, rest)
		s.image.Steps = append(s.image.Steps, audittest.Step{CreatedBy: "ENV " + rest})
	case "entrypoint":
		err = json.Unmarshal([]byte(rest), &s.image.Config.Entrypoint)
	case "cmd":
		err = json.Unmarshal([]byte(rest), &s.image.Config.Cmd)
	case "workdir":
		s.image.Config.WorkingDir = rest
	case "arch":
		s.image.Architecture = rest
	case "annotation":
		key, value, _ := strings.Cut(rest, "=")
		s.image.Annotations = map[string]string{key: value}
	case "index":
		s.others = strings.Fields(rest)
	case "repeat":
		s.repeat, err = strconv.Atoi(rest)
	default:
		return s.entry(word, rest)
	}
	return err
}

// text takes the quotes off a quoted string.
func text(s string) string {
	if quoted, err := strconv.Unquote(s); err == nil {
		return quoted
	}
	return s
}

// entry adds to the layer that was begun last.
func (s *imageSpec) entry(word, rest string) error {
	if len(s.image.Steps) == 0 {
		return fmt.Errorf("%s without a layer before it, or unknown", word)
	}
	add := func(path, content string, mode int64) {
		step := &s.image.Steps[len(s.image.Steps)-1]
		step.Entries = append(step.Entries, audittest.FileEntry(strings.TrimPrefix(path, "/"), content, mode))
	}
	path, rest, _ := strings.Cut(rest, " ")
	switch word {
	case "file":
		octal, content, _ := strings.Cut(rest, " ")
		mode, err := strconv.ParseInt(octal, 8, 64)
		if err != nil {
			return err
		}
		add(path, text(content), mode)
	case "zeros":
		size, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		add(path, string(make([]byte, size)), 0o644)
		s.image.Steps[len(s.image.Steps)-1].Compression = "none" // zeros that are compressed are a bomb
	case "osrelease":
		add("etc/os-release", "ID="+path+"\nVERSION_ID="+rest+"\n", 0o644)
	case "whiteout":
		dir, base := filepath.Split(path)
		add(dir+".wh."+base, "", 0o644)
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

func (s *imageSpec) build(t *testing.T) *audittest.BuiltImage {
	b := s.image.Build(t)
	if s.repeat > 1 {
		again(&b.Manifest.Layers, s.repeat)
		again(&b.Config.RootFS.DiffIDs, s.repeat)
		again(&b.Config.History, s.repeat)
		b.Seal(t)
	}
	return b
}

// again has the last element there n times.
func again[E any](s *[]E, n int) {
	last := (*s)[len(*s)-1:]
	*s = slices.Concat(*s, slices.Repeat(last, n-1))
}

func (s *imageSpec) layout(t *testing.T) map[string]string {
	images, index := []*audittest.BuiltImage{s.build(t)}, ""
	for _, platform := range s.others {
		other := *s
		other.image.OS, other.image.Architecture, _ = strings.Cut(platform, "/")
		images, index = append(images, other.build(t)), "v1"
	}
	return audittest.Layout(t, index, images...)
}

// cmdRegistry starts an empty registry on loopback and sets REGISTRY to its host
// and port: registry
func cmdRegistry(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		if len(args) != 0 {
			ts.Fatalf("usage: registry")
		}
		server := httptest.NewServer(inmemory.New(inmemory.Logger(log.New(io.Discard, "", 0))))
		ts.Defer(server.Close)
		ts.Setenv("REGISTRY", strings.TrimPrefix(server.URL, "http://"))
		// Whatever runs on this machine is not asked.
		ts.Setenv("DOCKER_HOST", "unix://"+ts.MkAbs("no-daemon.sock"))
		ts.Setenv("LAMBDAGATE_CACHE", ts.MkAbs("cache"))
	}
}

// cmdCut takes bytes off the end of a file: cut FILE BYTES
func cmdCut(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cut FILE BYTES")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	stat, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), stat.Size()-n))
}

// cmdDigest sets a variable to the digest of a report's first target: digest VARIABLE
// REPORT.json
func cmdDigest(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: digest VARIABLE REPORT.json")
	}
	var report struct{ Targets []struct{ Digest string } }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &report))
	if len(report.Targets) == 0 || report.Targets[0].Digest == "" {
		ts.Fatalf("%s has no digest", args[1])
	}
	ts.Setenv(args[0], report.Targets[0].Digest)
}

// cmdReplace puts one text in place of another: replace FILE OLD NEW
func cmdReplace(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}
