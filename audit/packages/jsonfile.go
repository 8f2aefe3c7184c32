package packages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/jsonc"
)

// JSON metadata is read here and not by osv-scalibr, whose extractors look for
// each package's line from the top of the file again (a few megabytes of
// hostile lockfile take hours), can't tell a workspace's own packages from
// others, and pass over a deps.json that is no JSON.

// errNotObject is JSON that is no object where one must be.
var errNotObject = errors.New("is not a JSON object")

// jsonFile is a parsed JSON text that knows its lines.
type jsonFile struct {
	gjson.Result
	text string
	// at and line remember the last place asked for: places are asked for in
	// their order.
	at, line int
}

// parseJSON checks a text as encoding/json does, including its limit on
// nesting, before gjson, which has none, sees it. It allows the byte order
// mark that npm and Node.js allow.
func parseJSON(data []byte) (*jsonFile, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("is not valid JSON: %w", err)
	}
	text := string(data)
	return &jsonFile{Result: gjson.Parse(text), text: text, line: 1}, nil
}

// parseJSONObject is parseJSON for a text that must be an object.
func parseJSONObject(data []byte) (*jsonFile, error) {
	f, err := parseJSON(data)
	if err == nil && !f.IsObject() {
		err = errNotObject
	}
	return f, err
}

// lineOf gives the line that a value stands on.
func (f *jsonFile) lineOf(v gjson.Result) int {
	if v.Index < f.at {
		f.at, f.line = 0, 1
	}
	end := min(v.Index, len(f.text))
	f.line += strings.Count(f.text[f.at:end], "\n")
	f.at = end
	return f.line
}

// sighting is a package at the line of v.
func (f *jsonFile) sighting(ecosystem, name, version string, v gjson.Result) sighting {
	s := sighting{ecosystem: ecosystem, name: name, version: version}
	s.location.Line = f.lineOf(v)
	return s
}

// stringAt gives a member that is a string, else "".
func stringAt(v gjson.Result, member string) string {
	if s := v.Get(member); s.Type == gjson.String {
		return s.Str
	}
	return ""
}

// each calls visit for every member of an object or element of an array.
func each(v gjson.Result, visit func(key, value gjson.Result)) {
	if !v.IsObject() && !v.IsArray() {
		return
	}
	v.ForEach(func(key, value gjson.Result) bool {
		visit(key, value)
		return true
	})
}

// readDepsJSON reads what .NET publishes beside an assembly
// (https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md).
// Other tools have files of that name too; those hold no "libraries".
func readDepsJSON(data []byte) ([]sighting, error) {
	f, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	var found []sighting
	each(f.Get("libraries"), func(key, library gjson.Result) {
		name, version, _ := strings.Cut(key.Str, "/")
		switch strings.ToLower(stringAt(library, "type")) {
		case "project", "reference", "referenceassembly":
			return // the function's own
		case "runtimepack":
			// A self-contained build names the shared framework this way.
			name = strings.TrimPrefix(name, "runtimepack.")
		}
		found = append(found, f.sighting(ecosystemNuGet, name, version, key))
	})
	return found, nil
}

// readPackagesLock reads NuGet's packages.lock.json. The function's own
// projects have no resolved version there.
func readPackagesLock(data []byte) ([]sighting, error) {
	f, err := parseJSONObject(data)
	if err != nil {
		return nil, err
	}
	var found []sighting
	each(f.Get("dependencies"), func(_, framework gjson.Result) {
		each(framework, func(name, dependency gjson.Result) {
			found = append(found, f.sighting(ecosystemNuGet, name.Str, stringAt(dependency, "resolved"), name))
		})
	})
	return found, nil
}

// readComposer reads Composer's composer.lock and vendor/composer/installed.json,
// which Composer 1 writes as a list and Composer 2 as an object
// (https://getcomposer.org/upgrade/UPGRADE-2.0.md). Versions are Git tags,
// kept as they are: advisories list them with and without the leading "v".
// Development packages that are installed are shipped, so only
// "packages-dev", which is the lockfile's, is marked.
func readComposer(data []byte) ([]sighting, error) {
	f, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	shipped := f.Result
	if f.IsObject() {
		shipped = f.Get("packages")
	}
	if !shipped.IsArray() {
		return nil, errors.New("holds no list of packages")
	}
	var found []sighting
	add := func(list gjson.Result, devOnly bool) {
		each(list, func(_, p gjson.Result) {
			if stringAt(p, "dist.type") == "path" {
				return // a folder of the function's own
			}
			s := f.sighting(ecosystemPackagist, stringAt(p, "name"), stringAt(p, "version"), p)
			s.devOnly = devOnly
			found = append(found, s)
		})
	}
	add(shipped, false)
	if f.IsObject() {
		add(f.Get("packages-dev"), true)
	}
	return found, nil
}

// readPipfileLock reads Pipenv's lockfile.
func readPipfileLock(data []byte) ([]sighting, error) {
	f, err := parseJSONObject(data)
	if err != nil {
		return nil, err
	}
	var found []sighting
	for _, group := range []string{"default", "develop"} {
		each(f.Get(group), func(name, p gjson.Result) {
			version, pinned := strings.CutPrefix(stringAt(p, "version"), "==")
			if !pinned {
				return // a folder, an archive or a repository
			}
			s := f.sighting(ecosystemPyPI, name.Str, version, name)
			s.devOnly = group == "develop"
			found = append(found, s)
		})
	}
	return found, nil
}

// readBunLock reads Bun's text lockfile, JSON with comments and trailing
// commas: "packages" maps a place to a tuple that begins with "name@version".
func readBunLock(data []byte) ([]sighting, error) {
	f, err := parseJSONObject(jsonc.ToJSON(data))
	if err != nil {
		return nil, err
	}
	var found []sighting
	each(f.Get("packages"), func(key, tuple gjson.Result) {
		name, version := cutVersion(tuple.Get("0").String())
		found = append(found, f.sighting(ecosystemNPM, name, version, key))
	})
	return found, nil
}

// cutVersion splits npm's name@version; the name may begin with a scope.
func cutVersion(spec string) (name, version string) {
	i := strings.IndexByte(spec, '@')
	if i == 0 {
		i = 1 + strings.IndexByte(spec[1:], '@')
	}
	if i <= 0 {
		return spec, ""
	}
	return spec[:i], spec[i+1:]
}
