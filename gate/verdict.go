package gate

import (
	"fmt"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// Decision is the gate's answer. The zero value is undecided: nobody has
// decided yet.
type Decision uint8

// The decisions, from the JSON contract.
const (
	Undecided Decision = iota
	Pass
	Block
)

// String returns the lower-case name.
func (d Decision) String() string {
	switch d {
	case Pass:
		return "pass"
	case Block:
		return "block"
	default:
		return "undecided"
	}
}

// MarshalText writes the name.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a name and refuses any other word.
func (d *Decision) UnmarshalText(text []byte) error {
	for _, v := range []Decision{Undecided, Pass, Block} {
		if v.String() == string(text) {
			*d = v
			return nil
		}
	}
	return fmt.Errorf("unknown decision %q (allowed: pass, block, undecided)", text)
}

// Verdict is what Decide says.
type Verdict struct {
	Decision Decision
	// Reasons are the findings that block, each with the clause that says so.
	Reasons []Reason
	// Warnings are the findings that a warn clause names and none blocks.
	Warnings []Reason
	// Waived are the findings that would block or warn but for a waiver, and the
	// parts not read that a waiver accepts.
	Waived []Waived
	// Expired are waivers past their date that would have covered a finding,
	// Unused the live ones that covered none.
	Expired []Waiver
	Unused  []Waiver
	// Incomplete are outcomes of required inspectors that did not see everything:
	// what makes a verdict undecided when nothing blocks. An inspector that gave
	// no outcome at all stands here as failed.
	Incomplete []audit.Outcome
	// Undecided are further clauses that say why no verdict is possible, such
	// as advisories that are too old; Notes are remarks that decide nothing.
	Undecided []string
	Notes     []string
}

// Reason ties a finding to the clause that names it.
type Reason struct {
	// Finding is the fingerprint, Target the target it was found in.
	Finding string
	Target  string
	// Clause is the clause's id with the policy it comes from, such as
	// "baseline:severity-high".
	Clause string
}

// Waived is a finding that a waiver covers, or a part that was not read.
type Waived struct {
	// Finding is the fingerprint; empty for a part that was not read.
	Finding string
	Target  string
	// Inspector and Path name the part that was not read; empty for a finding.
	Inspector string
	Path      string
	Waiver    Waiver
}

// Waiver is an accepted finding: who accepts it, why, and until when. It names
// a fingerprint, or a rule and a subject. In globs "*" is any run of characters,
// slashes included, and "?" any one character.
type Waiver struct {
	// Fingerprint is a whole fingerprint or a prefix of eight digits or more.
	Fingerprint string
	// Rule is a rule id or a glob; with it Subject is required: a glob matched
	// against the finding's subject, advisory ids, purl and package name, and
	// against its paths, all of which it must then match. The rule "unread" stands
	// for parts that could not be read, with a glob on their path as Subject.
	Rule    string
	Subject string
	// Target narrows the waiver to targets that match this glob; optional.
	Target string
	Owner  string
	Reason string
	// Expires is the last day (UTC) on which the waiver holds.
	Expires time.Time
	// Source is where it stands, as "file:line".
	Source string

	level int // of its file in the chain, 0 for the base
}
