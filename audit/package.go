package audit

// How says how a package is known to be in the artifact.
type How string

// The ways a package is known, from the surest to the least.
const (
	HowInstalled How = "installed" // its own metadata lies in the artifact
	HowBinary    How = "binary"    // a compiled program names it (Go build info, Rust auditable)
	HowLockfile  How = "lockfile"  // declared by a lockfile at the artifact's root, nothing installed
	HowBundle    How = "bundle"    // attributed from a bundled file
)

// Package is a third-party package in the artifact.
type Package struct {
	// PURL is the package URL (https://github.com/package-url/purl-spec).
	PURL string
	// Ecosystem is OSV's name of it: npm, PyPI, Go, Maven, RubyGems, NuGet,
	// Packagist, crates.io (https://ossf.github.io/osv-schema/).
	Ecosystem string
	Name      string
	Version   string
	// SourceName is the package that advisories name where that is not Name: a
	// Linux distribution's source package. Empty elsewhere.
	SourceName string
	// SourceVersion is the version of the source package where that is not
	// Version. Empty elsewhere.
	SourceVersion string
	// Locations is every place it was found, sorted.
	Locations []Location
	How       How
	Origin    Origin
}

// Inventory is what the collector found in one target. It is complete before
// any inspector concludes.
type Inventory struct {
	// Packages are sorted by ecosystem, name and version.
	Packages []Package
	// Disagreements are lockfile entries that differ from what is installed.
	Disagreements []Disagreement
	// Problems are files that should have told of packages and could not be
	// read.
	Problems []Problem
}

// Disagreement is a lockfile at the artifact's root that declares another
// version of a package than the one installed.
type Disagreement struct {
	Lockfile Location
	// Declared are the versions the lockfile names, sorted.
	Declared  []string
	Installed Package
}
