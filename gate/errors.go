package gate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Error is one thing wrong with a policy, or with a change to one. Load reports
// all it finds, joined; errors.As finds the first.
type Error struct {
	// File is the policy as it was named; Line and Column count from 1 and are 0
	// where there is no line to point at, such as for a missing file.
	File         string
	Line, Column int
	Err          error
}

// Error returns "file:line:column: what is wrong".
func (e *Error) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
	case e.File != "":
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	default:
		return e.Err.Error()
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// maxErrors bounds how many errors of one policy are told.
const maxErrors = 50

// position is a place in a policy file.
type position struct {
	file         string
	line, column int
}

// String is the place as "file:line", for sentences that point at it.
func (p position) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

func (p position) errorf(format string, args ...any) *Error {
	return &Error{File: p.file, Line: p.line, Column: p.column, Err: fmt.Errorf(format, args...)}
}

// errorList gathers errors, so that a file with three typos takes one run to
// correct and not three.
type errorList struct {
	list []*Error
	more int
}

func (l *errorList) add(err *Error) {
	if len(l.list) == maxErrors {
		l.more++
		return
	}
	l.list = append(l.list, err)
}

func (l *errorList) empty() bool { return len(l.list) == 0 }

// join returns the errors by place, files in the order they were read.
func (l *errorList) join() error {
	if l.empty() {
		return nil
	}
	rank := map[string]int{}
	for _, e := range l.list {
		if _, seen := rank[e.File]; !seen {
			rank[e.File] = len(rank)
		}
	}
	slices.SortStableFunc(l.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(rank[a.File], rank[b.File]),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all []error
	for _, e := range l.list {
		all = append(all, e)
	}
	if l.more > 0 {
		all = append(all, fmt.Errorf("and %d more errors", l.more))
	}
	return errors.Join(all...)
}
