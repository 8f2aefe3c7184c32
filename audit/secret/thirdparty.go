package secret

import (
	"bytes"
	"path"
	"strings"
)

// recordName is the list of files that an installer leaves beside a Python
// package, in NAME-VERSION.dist-info (Python packaging specifications,
// "Recording installed projects").
const recordName = "RECORD"

// directURL is what an installer leaves there if the package did not come from
// an index but from a folder, a file or a repository (PEP 610): such a package
// may be the function itself.
const directURL = "/direct_url.json,"

// installed knows the files and folders that Python packages brought, which
// `pip install --target` lays beside the user's own.
type installed map[string]bool

// addRecord notes the first component of each path in a RECORD; paths in it are
// relative to the folder that holds the dist-info.
func (in installed) addRecord(name string, data []byte) {
	distInfo := path.Dir(name)
	if !strings.HasSuffix(distInfo, ".dist-info") || bytes.Contains(data, []byte(directURL)) {
		return
	}
	parent := path.Dir(distInfo)
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		first := line[:run(line, 0, len(line), isPathComponent)]
		if len(first) > 0 && string(first) != "." && string(first) != ".." {
			in[path.Join(parent, string(first))] = true
		}
	}
}

// isPathComponent ends a component at a separator or at the end of the field.
func isPathComponent(b byte) bool { return b != '/' && b != ',' && b != '\r' }

// owns says whether a file is third-party code: by a folder that package
// managers fill, or because a RECORD lists it.
func (in installed) owns(name string) bool {
	for i, b := range []byte(name) {
		if b == '/' && (in[name[:i]] || isPackageFolder(path.Base(name[:i]))) {
			return true
		}
	}
	return in[name]
}

func isPackageFolder(folder string) bool {
	switch folder {
	case "node_modules", "bower_components", "site-packages", "dist-packages", "gems", "vendor":
		return true
	}
	return strings.HasSuffix(folder, ".dist-info") || strings.HasSuffix(folder, ".egg-info")
}

// ofDistribution says whether a path in an image is one that the distribution's
// packages fill (Filesystem Hierarchy Standard 3.0): libgnutls alone carries ten
// keys of its self-test. What a build adds goes to other places.
func ofDistribution(name string) bool {
	top, rest, _ := strings.Cut(name, "/")
	switch top {
	case "bin", "sbin", "lib", "lib32", "lib64", "libx32":
		return true
	case "usr":
		return !strings.HasPrefix(rest, "local/")
	}
	return false
}
