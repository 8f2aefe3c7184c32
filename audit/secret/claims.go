package secret

import (
	"fmt"
	"slices"

	"github.com/lambdagate/lambdagate/audit"
)

// What is kept of one file. A file beyond maxValues is reported as not fully
// examined; places beyond maxPlaces of one value are not listed.
const (
	maxValues = 1000
	maxPlaces = 50
)

var errTooMany = fmt.Errorf("holds more than %d different credentials; the others are not listed", maxValues)

// claims settles which detector a credential belongs to when several claim the
// same bytes, and keeps what was settled.
type claims struct {
	// hash is a keyed hash of a value.
	hash func(audit.Secret) string
	// pending may still be claimed by a more specific detector; in the order in
	// which they were found.
	pending []match
	settled []settled
	places  map[valueKey]int
	// exceeded is set when there were more than maxValues.
	exceeded bool
}

// settled is a credential that belongs to one detector. The value itself is
// gone.
type settled struct {
	match
	hash     string
	evidence string
}

type valueKey struct{ rule, hash string }

// add takes a match found in a window that begins at offset from; no later
// match begins before it.
func (c *claims) add(from int64, m match) {
	c.settle(from)
	for _, p := range c.pending {
		if overlap(m, p) && !outranks(m, p) {
			return
		}
	}
	c.pending = slices.DeleteFunc(c.pending, func(p match) bool { return overlap(m, p) })
	c.pending = append(c.pending, m)
}

func overlap(a, b match) bool { return a.start < b.end && b.start < a.end }

// outranks says whether a later match takes the bytes from an earlier one.
func outranks(later, earlier match) bool {
	if later.detector.specific != earlier.detector.specific {
		return later.detector.specific > earlier.detector.specific
	}
	return later.confidence > earlier.confidence
}

// settle keeps the pending matches that end before an offset.
func (c *claims) settle(before int64) {
	open := c.pending[:0]
	for _, m := range c.pending {
		if m.end > before {
			open = append(open, m)
			continue
		}
		c.keep(m)
	}
	c.pending = open
}

// settleAll keeps every pending match; the file is at its end.
func (c *claims) settleAll() {
	for _, m := range c.pending {
		c.keep(m)
	}
	c.pending = nil
}

func (c *claims) keep(m match) {
	s := settled{match: m, hash: c.hash(m.value), evidence: m.value.Evidence(m.shown)}
	s.value = audit.Secret{}
	key := valueKey{m.detector.rule, s.hash}
	seen := c.places[key]
	if seen == 0 && len(c.places) >= maxValues {
		c.exceeded = true
		return
	}
	if c.places == nil {
		c.places = map[valueKey]int{}
	}
	c.places[key] = seen + 1
	if seen < maxPlaces {
		c.settled = append(c.settled, s)
	}
}
