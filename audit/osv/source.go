package osv

import (
	"context"
	"errors"

	"github.com/lambdagate/lambdagate/audit"
)

// Source knows advisories: a folder of OSV exports, or an API.
type Source interface {
	// Lookup finds the advisories that may concern the packages. An error
	// means that nothing can be said about any of them.
	Lookup(ctx context.Context, packages []audit.Package) (Answer, error)
}

// Answer is what a source knows of the packages it was asked about.
type Answer struct {
	// Candidates has one list for each package, in the order of the question.
	Candidates [][]Candidate
	// Advisories identifies the data that was asked.
	Advisories audit.Advisories
	// Problems say what the source could not tell: ecosystems it has no data
	// for, records it could not read.
	Problems []audit.Problem
}

// Candidate is a record that names a package.
type Candidate struct {
	Record *Record
	// Affected is true if the source itself compared the version and found it
	// affected. Otherwise that is still to be evaluated.
	Affected bool
}

// Unavailable returns a source that knows nothing, for the reason given: every
// lookup fails with it, so that "not asked" can't be taken for "not affected".
func Unavailable(reason string) Source { return unavailable{errors.New(reason)} }

type unavailable struct{ reason error }

func (u unavailable) Lookup(context.Context, []audit.Package) (Answer, error) {
	return Answer{}, u.reason
}
