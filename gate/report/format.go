package report

import (
	"fmt"
	"io"
	"strings"
)

// Options are about looks. A format uses those that make sense for it.
type Options struct {
	// Color allows ANSI colours in text.
	Color bool
	// Width is the number of columns of text; 0 means 80, less than 40 is 40.
	Width int
	// Quiet leaves of the text only what blocks and the verdict.
	Quiet bool
	// WaiveCommand adds to the text how to accept a finding.
	WaiveCommand bool
}

type formatter struct {
	name  string
	write func(io.Writer, Report, Options) error
}

// formatters is the list of formats.
func formatters() []formatter {
	return []formatter{
		{"json", writeJSON},
		{"text", writeText},
	}
}

// Formats returns the names that Write knows.
func Formats() []string {
	var names []string
	for _, f := range formatters() {
		names = append(names, f.name)
	}
	return names
}

// Write renders the report. An unknown format is an error that lists those
// there are, before anything is written; any other error is the writer's.
func Write(w io.Writer, format string, r Report, o Options) error {
	for _, f := range formatters() {
		if f.name != format {
			continue
		}
		if err := f.write(w, r, o); err != nil {
			return fmt.Errorf("write the %s report: %w", f.name, err)
		}
		return nil
	}
	return fmt.Errorf("unknown format %q (allowed: %s)", format, strings.Join(Formats(), ", "))
}
