package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
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
	o.Problems = boundProblems(append(slices.Clone(artifactProblems), c.Problems...))
	switch {
	case c.Failed != nil:
		o.Status, o.Reason = StatusFailed, c.Failed.Error()
	case walkErr != nil:
		o.Status, o.Reason = StatusFailed, walkErr.Error()
	case c.Skipped != "" && len(c.Problems) == 0:
		// What could not be read was not this inspector's to read.
		o.Status, o.Reason, o.Problems = StatusSkipped, c.Skipped, nil
	case len(o.Problems) > 0:
		o.Status, o.Reason = StatusPartial, summarise(o.Problems)
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

// maxProblems bounds how many problems are kept: a hostile artifact can have as
// many as it has entries, and each is told by every inspector in every format.
const maxProblems = 1000

// moreProblems stands for those that were dropped. It has no path, so no waiver
// can accept it.
func moreProblems() Problem {
	return Problem{Reason: fmt.Sprintf("has more than %d parts that could not be examined; the others are not listed", maxProblems-1)}
}

// boundProblems sorts problems by path, drops doubles, and keeps the first of
// them. Bounding a list again after adding to it gives the same as bounding all
// of them at once, so the result doesn't depend on who came first.
func boundProblems(problems []Problem) []Problem {
	more := moreProblems()
	all := len(problems)
	problems = slices.DeleteFunc(problems, func(p Problem) bool { return p == more })
	bounded := len(problems) < all
	slices.SortFunc(problems, compareProblems)
	problems = slices.Compact(problems)
	if !bounded && len(problems) < maxProblems {
		return problems
	}
	problems = append(slices.Clone(problems[:min(len(problems), maxProblems-1)]), more)
	slices.SortFunc(problems, compareProblems)
	return problems
}

func compareProblems(a, b Problem) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Reason, b.Reason))
}

// problemList gathers problems from several goroutines.
type problemList struct {
	mu   sync.Mutex
	list []Problem
}

func (l *problemList) problem(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.list = append(l.list, p); len(l.list) > 2*maxProblems {
		l.list = boundProblems(l.list)
	}
}
