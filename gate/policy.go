package gate

import (
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// FileName is the policy file that [Loader.Find] looks for.
const FileName = "lambdagate.yaml"

// Policy is a policy file with everything it extends worked in: what blocks,
// what warns, which inspectors must complete, and what is waived. Make one with
// [Loader.Load]; the zero Policy decides nothing, so its verdict is undecided.
type Policy struct {
	// Name is the built-in name or the file, as it was given.
	Name string
	// Digest identifies the content of all Sources: "sha256:" and the hex
	// SHA-256 of every source, base first, each after its length in bytes as a
	// 64-bit big-endian number. A built-in that changes in a release changes the
	// digest of every policy that extends it.
	Digest string
	// Description is that of the named file, not of those it extends.
	Description string
	// Sources are the files of the chain, base first, the named one last.
	Sources []Source
	Require []Requirement
	// Block are the clauses that stop a release, Warn those that only tell.
	Block, Warn []Clause
	Advisories  AdvisoryRules
	Limits      Limits
	Image       ImageRules
	Waivers     []Waiver
}

// Source is one file of a policy's chain.
type Source struct {
	Name    string
	Content []byte
}

// Requirement is an inspector that must see everything for a pass.
type Requirement struct {
	Inspector string
	// Locked keeps policies that extend this one from dropping it, and their
	// waivers from covering what the inspector could not read.
	Locked bool
	// Source is where it stands, as "file:line".
	Source string

	level int // of its file in the chain, 0 for the base
}

// Clause names findings. It matches a finding that meets all its conditions.
type Clause struct {
	// ID is a slug that is unique in the policy and those it extends.
	ID string
	// Policy is the built-in's name or the file's base name.
	Policy string
	// Severity is the least severity that matches; a finding of unknown
	// severity counts as high. Unknown means any.
	Severity audit.Severity
	// Confidence is the least confidence that matches.
	Confidence audit.Confidence
	// Fixable narrows to findings whose advisory names a fixed version.
	Fixable bool
	// Origin narrows to findings of the base image, or to those of the function's
	// own files; a finding that says nothing is the function's. Empty means both.
	Origin audit.Origin
	// Rules are rule ids or globs, one of which must match; none means any rule.
	Rules []string
	// Locked keeps policies that extend this one from replacing the clause,
	// switching it off, or waiving what it matches.
	Locked bool
	// Source is where it stands, as "file:line".
	Source string

	level int // of its file in the chain, 0 for the base
}

// Name is what reasons call the clause, such as "baseline:severity-high".
func (c Clause) Name() string { return c.Policy + ":" + c.ID }

// matches says whether the finding meets all conditions.
func (c Clause) matches(f audit.Finding) bool {
	if c.Severity != audit.SeverityUnknown && effectiveSeverity(f) < c.Severity {
		return false
	}
	if f.Confidence < c.Confidence {
		return false
	}
	if c.Fixable && (f.Advisory == nil || f.Advisory.Fixed == "") {
		return false
	}
	if c.Origin != "" && effectiveOrigin(f) != c.Origin {
		return false
	}
	return len(c.Rules) == 0 || matchAny(c.Rules, f.Rule)
}

// effectiveSeverity is the finding's severity, with unknown as high: a flaw
// nobody has rated yet is not a harmless one.
func effectiveSeverity(f audit.Finding) audit.Severity {
	if f.Severity == audit.SeverityUnknown {
		return audit.SeverityHigh
	}
	return f.Severity
}

// effectiveOrigin is the finding's origin, with anything but base as own: only
// what is known to be the base image's is treated as such.
func effectiveOrigin(f audit.Finding) audit.Origin {
	if f.Origin == audit.OriginBase {
		return audit.OriginBase
	}
	return audit.OriginOwn
}

// Staleness is what follows from advisory data that is too old. The zero value
// is undecided.
type Staleness uint8

// The consequences of old advisory data.
const (
	StaleUndecided Staleness = iota // no verdict without newer data
	StaleWarn                       // a note in the verdict
	StaleIgnore                     // nothing
)

func stalenessNames() []string { return []string{"undecided", "warn", "ignore"} }

// AdvisoryRules say how old advisory data may be. Live data has no age.
type AdvisoryRules struct {
	MaxAge time.Duration
	// OwnIndex is for the tool's own downloaded index, Named for data that the
	// user named.
	OwnIndex, Named Staleness
}

// defaultAdvisoryRules hold where no file of the chain says otherwise.
func defaultAdvisoryRules() AdvisoryRules {
	return AdvisoryRules{MaxAge: 14 * 24 * time.Hour, OwnIndex: StaleUndecided, Named: StaleWarn}
}

// Limits bound what reading an artifact may cost. Zero means the default of the
// reader.
type Limits struct {
	TotalBytes int64 // of all files together, uncompressed
	FileBytes  int64 // of one file, uncompressed
	Entries    int   // files and folders
	Ratio      int64 // uncompressed to compressed bytes
	Depth      int   // of archives in archives
	PathBytes  int   // of one path
	Layers     int   // of one image

	// Those of an image take the place of their namesakes for it.
	ImageTotalBytes, ImageFileBytes int64
	ImageEntries                    int
}

// ImageRules are what the policy expects of a container image.
type ImageRules struct {
	// AllowedBases are globs on the name of the base image, one of which must
	// match; none means that any base will do. The image inspector compares.
	AllowedBases []string
}
