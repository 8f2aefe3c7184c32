package audit

import "context"

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
