package packages

import (
	"cmp"
	"context"
	"slices"

	"github.com/lambdagate/lambdagate/audit"
)

// Inventory ends the collection. Within an ecosystem what is installed wins:
// if anything is, packages that only a lockfile declares are left out, and a
// package installed in another version than declared is a disagreement. Bundlers
// leave installed only what can't be bundled, so that an npm package that every
// installation has and this one has not counts as declared.
func (c *collection) Inventory(ctx context.Context) audit.Inventory {
	problems := append(c.finishJars(), c.linked(ctx)...)
	system := c.systemPackages()
	sortSightings(c.sightings)
	installed := map[name]bool{}
	for _, s := range c.sightings {
		if s.how != audit.HowLockfile {
			installed[name{s.ecosystem, ""}] = true
			installed[name{s.ecosystem, s.name}] = true
		}
	}
	packages := append(merge(c.sightings, installed), system...)
	slices.SortFunc(packages, comparePackages)
	for i := range packages {
		packages[i].Origin = c.originOf(packages[i])
	}
	return audit.Inventory{
		Packages:      packages,
		Disagreements: disagreements(ctx, c.sightings, packages),
		Problems:      problems,
	}
}

// originOf says whose a package is: the base image's if all its places are.
func (c *collection) originOf(p audit.Package) audit.Origin {
	for _, l := range p.Locations {
		if c.origins[l.Layer] != audit.OriginBase {
			return audit.OriginOwn
		}
	}
	return audit.OriginBase
}

func comparePackages(a, b audit.Package) int {
	return cmp.Or(
		cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.PURL, b.PURL),
	)
}

func sortSightings(sightings []sighting) {
	slices.SortFunc(sightings, func(a, b sighting) int {
		return cmp.Or(
			cmp.Compare(a.ecosystem, b.ecosystem), cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version),
			cmp.Compare(a.location.Layer, b.location.Layer), cmp.Compare(a.location.Path, b.location.Path),
			cmp.Compare(a.location.Line, b.location.Line), cmp.Compare(sureness(b.how), sureness(a.how)),
		)
	})
}

// sureness orders the ways of knowing a package.
func sureness(how audit.How) int {
	switch how {
	case audit.HowInstalled:
		return 3
	case audit.HowBinary:
		return 2
	default:
		return 1
	}
}

// merge makes one package of all sightings of an ecosystem, name and version;
// they are sorted. Installed has the names that are, and each ecosystem that has
// one, with an empty name.
func merge(sightings []sighting, installed map[name]bool) []audit.Package {
	var packages []audit.Package
	for _, s := range sightings {
		superseded := installed[name{s.ecosystem, s.name}] || installed[name{s.ecosystem, ""}] && !s.needed
		if s.how == audit.HowLockfile && (s.devOnly || superseded) {
			continue
		}
		if n := len(packages); n > 0 {
			p := &packages[n-1]
			if p.Ecosystem == s.ecosystem && p.Name == s.name && p.Version == s.version {
				if p.Locations[len(p.Locations)-1] != s.location {
					p.Locations = append(p.Locations, s.location)
				}
				if sureness(s.how) > sureness(p.How) {
					p.How = s.how
				}
				continue
			}
		}
		packages = append(packages, audit.Package{
			PURL: purlOf(s), Ecosystem: s.ecosystem, Name: s.name, Version: s.version,
			Locations: []audit.Location{s.location}, How: s.how,
		})
	}
	return packages
}

// declaration is what one lockfile says of one name.
type declaration struct {
	lockfile audit.Location
	versions []string
}

// name is a package whatever its version.
type name struct{ ecosystem, name string }

// declarations gathers what the lockfiles declare, development entries
// included; the sightings are sorted.
func declarations(sightings []sighting) map[name][]declaration {
	declared := map[name][]declaration{}
	for _, s := range sightings {
		if s.how != audit.HowLockfile {
			continue
		}
		n := name{s.ecosystem, s.name}
		all := declared[n]
		i := slices.IndexFunc(all, func(d declaration) bool { return d.lockfile.Path == s.location.Path })
		if i < 0 {
			declared[n] = append(all, declaration{s.location, []string{s.version}})
			continue
		}
		d := &all[i]
		d.lockfile.Line = min(d.lockfile.Line, s.location.Line)
		if d.versions[len(d.versions)-1] != s.version {
			d.versions = append(d.versions, s.version)
		}
	}
	return declared
}

// disagreements compares what each lockfile declares of a name with the
// versions of it that are installed. Lockfiles don't list, or not all, what
// comes inside another package.
func disagreements(ctx context.Context, sightings []sighting, packages []audit.Package) []audit.Disagreement {
	declared := declarations(sightings)
	bundlers := map[string]bool{}
	for _, s := range sightings {
		if s.bundles {
			dir, _ := cutLast(s.location.Path)
			bundlers[dir] = true
		}
	}
	chosen := func(l audit.Location) bool { return !carried(l.Path, bundlers) }
	var found []audit.Disagreement
	for _, p := range packages {
		if ctx.Err() != nil {
			break // the walk's own error says so
		}
		if p.How == audit.HowLockfile || p.Ecosystem == ecosystemNPM && !slices.ContainsFunc(p.Locations, chosen) {
			continue
		}
		for _, d := range declared[name{p.Ecosystem, p.Name}] {
			if !slices.ContainsFunc(d.versions, func(v string) bool { return sameVersion(p.Ecosystem, v, p.Version) }) {
				found = append(found, audit.Disagreement{Lockfile: d.lockfile, Declared: d.versions, Installed: p})
			}
		}
	}
	return found
}
