package audit

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// Options are what Run works with.
type Options struct {
	// Inspectors to run; each gives an outcome for each target.
	Inspectors []Inspector
	// NotSelected are names of inspectors that were left out on request; each
	// gives a skipped outcome, so that a report can't hide the choice.
	NotSelected []string
	// Collector builds the inventory; nil gives an empty one.
	Collector Collector
}

// Result is everything that Run found. Its order is deterministic.
type Result struct {
	Targets    []TargetResult
	Findings   []Finding
	Outcomes   []Outcome
	Advisories Advisories
}

// TargetResult says what was looked at.
type TargetResult struct {
	Name     string
	Kind     Kind
	Digest   Digest
	Files    int64 // offered by the walk, nested ones included
	Bytes    int64 // uncompressed
	Packages []Package
}

// Run examines each target in one walk. It has no error of its own: what went
// wrong is in the outcomes, since a report of what was seen so far is always
// owed.
func Run(ctx context.Context, targets []Target, o Options) Result {
	var result Result
	for _, target := range targets {
		runTarget(ctx, target, o, &result)
	}
	result.Findings = mergeFindings(result.Findings)
	sortOutcomes(result.Outcomes)
	return result
}

// errInterrupted is why nothing is known after the context ended.
var errInterrupted = errors.New("interrupted before everything was looked at")

// running is one inspector at work on one target.
type running struct {
	inspector   Inspector
	examination Examination
	failed      error
	problemList
}

// visitor is what a collection and an examination have in common.
type visitor interface {
	Wants(info FileInfo) bool
	Visit(ctx context.Context, file File) error
}

func runTarget(ctx context.Context, target Target, o Options, result *Result) {
	w := &walk{}
	collecting := beginCollector(ctx, target, o.Collector, w)
	running := beginInspectors(ctx, target, o.Inspectors, w)
	walkErr := target.Artifact.Walk(ctx, w.file, w.problem)
	if ctx.Err() != nil {
		walkErr = errInterrupted
	}
	inventory := collecting.inventory(ctx)

	for _, r := range running {
		c := r.conclude(ctx, inventory)
		c.Problems = append(c.Problems, r.list...)
		o := conclude(r.inspector.Name(), target.Name, c, w.list, walkErr)
		result.Outcomes = append(result.Outcomes, o)
		result.Findings = append(result.Findings, c.Findings...)
		if c.Advisories != nil {
			result.Advisories = result.Advisories.with(*c.Advisories)
		}
	}
	for _, name := range o.NotSelected {
		result.Outcomes = append(result.Outcomes,
			Outcome{Inspector: name, Target: target.Name, Status: StatusSkipped, Reason: NotSelected})
	}
	result.Targets = append(result.Targets, TargetResult{
		Name: target.Name, Kind: target.Artifact.Kind(), Digest: target.Artifact.Digest(),
		Files: w.files.Load(), Bytes: w.bytes.Load(), Packages: inventory.Packages,
	})
}

func beginInspectors(ctx context.Context, target Target, inspectors []Inspector, w *walk) []*running {
	var all []*running
	for _, in := range inspectors {
		r := &running{inspector: in}
		all = append(all, r)
		r.failed = guard(in.Name(), func() (err error) {
			r.examination, err = in.Begin(ctx, target)
			return err
		})
		if r.failed == nil {
			w.visitors = append(w.visitors, offered{visitor: r.examination, problem: r.problem})
		}
	}
	return all
}

func (r *running) conclude(ctx context.Context, inventory Inventory) (c Conclusion) {
	if r.failed != nil {
		return Conclusion{Failed: r.failed}
	}
	err := guard(r.inspector.Name(), func() error {
		c = r.examination.Conclude(ctx, inventory)
		return nil
	})
	if err != nil {
		c.Failed = err
	}
	return c
}

// collecting is the collector at work on one target.
type collecting struct {
	running
	collection Collection
}

func beginCollector(ctx context.Context, target Target, collector Collector, w *walk) *collecting {
	c := &collecting{}
	if collector == nil {
		return c
	}
	c.failed = guard("packages", func() (err error) {
		c.collection, err = collector.Begin(ctx, target)
		return err
	})
	if c.failed == nil {
		w.visitors = append(w.visitors, offered{visitor: c.collection, problem: c.problem})
	}
	return c
}

func (c *collecting) inventory(ctx context.Context) (inv Inventory) {
	if c.collection != nil {
		c.failed = guard("packages", func() error {
			inv = c.collection.Inventory(ctx)
			return nil
		})
	}
	if c.failed != nil {
		inv.Problems = append(inv.Problems, Problem{Reason: c.failed.Error()})
	}
	inv.Problems = boundProblems(append(inv.Problems, c.list...))
	return inv
}

// offered is a visitor and where its problems go.
type offered struct {
	visitor
	problem func(Problem)
}

// offer has a file visited, if it is of interest.
func (o offered) offer(ctx context.Context, file File) error {
	if !o.Wants(file.Info()) {
		return nil
	}
	// The content is read here, so that a file that can't be read is reported
	// in the same words whoever wanted it.
	if _, _, err := file.Bytes(); err != nil {
		return err
	}
	return o.Visit(ctx, file)
}

// walk hands each file to everybody who wants it.
type walk struct {
	visitors     []offered
	files, bytes atomic.Int64
	problemList  // of the artifact itself, everybody's
}

func (w *walk) file(ctx context.Context, file File) error {
	info := file.Info()
	w.files.Add(1)
	w.bytes.Add(info.Size)
	for _, v := range w.visitors {
		if err := guard("", func() error { return v.offer(ctx, file) }); err != nil {
			v.problem(Problem{Path: info.Path, Reason: err.Error()})
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// errCrashed marks a panic that was caught. Inspectors stand on parsers of
// other people's formats; a crash in one of them must cost its own outcome and
// not the verdict on everything else.
var errCrashed = errors.New("crashed")

func guard(name string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCrashed, r)
			if name != "" {
				err = fmt.Errorf("%q %w", name, err)
			}
		}
	}()
	return f()
}
