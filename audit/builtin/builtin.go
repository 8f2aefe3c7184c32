// Package builtin is the list of inspectors, in plain sight.
package builtin

import (
	"slices"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/image"
	"github.com/lambdagate/lambdagate/audit/osv"
	"github.com/lambdagate/lambdagate/audit/packages"
	"github.com/lambdagate/lambdagate/audit/secret"
)

// Options are what the inspectors need from outside.
type Options struct {
	// Advisories is where osv looks packages up.
	Advisories osv.Source
	// Clock says what day it is: systems reach their end of life.
	Clock func() time.Time
	// AllowedBases are globs of base images; empty allows any.
	AllowedBases []string
	// Dockerfile is the path of the one that images were built from, if known.
	Dockerfile string
	// SecretKey keys the hash in the fingerprints of secret findings.
	SecretKey []byte
}

// Inspectors returns all of them, in the order of the documentation.
func Inspectors(o Options) []audit.Inspector {
	return []audit.Inspector{
		osv.New(o.Advisories),
		secret.New(secret.Options{Key: o.SecretKey}),
		image.New(image.Options{Clock: o.Clock, AllowedBases: o.AllowedBases, Dockerfile: o.Dockerfile}),
	}
}

// Collector returns the collector that builds the inventory of packages.
func Collector() audit.Collector { return packages.NewCollector() }

// Rules returns the rules of all inspectors, in their order.
func Rules() []audit.Rule {
	return slices.Concat(osv.Rules(), secret.Rules(), image.Rules())
}

// Names returns the names of all inspectors, in their order.
func Names() []string {
	var names []string
	for _, in := range Inspectors(Options{Advisories: osv.Unavailable("not asked"), Clock: time.Now}) {
		names = append(names, in.Name())
	}
	return names
}

// Select splits all into those that are named and the names of the rest; no
// names selects all.
func Select(all []audit.Inspector, names []string) (selected []audit.Inspector, rest []string) {
	for _, in := range all {
		if len(names) == 0 || slices.Contains(names, in.Name()) {
			selected = append(selected, in)
		} else {
			rest = append(rest, in.Name())
		}
	}
	return selected, rest
}
