package main

import (
	"fmt"
	"io"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

// progress shows on a terminal how much of an image has arrived. Its calls
// don't overlap.
type progress struct {
	w      io.Writer
	layers map[string]registry.Event
	shown  int // characters of the line that is shown
}

// newProgress returns nil where nobody watches.
func (a *app) newProgress() func(registry.Event) {
	if !a.errTerminal {
		return nil
	}
	p := &progress{w: a.err, layers: map[string]registry.Event{}}
	return p.event
}

func (p *progress) event(e registry.Event) {
	p.layers[e.Layer] = e
	var done, total int64
	finished := true
	for _, l := range p.layers {
		if l.Cached {
			continue
		}
		done, total = done+l.Done, total+l.Total
		finished = finished && l.Done >= l.Total
	}
	line := ""
	if !finished {
		const mib = 1 << 20
		line = fmt.Sprintf("fetching layers: %.1f of %.1f MiB", float64(done)/mib, float64(total)/mib)
	}
	// A line that gets shorter leaves the end of the old one behind.
	fmt.Fprintf(p.w, "\r%-*s", p.shown, line)
	if p.shown = len(line); line == "" {
		fmt.Fprint(p.w, "\r")
	}
}
