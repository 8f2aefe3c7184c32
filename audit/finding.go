package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Location is a place inside an artifact, a template or an API answer.
type Location struct {
	// Path is slash-separated and relative to the artifact. A file in a nested
	// archive is "outer.jar!/inner/file".
	Path string
	// Line and Column count from 1; 0 means not known.
	Line, Column int
	// Layer is the digest of the image layer, or the name of the Lambda layer;
	// empty for a zip or a folder.
	Layer string
}

// Origin says whose file it is.
type Origin string

// The origins, from the JSON contract.
const (
	OriginOwn  Origin = "own"  // the function's
	OriginBase Origin = "base" // the base image's
)

// Advisory is what a package finding says of the flaw.
type Advisory struct {
	// ID is the advisory's main id; Aliases are the others, sorted, without ID.
	ID      string
	Aliases []string
	// Fixed is the lowest version that cures this advisory, empty if none is
	// known.
	Fixed string
	// CVSS is the vector that the severity was computed from, empty if none.
	CVSS string
	// Score is the CVSS base score 0 to 10, 0 if unknown.
	Score float64
}

// Finding is one flaw at one place. Make one with [NewFinding].
type Finding struct {
	// Fingerprint is the hex SHA-256 of rule and subject. It holds no line
	// number and no target name, so that a waiver survives edits, rebuilds and
	// renamed artifacts.
	Fingerprint string
	Rule        string
	Inspector   string
	Severity    Severity
	Confidence  Confidence
	// Message is one sentence without a final full stop.
	Message string
	Target  string
	Origin  Origin
	// Location is the primary place; Related are the others.
	Location Location
	Related  []Location
	// Subject is what the finding is about, stable over edits: a purl and an
	// advisory id, a path and a keyed hash.
	Subject string
	// Evidence is what was seen, redacted when it was built.
	Evidence string
	// Remedy is what to do, in the imperative; a command where there is one.
	Remedy   string
	Package  *Package
	Advisory *Advisory
}

// NewFinding completes a draft: it fills Fingerprint, Inspector and the
// defaults from the rule, and refuses a draft that lacks a message, a location,
// a subject, a target or a remedy.
func NewFinding(rule Rule, draft Finding) (Finding, error) {
	f := draft
	f.Rule, f.Inspector = rule.ID, rule.Inspector
	if f.Origin == "" {
		f.Origin = OriginOwn
	}
	var errs []error
	for _, field := range []struct{ name, value string }{
		{"rule", f.Rule}, {"inspector", f.Inspector}, {"message", f.Message}, {"target", f.Target},
		{"location path", f.Location.Path}, {"subject", f.Subject}, {"remedy", f.Remedy},
	} {
		if field.value == "" {
			errs = append(errs, fmt.Errorf("finding of rule %q lacks its %s", rule.ID, field.name))
		}
	}
	if f.Package != nil && f.Package.Name == "" {
		errs = append(errs, fmt.Errorf("finding of rule %q names a package without a name", rule.ID))
	}
	if err := errors.Join(errs...); err != nil {
		return Finding{}, err
	}
	f.Fingerprint = Fingerprint(f.Rule, f.Subject)
	return f, nil
}

// Fingerprint is the hex SHA-256 of a rule and a stable subject.
func Fingerprint(rule, subject string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + subject))
	return hex.EncodeToString(sum[:])
}
