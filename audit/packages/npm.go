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
	return []sighting{{ecosystem: ecosystemNPM, name: stringAt(f.Result, "name"), version: stringAt(f.Result, "version")}}, nil
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
		s.devOnly = p.Get("dev").Bool()
		found = append(found, s)
	})
	return found
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
		s.devOnly = p.Get("dev").Bool()
		nested, err := lockedDependencies(f, p.Get("dependencies"), depth+1)
		if err != nil {
			errs = err
		}
		found = append(append(found, s), nested...)
	})
	return found, errs
}
