package report

import (
	"encoding/json"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// Schema is the version of the JSON contract that this package writes, and the
// newest that it reads.
const Schema = 1

// List is a JSON array that is never null: a nil List is written as [].
type List[T any] []T

// MarshalJSON writes the array.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]T(l))
}

// Report is one check as docs/report.md describes it, field by field. Two runs
// on the same input give the same report but for Time. Fields are added
// freely; none is ever renamed under one schema version.
type Report struct {
	Schema int    `json:"schema"`
	Tool   Tool   `json:"tool"`
	Time   Time   `json:"time"`
	Policy Policy `json:"policy"`
	// Advisories is absent when no advisory data was used.
	Advisories *Advisories   `json:"advisories,omitempty"`
	Targets    List[Target]  `json:"targets"`
	Outcomes   List[Outcome] `json:"outcomes"`
	Findings   List[Finding] `json:"findings"`
	Packages   List[Package] `json:"packages"`
	// Rules are those that have findings, so that a saved report renders to
	// every format.
	Rules   List[Rule] `json:"rules"`
	Verdict Verdict    `json:"verdict"`
}

// Tool is the program that made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Time holds all that differs between two runs on the same input.
type Time struct {
	// Generated is when the report was made, RFC 3339 in UTC, to the second.
	Generated string `json:"generated"`
	// DurationMS is how long the check took, in milliseconds.
	DurationMS int64 `json:"durationMs"`
}

// Policy is the policy that judged.
type Policy struct {
	Name string `json:"name"`
	// Digest is "sha256:" and hex, over the whole chain of files.
	Digest string `json:"digest,omitempty"`
}

// Advisories is the advisory data that package findings rest on.
type Advisories struct {
	Source string `json:"source"`
	// Date is the newest date in the data, RFC 3339 in UTC; absent for a live
	// API, whose date would be that of the check.
	Date   string `json:"date,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Live is true for an API.
	Live bool `json:"live,omitempty"`
	// Named is true for data that the user named with --db.
	Named bool `json:"named,omitempty"`
}

// Target is one thing that was looked at.
type Target struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
	// Digest is "sha256:" and hex; absent when not everything could be read.
	Digest string `json:"digest,omitempty"`
	// CodeSHA256 is a zip's SHA-256 in base64, as the Lambda API reports it.
	CodeSHA256 string `json:"codeSha256,omitempty"`
	// Files is how many files were read, those in nested archives included;
	// Bytes is their uncompressed size.
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Outcome says how one inspector's work on one target went.
type Outcome struct {
	Inspector string       `json:"inspector"`
	Target    string       `json:"target"`
	Status    audit.Status `json:"status"`
	Reason    string       `json:"reason,omitempty"`
	// Problems are the parts that were not examined.
	Problems List[Problem] `json:"problems"`
}

// Problem is a part that could not be examined; without a path it is the whole.
type Problem struct {
	Path   string `json:"path,omitempty"`
	Reason string `json:"reason"`
}

// Finding is one flaw at one place.
type Finding struct {
	Fingerprint string           `json:"fingerprint"`
	Rule        string           `json:"rule"`
	Inspector   string           `json:"inspector"`
	Severity    audit.Severity   `json:"severity"`
	Confidence  audit.Confidence `json:"confidence"`
	Message     string           `json:"message"`
	Target      string           `json:"target"`
	Origin      string           `json:"origin"`
	// Subject is what the fingerprint and a waiver by rule go by.
	Subject  string         `json:"subject"`
	Location Location       `json:"location"`
	Related  List[Location] `json:"related"`
	Package  *PackageRef    `json:"package,omitempty"`
	Advisory *Advisory      `json:"advisory,omitempty"`
	Evidence string         `json:"evidence,omitempty"`
	Remedy   string         `json:"remedy"`
	// Waiver is present when the finding would block or warn but for it.
	Waiver *Waiver `json:"waiver,omitempty"`
}

// Location is a place. Line and Column count from 1; absent is not known.
type Location struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Layer  string `json:"layer,omitempty"`
}

// PackageRef names the package that a finding is about.
type PackageRef struct {
	PURL      string `json:"purl,omitempty"`
	Ecosystem string `json:"ecosystem,omitempty"`
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
}

// Advisory is the published flaw that a package has.
type Advisory struct {
	ID      string       `json:"id"`
	Aliases List[string] `json:"aliases"`
	// Fixed is the lowest version that cures it, absent if none is known.
	Fixed string `json:"fixed,omitempty"`
	// CVSS is the vector, Score its base score from 0 to 10.
	CVSS  string  `json:"cvss,omitempty"`
	Score float64 `json:"score,omitempty"`
}

// Package is one third-party package of a target.
type Package struct {
	PURL      string         `json:"purl,omitempty"`
	Ecosystem string         `json:"ecosystem,omitempty"`
	Name      string         `json:"name"`
	Version   string         `json:"version,omitempty"`
	Target    string         `json:"target"`
	Locations List[Location] `json:"locations"`
	Origin    string         `json:"origin,omitempty"`
	How       string         `json:"how,omitempty"`
}

// Rule is a rule that has findings.
type Rule struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Severity audit.Severity `json:"severity"`
	CWE      List[int]      `json:"cwe"`
	// Help is plain text: what it reports, why it matters, what to do.
	Help string    `json:"help,omitempty"`
	Refs List[Ref] `json:"refs"`
}

// Ref is the same check elsewhere, or the document that the rule follows.
type Ref struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// Verdict is the gate's answer and all it rests on.
type Verdict struct {
	Decision   gate.Decision    `json:"decision"`
	Reasons    List[Reason]     `json:"reasons"`
	Warnings   List[Reason]     `json:"warnings"`
	Waived     List[Waived]     `json:"waived"`
	Expired    List[Waiver]     `json:"expired"`
	Unused     List[Waiver]     `json:"unused"`
	Incomplete List[Incomplete] `json:"incomplete"`
	Undecided  List[string]     `json:"undecided"`
	Notes      List[string]     `json:"notes"`
}

// Reason ties a finding to the clause of the policy that names it.
type Reason struct {
	Finding string `json:"finding"`
	Target  string `json:"target"`
	Clause  string `json:"clause"`
}

// Waived is a finding that a waiver covers, or a part that was not read and
// that a waiver accepts.
type Waived struct {
	// Finding is the fingerprint, absent for a part that was not read.
	Finding string `json:"finding,omitempty"`
	Target  string `json:"target"`
	// Inspector and Path name the part that was not read.
	Inspector string `json:"inspector,omitempty"`
	Path      string `json:"path,omitempty"`
	Waiver    Waiver `json:"waiver"`
}

// Waiver is an accepted finding: by whom, why, and until when.
type Waiver struct {
	Fingerprint string `json:"fingerprint,omitempty"`
	Rule        string `json:"rule,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Target      string `json:"target,omitempty"`
	Owner       string `json:"owner"`
	Reason      string `json:"reason"`
	// Expires is the last day (UTC) on which it holds, as 2026-12-31.
	Expires string `json:"expires"`
	// Source is where it stands, as file:line.
	Source string `json:"source,omitempty"`
}

// Incomplete is a required inspector that did not see everything; its outcome
// has the particulars.
type Incomplete struct {
	Inspector string       `json:"inspector"`
	Target    string       `json:"target"`
	Status    audit.Status `json:"status"`
	Reason    string       `json:"reason,omitempty"`
}
