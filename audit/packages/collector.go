// Package packages finds the third-party packages inside an artifact: what is
// installed (node_modules, dist-info, jars, gems, NuGet and Composer folders),
// what a compiled program says of itself, and, where nothing is installed, what
// a lockfile at the artifact's root declares.
//
// Metadata in TOML, YAML and the line formats is read by the extractors of
// osv-scalibr, one file at a time. JSON and the sections of programs are read
// here: see the comments at those readers for why.
package packages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/wheelegg"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemspec"

	"github.com/lambdagate/lambdagate/audit"
)

// OSV's names of the ecosystems (https://ossf.github.io/osv-schema/#defined-ecosystems).
const (
	ecosystemNPM       = "npm"
	ecosystemPyPI      = "PyPI"
	ecosystemGo        = "Go"
	ecosystemMaven     = "Maven"
	ecosystemRubyGems  = "RubyGems"
	ecosystemNuGet     = "NuGet"
	ecosystemPackagist = "Packagist"
	ecosystemCrates    = "crates.io"
)

// NewCollector returns the collector of third-party packages.
func NewCollector() audit.Collector { return collector{} }

type collector struct{}

// Begin starts the collection of one target's packages.
func (collector) Begin(_ context.Context, target audit.Target) (audit.Collection, error) {
	c := &collection{
		artifact: target.Artifact, fsys: smallFiles{target.Artifact.FS()},
		jars: map[string]*jar{}, origins: map[string]audit.Origin{},
	}
	for _, e := range []struct {
		extractor *filesystem.Extractor
		construct constructor
	}{
		{&c.wheel, wheelegg.New}, {&c.gemspec, gemspec.New}, {&c.archive, archive.New},
	} {
		var err error
		if *e.extractor, err = e.construct(extractorConfig()); err != nil {
			return nil, fmt.Errorf("set up extractor: %w", err)
		}
	}
	var err error
	if c.lockfiles, err = newLockfiles(); err != nil {
		return nil, err
	}
	if c.os, err = newOSCollection(target.Artifact); err != nil {
		return nil, fmt.Errorf("set up extractor: %w", err)
	}
	return c, nil
}

// sighting is one place that names a package.
type sighting struct {
	ecosystem, name, version string
	location                 audit.Location
	how                      audit.How
	// devOnly is a lockfile's entry that is not shipped. It still counts as
	// declared.
	devOnly bool
	// needed is true for a lockfile's entry that every installation has.
	needed bool
	// bundles is true for an npm package that brings packages of its own.
	bundles bool
}

// collection gathers sightings; Visit may be called concurrently.
type collection struct {
	artifact                audit.Artifact
	fsys                    smallFiles
	wheel, gemspec, archive filesystem.Extractor
	lockfiles               map[string]lockfile
	os                      *osCollection // nil if the target holds no operating system

	mu        sync.Mutex
	sightings []sighting
	jars      map[string]*jar
	origins   map[string]audit.Origin // by layer
}

// Wants says whether a file may tell of packages. Any file that is large
// enough to be a program is wanted, since neither its name nor its mode says
// whether it is one. What a later layer hides does not run.
func (c *collection) Wants(info audit.FileInfo) bool {
	if c.os.wants(info) {
		return true
	}
	return info.HiddenBy == "" && c.placeOf(info.Path, info.Size) != nowhere
}

// Visit reads the packages that one file tells of. What was read before an
// error is kept.
func (c *collection) Visit(ctx context.Context, file audit.File) error {
	info := file.Info()
	c.noteOrigin(info)
	if c.os.wants(info) {
		return c.visitOS(ctx, file)
	}
	where := c.placeOf(info.Path, info.Size)
	found, err := c.read(ctx, where, file)
	how := audit.HowInstalled
	switch where {
	case program:
		how = audit.HowBinary
		if errors.As(err, new(opaque)) && inNodeModules(info.Path) {
			// It hides what it is made of, but not what it is: a part of
			// an npm package whose own advisories are asked for, as esbuild.
			err = nil
		}
	case rootLockfile:
		how = audit.HowLockfile
	}
	for i := range found {
		s := &found[i]
		s.how, s.location.Path, s.location.Layer = how, info.Path, info.Layer
	}
	c.add(found)
	return err
}

// noteOrigin remembers whose a layer is; one that occurs twice is the
// function's own.
func (c *collection) noteOrigin(info audit.FileInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.origins[info.Layer] != audit.OriginOwn {
		c.origins[info.Layer] = cmp.Or(info.Origin, audit.OriginOwn)
	}
}

func (c *collection) read(ctx context.Context, where place, file audit.File) ([]sighting, error) {
	info := file.Info()
	switch where {
	case program:
		return readProgram(file)
	case javaArchive:
		c.noteArchive(info)
		return nil, nil
	}
	data, err := whole(file)
	if err != nil {
		return nil, err
	}
	switch where {
	case npmPackage:
		return readPackageJSON(data)
	case pythonMetadata:
		return c.extract(ctx, c.wheel, ecosystemPyPI, info, data)
	case gemSpecification:
		return c.readGemspec(ctx, info, data)
	case dotnetDeps:
		return readDepsJSON(data)
	case composerInstalled:
		return readComposer(data)
	case pomProperties:
		return c.readPomProperties(info, data), nil
	case javaManifest:
		return nil, c.readManifest(ctx, info, data)
	case rootLockfile:
		return c.readLockfile(ctx, c.lockfiles[info.Path], info, data)
	default:
		return nil, nil
	}
}

// errTooLarge is metadata beyond any real size; parsers hold it in memory.
var errTooLarge = errors.New("is too large to be parsed as package metadata")

func whole(file audit.File) ([]byte, error) {
	data, ok, err := file.Bytes()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errTooLarge
	}
	return data, nil
}

// add normalises sightings and keeps those that can be matched.
func (c *collection) add(found []sighting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range found {
		s.name, s.version = normalName(s.ecosystem, s.name), normalVersion(s.ecosystem, s.version)
		if s.name != "" && s.version != "" {
			c.sightings = append(c.sightings, s)
		}
	}
}

// readGemspec reads an installed gem's specification.
func (c *collection) readGemspec(ctx context.Context, info audit.FileInfo, data []byte) ([]sighting, error) {
	data, err := lines(maxText)(data)
	if err != nil {
		return nil, err
	}
	found, err := c.extract(ctx, c.gemspec, ecosystemRubyGems, info, data)
	if err == nil && len(found) == 0 {
		err = errors.New("holds no gem specification")
	}
	return found, err
}

// enclosing returns the innermost archive that a path lies in, and the path
// inside it; ok is false for a file that lies in none.
func enclosing(path string) (archive, inner string, ok bool) {
	i := strings.LastIndex(path, "!/")
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+2:], true
}
