package packages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/golang/gomod"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradlelockfile"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/pomxml"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/pnpmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/yarnlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pdmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/poetrylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/requirements"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/uvlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/rust/cargolock"

	"github.com/lambdagate/lambdagate/audit"
)

// lockfile is how one kind of lockfile is read: by a reader of our own, or by
// an extractor with what has to be known beside it.
type lockfile struct {
	ecosystem string
	read      func([]byte) ([]sighting, error)

	extractor filesystem.Extractor
	// prepare gives what the extractor may see, or refuses content that it
	// would choke on.
	prepare func([]byte) ([]byte, error)
	// judge says whether an entry is a third-party package that is shipped.
	judge func(entry) verdict
}

// newLockfiles gives the lockfiles by name. Only those at the artifact's root
// count: further down they describe how somebody else's package was built.
func newLockfiles() (map[string]lockfile, error) {
	all := map[string]lockfile{
		"package-lock.json":   {ecosystem: ecosystemNPM, read: readPackageLock},
		"npm-shrinkwrap.json": {ecosystem: ecosystemNPM, read: readPackageLock},
		"bun.lock":            {ecosystem: ecosystemNPM, read: readBunLock},
		"Pipfile.lock":        {ecosystem: ecosystemPyPI, read: readPipfileLock},
		"composer.lock":       {ecosystem: ecosystemPackagist, read: readComposer},
		"packages.lock.json":  {ecosystem: ecosystemNuGet, read: readPackagesLock},
	}
	for _, l := range []struct {
		name, ecosystem string
		construct       constructor
		prepare         func([]byte) ([]byte, error)
		judge           func(entry) verdict
	}{
		{"yarn.lock", ecosystemNPM, yarnlock.New, lines(maxText), judgeYarn},
		{"pnpm-lock.yaml", ecosystemNPM, pnpmlock.New, fewKeys, judgeDevGroup},
		{"requirements.txt", ecosystemPyPI, requirements.New, lines(maxRequirements), judgeRequirement},
		{"poetry.lock", ecosystemPyPI, poetrylock.New, flatTOML, judgePoetry},
		{"uv.lock", ecosystemPyPI, uvlock.New, flatTOML, judgeUV},
		{"pdm.lock", ecosystemPyPI, pdmlock.New, flatTOML, judgePDM},
		{"pylock.toml", ecosystemPyPI, pylock.New, flatTOML, judgePylock},
		{"go.mod", ecosystemGo, gomod.New, lines(maxGoMod), judgeGoMod},
		{"Gemfile.lock", ecosystemRubyGems, gemfilelock.New, withoutPaths, judgeShipped},
		{"Cargo.lock", ecosystemCrates, cargolock.New, flatTOML, judgeCargo},
		{"gradle.lockfile", ecosystemMaven, gradlelockfile.New, lines(maxText), judgeGradle},
		{"pom.xml", ecosystemMaven, pomxml.New, lines(maxPomXML), judgePomXML},
	} {
		e, err := l.construct(&cpb.PluginConfig{})
		if err != nil {
			return nil, fmt.Errorf("set up extractor for %q: %w", l.name, err)
		}
		all[l.name] = lockfile{ecosystem: l.ecosystem, extractor: e, prepare: l.prepare, judge: l.judge}
	}
	return all, nil
}

func (c *collection) readLockfile(ctx context.Context, l lockfile, info audit.FileInfo, data []byte) ([]sighting, error) {
	if info.Path == "package-lock.json" {
		// npm ignores it beside a shrinkwrap.
		if _, err := c.fsys.Stat("npm-shrinkwrap.json"); !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if l.read != nil {
		return l.read(data)
	}
	data, err := l.prepare(data)
	if err != nil {
		return nil, err
	}
	packages, err := c.run(ctx, l.extractor, info, data)
	text := strings.Split(string(data), "\n")
	var found []sighting
	for _, p := range packages {
		s := sightingOf(l.ecosystem, p)
		if v := l.judge(entry{Package: p, lines: text, line: s.location.Line}); v != notThirdParty {
			s.devOnly = v == development
			found = append(found, s)
		}
	}
	return found, err
}
