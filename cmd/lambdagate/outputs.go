package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/gate/report"
)

// output is one report to be written; an empty file is stdout.
type output struct{ format, file string }

func formatList() string { return strings.Join(report.Formats(), ", ") }

func parseOutputs(stdout string, more []string) ([]output, error) {
	var outputs []output
	for _, m := range more {
		format, file, ok := strings.Cut(m, "=")
		if !ok || file == "" {
			return nil, usage("--output %q is not of the form FORMAT=FILE (formats: %s)", m, formatList())
		}
		if slices.ContainsFunc(outputs, func(o output) bool { return filepath.Clean(o.file) == filepath.Clean(file) }) {
			return nil, usage("--output names the file %q twice", file)
		}
		outputs = append(outputs, output{format: format, file: file})
	}
	// Last, since its reader may have gone away (`… | head`).
	outputs = append(outputs, output{format: stdout})
	for _, o := range outputs {
		if !slices.Contains(report.Formats(), o.format) {
			return nil, usage("unknown format %q (allowed: %s)", o.format, formatList())
		}
	}
	return outputs, nil
}

// finish writes every report and turns the decision into the exit code. A
// report that can't be written makes a pass undecided, since somebody counts on
// it; a block stays one.
func (a *app) finish(r report.Report, d gate.Decision, outputs []output, o checkOptions) error {
	color := a.terminal && !o.noColor && a.getenv("NO_COLOR") == ""
	failed := false
	for _, out := range outputs {
		ro := report.Options{Quiet: o.quiet, WaiveCommand: true}
		if out.file == "" {
			ro.Color = color
		}
		if err := a.write(out, r, ro); err != nil {
			failed = true
			a.warn("the %s report was not written: %v", out.format, err)
		}
	}
	switch {
	case d == gate.Block:
		return &codeError{exitBlock, errSilent}
	case d == gate.Undecided || failed:
		return &codeError{exitUndecided, errSilent}
	default:
		return nil
	}
}

func (a *app) write(out output, r report.Report, o report.Options) error {
	var buf bytes.Buffer
	if err := report.Write(&buf, out.format, r, o); err != nil {
		return err
	}
	if out.file == "" {
		_, err := a.out.Write(buf.Bytes())
		return err
	}
	return writeFile(out.file, buf.Bytes())
}

// writeFile replaces a file in one step, so that nobody reads half a report.
// A link stays one, and an existing file keeps its mode. What is not a regular
// file (/dev/stderr, a pipe) is written to directly.
func writeFile(name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return os.WriteFile(name, data, mode)
		}
		mode = info.Mode().Perm()
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if errors.Is(err, fs.ErrPermission) {
		return os.WriteFile(name, data, mode) // the file may be ours in a folder that isn't
	}
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails once it is renamed, as it should
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(mode); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// warn writes a line to stderr; stdout carries the report and nothing else.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.err, "lambdagate: %s\n", printable(fmt.Sprintf(format, args...)))
}

// printable keeps what comes from an artifact or a server from driving the
// terminal: an error may carry a file name. Newlines of our own hints stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}
