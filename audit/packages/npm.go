package packages

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// readPackageJSON reads the package.json of an installed package. The name in
// it is what the registry calls the package, also where the folder is an
// alias. One without a name is no package but a stub inside one.
func readPackageJSON(data []byte) ([]sighting, error) {
	f, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	if !f.IsObject() {
		return nil, nil
	}
	return []sighting{{
		ecosystem: ecosystemNPM, name: stringAt(f.Result, "name"), version: stringAt(f.Result, "version"), bundles: bundles(f),
	}}, nil
}

// bundles says whether a package is published with packages in its node_modules
// (https://docs.npmjs.com/cli/configuring-npm/package-json#bundledependencies);
// npm takes both spellings.
func bundles(f *jsonFile) bool {
	for _, member := range []string{"bundleDependencies", "bundledDependencies"} {
		if b := f.Get(member); b.Type == gjson.True || b.IsArray() && len(b.Array()) > 0 {
			return true
		}
	}
	return false
}

// carried says whether the npm package at a path came inside another one, and
// so is none that a package manager chose: it lies in the node_modules of a
// package that bundles, or of a folder deep inside a package.
func carried(path string, bundlers map[string]bool) bool {
	for at := strings.Index(path, "/node_modules/"); at >= 0; {
		parent := path[:at]
		if bundlers[parent] || inNodeModules(parent) && !isNodeModule(parent) && !isStored(parent) {
			return true
		}
		next := strings.Index(path[at+1:], "/node_modules/")
		if next < 0 {
			return false
		}
		at += 1 + next
	}
	return false
}

// isStored says whether a folder is one of the hidden store that pnpm, Yarn and
// Bun lay in node_modules, such as node_modules/.pnpm/lodash@4.17.21.
func isStored(dir string) bool {
	store, _ := cutLast(dir)
	modules, name := cutLast(store)
	return strings.HasPrefix(name, ".") && lastIs(modules, "node_modules")
}

// readPackageLock reads package-lock.json and npm-shrinkwrap.json
// (https://docs.npmjs.com/cli/configuring-npm/package-lock-json). Since npm 7
// "packages" maps a folder to what is installed there; older files nest
// "dependencies". Where a package was downloaded from plays no part, since npm
// can be told to leave that out.
func readPackageLock(data []byte) ([]sighting, error) {
	f, err := parseJSONObject(data)
	if err != nil {
		return nil, err
	}
	if packages := f.Get("packages"); packages.IsObject() {
		return lockedFolders(f, packages), nil
	}
	return lockedDependencies(f, f.Get("dependencies"), 0)
}

func lockedFolders(f *jsonFile, packages gjson.Result) []sighting {
	const modules = "node_modules/"
	var found []sighting
	each(packages, func(folder, p gjson.Result) {
		i := strings.LastIndex(folder.Str, modules)
		if i < 0 || p.Get("link").Bool() || strings.HasPrefix(stringAt(p, "resolved"), "file:") {
			return // the root, a workspace, a folder elsewhere
		}
		name := stringAt(p, "name")
		if name == "" {
			name = folder.Str[i+len(modules):]
		}
		s := f.sighting(ecosystemNPM, name, stringAt(p, "version"), folder)
		s.devOnly, s.needed = p.Get("dev").Bool(), needed(p)
		found = append(found, s)
	})
	return found
}

// needed says whether npm never leaves an entry out: not for production, not
// without optional or peer dependencies, on no platform.
func needed(p gjson.Result) bool {
	for _, flag := range []string{"dev", "devOptional", "optional", "peer", "extraneous"} {
		if p.Get(flag).Bool() {
			return false
		}
	}
	return true
}

// maxLockDepth bounds how deep "dependencies" may nest, as every level is
// looked through again for its own members.
const maxLockDepth = 100

func lockedDependencies(f *jsonFile, dependencies gjson.Result, depth int) ([]sighting, error) {
	if depth > maxLockDepth {
		return nil, fmt.Errorf("nests dependencies deeper than %d levels", maxLockDepth)
	}
	var found []sighting
	var errs error
	each(dependencies, func(key, p gjson.Result) {
		name, version := key.Str, stringAt(p, "version")
		if alias, ok := strings.CutPrefix(version, "npm:"); ok {
			name, version = cutVersion(alias)
		}
		s := f.sighting(ecosystemNPM, name, version, key)
		s.devOnly, s.needed = p.Get("dev").Bool(), needed(p)
		nested, err := lockedDependencies(f, p.Get("dependencies"), depth+1)
		if err != nil {
			errs = err
		}
		found = append(append(found, s), nested...)
	})
	return found, errs
}
