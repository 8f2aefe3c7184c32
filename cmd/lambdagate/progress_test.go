package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	if show := (&app{stdio: stdio{err: &out}}).newProgress(); show != nil {
		t.Error("progress is shown where nobody watches")
	}
	show := (&app{stdio: stdio{err: &out, errTerminal: true}}).newProgress()
	const mib = 1 << 20
	show(registry.Event{Layer: "a", Done: 9 * mib, Total: 10 * mib})
	show(registry.Event{Layer: "b", Done: 5 * mib, Total: 5 * mib, Cached: true})
	show(registry.Event{Layer: "a", Done: 10 * mib, Total: 10 * mib})
	lines := strings.Split(out.String(), "\r")
	want := "fetching layers: 9.0 of 10.0 MiB"
	if lines[1] != want || lines[2] != want {
		t.Errorf("got %q, want %q twice: what comes from the cache is not fetched", lines, want)
	}
	if last := lines[len(lines)-1]; last != "" || strings.TrimSpace(lines[len(lines)-2]) != "" {
		t.Errorf("the line is not cleared at the end: %q", lines)
	}
}
