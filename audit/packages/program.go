package packages

import (
	"bytes"
	"compress/zlib"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// stdlib is OSV's name of Go's standard library.
const stdlib = "stdlib"

// opaque is a program that hides what it is made of, as opposed to one that
// can't be read.
type opaque struct{ reason error }

func (o opaque) Error() string { return o.reason.Error() }
func (o opaque) Unwrap() error { return o.reason }

// readProgram reads the packages that a Go or Rust program names itself.
// A file that is no program gives nothing.
func readProgram(file audit.File) ([]sighting, error) {
	data, inMemory, err := file.Bytes()
	if err != nil {
		return nil, err
	}
	if inMemory {
		if !hasMagic(data) {
			return nil, nil
		}
		return readExecutable(bytes.NewReader(data), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	}
	head, err := readHead(file)
	if err != nil || !hasMagic(head) {
		return nil, err
	}
	r, err := file.ReaderAt()
	if err != nil {
		return nil, err
	}
	found, err := readExecutable(r, file.Open)
	return found, errors.Join(err, r.Close())
}

func readHead(file audit.File) ([]byte, error) {
	r, err := file.Open()
	if err != nil {
		return nil, err
	}
	head := make([]byte, magicSize)
	_, err = io.ReadFull(r, head)
	return head, errors.Join(err, r.Close())
}

// readExecutable reads a program's build information. open gives its content from
// the start.
func readExecutable(r io.ReaderAt, open func() (io.ReadCloser, error)) ([]sighting, error) {
	tables := &tables{r: r}
	executable, err := openExecutable(tables)
	if err != nil {
		return nil, checkUnreadable(open, err)
	}
	found, err := rustCrates(executable)
	if err != nil || len(found) > 0 {
		return found, err
	}
	if found, err = goModules(tables, executable); err != nil || len(found) > 0 {
		return found, err
	}
	return nil, checkPacked(r)
}

// goMagic begins Go's build information (cmd/link, debug/buildinfo).
const goMagic = "\xff Go buildinf:"

// goModules reads the modules linked into a Go program, and the standard
// library. osv-scalibr's extractor is not used: it hides why a program can't
// be read.
func goModules(r io.ReaderAt, executable executable) ([]sighting, error) {
	isGo := executable.hasAny(".go.buildinfo", ".gopclntab", "__go_buildinfo", "__gopclntab")
	if executable.names && !isGo {
		return nil, nil
	}
	info, err := buildinfo.Read(r)
	if err != nil && errors.Is(err, errBudget) {
		return nil, err
	}
	if err != nil && isGo {
		return nil, opaque{fmt.Errorf("is a Go program whose build information can't be read: %w", err)}
	}
	if err != nil {
		return nil, nil
	}
	found := []sighting{{ecosystem: ecosystemGo, name: stdlib, version: goRelease(info.GoVersion)}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		found = append(found, sighting{ecosystem: ecosystemGo, name: m.Path, version: m.Version})
	}
	// The main module has a checksum only if it was downloaded as a whole, by
	// go install: then somebody else's program lies in the artifact.
	if m := info.Main; m.Sum != "" {
		found = append(found, sighting{ecosystem: ecosystemGo, name: m.Path, version: m.Version})
	}
	if info.Path == "" && info.Main.Path == "" && len(info.Deps) == 0 {
		return found, opaque{errors.New("is a Go program without module information: built without modules, or obfuscated")}
	}
	return found, nil
}

var goVersionPattern = regexp.MustCompile(`^go(\d+\.\d+)(\.\d+)?(?:(rc|beta)(\d+))?`)

// goRelease turns the toolchain's version ("go1.22rc1", "go1.22.3 X:nocoverageredesign")
// into the semantic version that advisories use; empty for an unreleased one
// (https://go.dev/doc/toolchain#version).
func goRelease(version string) string {
	m := goVersionPattern.FindStringSubmatch(version)
	if m == nil {
		return ""
	}
	release := m[1] + m[2]
	if m[2] == "" {
		release += ".0"
	}
	if m[3] != "" {
		release += "-" + m[3] + "." + m[4]
	}
	return release
}

// maxRustInfo bounds the unpacked list of crates, in bytes; cargo-auditable
// advises readers to have such a limit.
const maxRustInfo = 8 << 20

// rustCrates reads the list that cargo-auditable links into a program: JSON
// compressed with zlib (https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md).
func rustCrates(executable executable) ([]sighting, error) {
	section := executable.section(".dep-v0")
	if section == nil {
		return nil, nil
	}
	data, err := inflate(section)
	if err != nil {
		return nil, fmt.Errorf("has a list of crates that can't be read: %w", err)
	}
	return parseCrates(data)
}

func inflate(r io.Reader) ([]byte, error) {
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, maxRustInfo+1))
	if err == nil && len(data) > maxRustInfo {
		err = fmt.Errorf("is larger than %d bytes", maxRustInfo)
	}
	return data, errors.Join(err, z.Close())
}

func parseCrates(data []byte) ([]sighting, error) {
	var list struct {
		Packages []struct {
			Name, Version, Source, Kind string
			Root                        bool
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("has a list of crates that can't be parsed: %w", err)
	}
	var found []sighting
	for _, p := range list.Packages {
		if p.Root || p.Source == "local" || p.Kind == "build" {
			continue
		}
		found = append(found, sighting{ecosystem: ecosystemCrates, name: p.Name, version: p.Version})
	}
	return found, nil
}

// checkUnreadable decides about something that begins like a program and is
// none: only if Go's build information is in it, something is missed.
func checkUnreadable(open func() (io.ReadCloser, error), cause error) error {
	r, err := open()
	if err != nil {
		return err
	}
	isGo, err := contains(r, goMagic)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if isGo {
		return opaque{fmt.Errorf("is a Go program whose build information can't be read: %w", cause)}
	}
	return nil
}

// contains searches a stream.
func contains(r io.Reader, text string) (bool, error) {
	buffer := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := r.Read(buffer[kept:])
		window := buffer[:kept+n]
		if bytes.Contains(window, []byte(text)) {
			return true, nil
		}
		kept = copy(buffer, window[max(0, len(window)-len(text)+1):])
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// checkPacked reports a program that UPX compressed, which hides what it is
// made of. Its loader's header stands behind the program headers.
func checkPacked(r io.ReaderAt) error {
	head := make([]byte, 1<<10)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.Contains(string(head[:n]), "UPX!") {
		return opaque{errors.New("is packed with UPX: what it is made of can't be read")}
	}
	return nil
}
