package audit

import (
	"fmt"
	"slices"
	"strings"
)

// Status says how an inspector's work on a target went. The zero value is
// failed: nothing was seen until somebody says so.
type Status uint8

// The statuses, from the JSON contract.
const (
	StatusFailed   Status = iota // it could not look
	StatusPartial                // it did not see everything
	StatusSkipped                // it did not look, for the reason given
	StatusComplete               // it saw everything
)

func statusNames() []string { return []string{"failed", "partial", "skipped", "complete"} }

// String returns the lower-case name.
func (s Status) String() string { return nameOf(statusNames(), int(s)) }

// MarshalText writes the name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name and refuses any other word.
func (s *Status) UnmarshalText(text []byte) error {
	i, ok := indexOf(statusNames(), string(text))
	if !ok {
		return fmt.Errorf("unknown status %q (allowed: complete, partial, skipped, failed)", text)
	}
	*s = Status(i)
	return nil
}

// NotSelected is the reason of an inspector that --only left out.
const NotSelected = "not selected"

// Outcome says how one inspector's work on one target went.
type Outcome struct {
	Inspector string
	Target    string
	Status    Status
	// Reason is one clause; empty when complete.
	Reason string
	// Problems are the parts that were not examined, sorted by path.
	Problems []Problem
}

// conclude turns what happened into an outcome.
func conclude(inspector, target string, c Conclusion, artifactProblems []Problem, walkErr error) Outcome {
	o := Outcome{Inspector: inspector, Target: target}
	o.Problems = sortProblems(append(slices.Clone(artifactProblems), c.Problems...))
	switch {
	case c.Failed != nil:
		o.Status, o.Reason = StatusFailed, c.Failed.Error()
	case walkErr != nil:
		o.Status, o.Reason = StatusFailed, walkErr.Error()
	case len(o.Problems) > 0:
		o.Status, o.Reason = StatusPartial, summarise(o.Problems)
	case c.Skipped != "":
		o.Status, o.Reason = StatusSkipped, c.Skipped
	default:
		o.Status = StatusComplete
	}
	return o
}

func summarise(problems []Problem) string {
	first := problems[0].Reason
	if problems[0].Path != "" {
		first = fmt.Sprintf("%q %s", problems[0].Path, first)
	}
	if len(problems) == 1 {
		return first
	}
	return fmt.Sprintf("%s, and %d more not examined", first, len(problems)-1)
}

func sortProblems(problems []Problem) []Problem {
	slices.SortFunc(problems, func(a, b Problem) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Reason, b.Reason)
	})
	return slices.Compact(problems)
}
