package packages

import (
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
)

// place is what a file's path makes of it.
type place uint8

const (
	nowhere           place = iota
	npmPackage              // node_modules/name/package.json
	pythonMetadata          // name.dist-info/METADATA, name.egg-info, EGG-INFO/PKG-INFO
	gemSpecification        // specifications/name-version.gemspec
	dotnetDeps              // name.deps.json
	composerInstalled       // vendor/composer/installed.json
	pomProperties           // META-INF/maven/group/artifact/pom.properties
	javaManifest            // name.jar!/META-INF/MANIFEST.MF
	javaArchive             // name.jar
	rootLockfile            // a lockfile at the artifact's root
	program                 // anything else that is large enough
)

// smallestProgram is a size in bytes that every program worth looking at has:
// a Go program has a megabyte, a Rust library with cargo-auditable's section
// tens of kilobytes.
const smallestProgram = 4 << 10

// placeOf is called for every file of the artifact: string comparisons only.
func (c *collection) placeOf(path string, size int64) place {
	dir, base := cutLast(path)
	if where := placeByName(dir, base); where != nowhere {
		return where
	}
	if dir == "" {
		if _, ok := c.lockfiles[path]; ok {
			return rootLockfile
		}
	}
	if size >= smallestProgram {
		return program
	}
	return nowhere
}

func placeByName(dir, base string) place {
	switch base {
	case "package.json":
		if isNodeModule(dir) {
			return npmPackage
		}
	case "METADATA":
		if strings.HasSuffix(dir, ".dist-info") {
			return pythonMetadata
		}
	case "PKG-INFO":
		if strings.HasSuffix(dir, ".egg-info") || lastIs(dir, "EGG-INFO") {
			return pythonMetadata
		}
	case "installed.json":
		if parent, last := cutLast(dir); last == "composer" && lastIs(parent, "vendor") {
			return composerInstalled
		}
	case "pom.properties":
		if strings.HasPrefix(dir, "META-INF/maven/") || strings.Contains(dir, "/META-INF/maven/") {
			return pomProperties
		}
	case "MANIFEST.MF":
		if jar, ok := strings.CutSuffix(dir, "!/META-INF"); ok && archive.IsArchive(jar) {
			return javaManifest
		}
	}
	return placeByExtension(dir, base)
}

func placeByExtension(dir, base string) place {
	switch {
	case strings.HasSuffix(base, ".gemspec"):
		// Ruby's own gems lie one folder deeper, in specifications/default.
		if parent, last := cutLast(dir); last == "specifications" || last == "default" && lastIs(parent, "specifications") {
			return gemSpecification
		}
	case strings.HasSuffix(base, ".egg-info"):
		return pythonMetadata
	case strings.HasSuffix(base, ".deps.json"):
		return dotnetDeps
	case archive.IsArchive(base):
		return javaArchive
	}
	return nowhere
}

// isNodeModule says whether a folder is one that Node.js would load a package
// from: node_modules/name or node_modules/@scope/name. Folders further down
// hold the package's own parts and test fixtures.
func isNodeModule(dir string) bool {
	parent, name := cutLast(dir)
	if name == "" || name[0] == '.' || name[0] == '@' {
		return false
	}
	grandparent, scope := cutLast(parent)
	if strings.HasPrefix(scope, "@") {
		return lastIs(grandparent, "node_modules")
	}
	return scope == "node_modules"
}

// inNodeModules says whether a path lies in what npm installs: packages, and
// the copies of their programs that zipping makes of the links in .bin.
func inNodeModules(path string) bool { return strings.Contains("/"+path, "/node_modules/") }

// cutLast splits a path before its last element.
func cutLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

func lastIs(path, want string) bool {
	_, last := cutLast(path)
	return last == want
}
