package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/builtin"
	"github.com/lambdagate/lambdagate/audit/osv"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/policies"
)

// loader reads policies; one is never read from the artifacts it judges.
func loader(artifacts []string) gate.Loader {
	return gate.Loader{
		BuiltIn: policies.Files(), Rules: builtin.Rules(), Inspectors: builtin.Names(), Avoid: artifacts,
	}
}

// loadPolicy loads the named policy, else lambdagate.yaml here or above, else
// the built-in baseline.
func (a *app) loadPolicy(name, digest string, artifacts []string) (gate.Policy, error) {
	l := loader(artifacts)
	l.PinnedDigest = digest
	if name == "" {
		found, err := a.findPolicy(l)
		if err != nil {
			return gate.Policy{}, err
		}
		name = found
	}
	policy, err := l.Load(name)
	if err != nil {
		return gate.Policy{}, policyError(err)
	}
	return policy, nil
}

const defaultPolicy = "baseline"

func (a *app) findPolicy(l gate.Loader) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", usage("where is the policy? the working directory can't be read: %w", err)
	}
	path, skipped, err := l.Find(dir)
	if err != nil {
		return "", policyError(err)
	}
	for _, s := range skipped {
		a.warn("%q lies inside the artifact and was not read: what is judged can't bring its own policy; to use it, move it out or pin it with --policy and --policy-digest", s)
	}
	if path == "" {
		return defaultPolicy, nil
	}
	return path, nil
}

// advisories chooses where packages are looked up.
func (a *app) advisories(o checkOptions) (osv.Source, error) {
	switch {
	case o.db != "":
		source, err := osv.OpenFolder(o.db)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usage("--db: %q does not exist", o.db)
		}
		if err != nil {
			return osv.Unavailable(err.Error()), nil
		}
		return source, nil
	case o.offline:
		return osv.Unavailable("--offline leaves no advisories to look in; name a folder of OSV exports with --db"), nil
	default:
		return online{osv.NewAPI(osv.APIConfig{
			BaseURL: a.getenv("LAMBDAGATE_OSV_API"), Timeout: o.timeout,
			UserAgent: "lambdagate/" + tool().Version, Client: http.DefaultClient,
		})}, nil
	}
}

// online is a source over the network, whose failures name the way out.
type online struct{ osv.Source }

func (s online) Lookup(ctx context.Context, packages []audit.Package) (osv.Answer, error) {
	answer, err := s.Source.Lookup(ctx, packages)
	if err != nil {
		err = fmt.Errorf("%w; without a network, name a folder of OSV exports with --db", err)
	}
	return answer, err
}

// limitsOf are the default limits with those that the policy sets.
func limitsOf(p gate.Policy) artifact.Limits {
	l := artifact.DefaultLimits()
	set(&l.TotalBytes, p.Limits.TotalBytes)
	set(&l.FileBytes, p.Limits.FileBytes)
	set(&l.Ratio, p.Limits.Ratio)
	set(&l.Entries, p.Limits.Entries)
	set(&l.Depth, p.Limits.Depth)
	set(&l.PathBytes, p.Limits.PathBytes)
	set(&l.Layers, p.Limits.Layers)
	set(&l.ImageTotalBytes, p.Limits.ImageTotalBytes)
	set(&l.ImageFileBytes, p.Limits.ImageFileBytes)
	set(&l.ImageEntries, p.Limits.ImageEntries)
	return l
}

func set[T int | int64](to *T, v T) {
	if v > 0 {
		*to = v
	}
}

func inspectorList() string { return strings.Join(builtin.Names(), ", ") }

func checkOnly(names []string) error {
	for _, n := range names {
		if !slices.Contains(builtin.Names(), n) {
			return usage("--only: unknown inspector %q (allowed: %s)", n, inspectorList())
		}
	}
	return nil
}

// policyFile is where waive writes: the named file, else lambdagate.yaml here
// or above, else a new one here.
func (a *app) policyFile(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", usage("the working directory can't be read: %w", err)
	}
	path, _, err := loader(nil).Find(dir)
	if err != nil {
		return "", policyError(err)
	}
	if path == "" {
		return filepath.Join(dir, gate.FileName), nil
	}
	return path, nil
}
