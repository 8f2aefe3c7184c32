package audit

import (
	"context"
	"time"
)

// Inspector examines targets for one family of flaws.
type Inspector interface {
	// Name is what --only, require and the outcomes call it.
	Name() string
	// Rules are the rules it can report, in the order of the documentation.
	Rules() []Rule
	// Begin starts the examination of one target.
	Begin(ctx context.Context, target Target) (Examination, error)
}

// Examination is one inspector's work on one target.
type Examination interface {
	// Wants says whether a file is of interest. It is cheap, and may be called
	// concurrently.
	Wants(info FileInfo) bool
	// Visit examines one file; it is called concurrently. An error means that
	// this file was not fully examined and makes the outcome partial.
	Visit(ctx context.Context, file File) error
	// Conclude ends the examination. The inventory is complete.
	Conclude(ctx context.Context, inventory Inventory) Conclusion
}

// Conclusion is what an examination found.
type Conclusion struct {
	Findings []Finding
	// Problems make the outcome partial.
	Problems []Problem
	// Skipped, when set, says why there was nothing to do.
	Skipped string
	// Failed, when set, says why the examination could not be done at all.
	Failed error
	// Advisories says which advisory data was used, if any.
	Advisories *Advisories
}

// Advisories identifies the advisory data that findings rest on.
type Advisories struct {
	// Source is a folder as the user named it, or the API's base URL.
	Source string
	// Date is the newest date in the data; zero if unknown. For a live API it
	// is the time of asking.
	Date time.Time
	// Digest is "sha256:…" of the data that was read; empty for an API.
	Digest string
	// Live is true for an API, which has no age.
	Live bool
	// Named is true for a folder or file that the user named, as opposed to
	// the tool's own downloaded index; policy judges their age differently.
	Named bool
}

// Collector finds the packages in a target. The walk feeds it before any
// inspector.
type Collector interface {
	Begin(ctx context.Context, target Target) (Collection, error)
}

// Collection is a collector's work on one target; Wants and Visit are as an
// Examination's.
type Collection interface {
	Wants(info FileInfo) bool
	Visit(ctx context.Context, file File) error
	// Inventory ends the collection.
	Inventory(ctx context.Context) Inventory
}
