package secret

import "github.com/lambdagate/lambdagate/audit"

// How far a check may look. Both bound the work for one keyword, and their sum
// is what chunks of a large file overlap by.
const (
	lookBack  = 512  // bytes before the keyword's end
	lookAhead = 2048 // bytes after it
)

// detector knows one kind of credential.
type detector struct {
	// id is unique among detectors; rule is the id of the rule it reports, which
	// several may share.
	id, rule string
	// vendor issues the credential; empty for the generic detector. kind is the
	// noun that begins a message, such as "AWS access key id".
	vendor, kind string
	severity     audit.Severity
	// specific decides between detectors that claim the same bytes: the higher
	// wins.
	specific int
	// keywords are lower-case literals, found whatever their case, at one of
	// which every check begins.
	keywords []string
	// check decides on one keyword found.
	check func(window) (found, bool)
	// opens is a clause after "which" that says what a holder can do; revoke is
	// a clause in the imperative.
	opens, revoke string
	// samples builds texts that must match with medium confidence or better, and
	// near misses that must not.
	samples func() (match, miss []string)
}

// Degrees of being specific.
const (
	byName      = iota // by the name of the variable alone
	byContext          // by a vendor's name beside it
	byStructure        // by the vendor's own prefix and structure
	byChecksum         // by a checksum inside the value
)

// window is what a check sees: the bytes around one keyword.
type window struct {
	// data begins at most lookBack before the keyword's end and ends at most
	// lookAhead after it; it is shorter only at the ends of the file.
	data []byte
	// at and end bound the keyword in data.
	at, end int
	file    *fileFacts
}

// found is a credential in a window.
type found struct {
	// start and end bound the value in the window's data.
	start, end int
	// shown is the literal that evidence may show: the vendor's prefix, or the
	// name of the variable.
	shown      string
	confidence audit.Confidence
	// severity replaces the detector's unless it is unknown.
	severity audit.Severity
	// strong is false for evidence that does not suffice in third-party code.
	strong bool
}

// fileFacts is what the checks may know of the file.
type fileFacts struct {
	// binary is set when there is a NUL in the first sniffLength bytes.
	binary bool
	// unquoted is set for formats whose values need no quotes.
	unquoted bool
	// npmrc is set for npm's configuration file.
	npmrc bool
}

// detectors is THE list, in the order of the documentation.
func detectors() []detector {
	var all []detector
	for _, family := range [][]detector{
		awsDetectors(), privateKeyDetectors(), githubDetectors(), gitlabDetectors(),
		slackDetectors(), stripeDetectors(), npmDetectors(), genericDetectors(),
	} {
		all = append(all, family...)
	}
	return all
}
