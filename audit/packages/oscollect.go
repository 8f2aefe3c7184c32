package packages

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"slices"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/os/apk"
	"github.com/google/osv-scalibr/extractor/filesystem/os/dpkg"

	"github.com/lambdagate/lambdagate/audit"
)

// osCollection gathers what the package managers of an operating system know.
// Its fields are under the lock of the collection.
type osCollection struct {
	dpkg, apk filesystem.Extractor
	image     audit.ImageArtifact // nil for a folder

	releases  map[string]distribution // by path
	databases []osDatabase
	// owned are the paths that packages of dpkg and apk brought.
	owned map[string]bool
}

// osDatabase is one package manager's database, in one layer.
type osDatabase struct {
	location audit.Location
	// hidden is that of a lower layer. Its packages are not in the final file
	// system, or are named by the upper one as well, but it says which of them
	// were there before.
	hidden   bool
	packages []*extractor.Package
}

// newOSCollection returns nil for a target that holds no operating system:
// a function's zip may well contain somebody's os-release. A folder counts if
// it is the root of one.
func newOSCollection(a audit.Artifact) (*osCollection, error) {
	image, isImage := a.(audit.ImageArtifact)
	if !isImage && (a.Kind() != audit.KindFolder || !hasOSRelease(a.FS())) {
		return nil, nil
	}
	c := &osCollection{image: image, releases: map[string]distribution{}, owned: map[string]bool{}}
	var err error
	if c.dpkg, err = dpkg.New(dpkgConfig()); err != nil {
		return nil, err
	}
	c.apk, err = apk.New(&cpb.PluginConfig{})
	return c, err
}

func hasOSRelease(fsys fs.FS) bool {
	for _, path := range []string{"etc/os-release", "usr/lib/os-release"} {
		if _, err := fs.Stat(fsys, path); err == nil {
			return true
		}
	}
	return false
}

// wants says whether a file tells of the operating system. Databases of lower
// layers are wanted too.
func (o *osCollection) wants(info audit.FileInfo) bool {
	if o == nil {
		return false
	}
	switch osPlaceOf(info.Path) {
	case osNowhere:
		return false
	case dpkgStatus, apkInstalled, rpmDatabase:
		return true
	default:
		return info.HiddenBy == ""
	}
}

// visitOS reads one file of a package manager.
func (c *collection) visitOS(ctx context.Context, file audit.File) error {
	info := file.Info()
	where := osPlaceOf(info.Path)
	switch where {
	case osRelease:
		data, err := upTo(file, maxOSRelease)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.os.releases[info.Path] = parseOSRelease(data)
		return err
	case dpkgFiles:
		data, err := upTo(file, maxFileList)
		c.own(dpkgOwned(data))
		return err
	case rpmWriteAhead:
		if info.Size > 0 {
			return errWriteAhead
		}
		return nil
	}
	found, err := c.readOSPackages(ctx, where, file)
	if info.HiddenBy != "" {
		err = nil // it only serves to tell the layers apart
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.os.databases = append(c.os.databases, osDatabase{
		location: audit.Location{Path: info.Path, Layer: info.Layer}, hidden: info.HiddenBy != "", packages: found,
	})
	return err
}

// own notes the files of packages.
func (c *collection) own(paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, path := range paths {
		c.os.owned[path] = true
	}
}

// dpkgOwned reads a list of absolute paths, one a line.
func dpkgOwned(list []byte) []string {
	var paths []string
	for line := range bytes.Lines(list) {
		paths = append(paths, strings.TrimPrefix(string(bytes.TrimRight(line, "\n")), "/"))
	}
	return paths
}

// apkOwned reads the files out of apk's database: "F:" is a folder, "R:" a file
// in it (https://wiki.alpinelinux.org/wiki/Apk_spec).
func apkOwned(database []byte) []string {
	var paths []string
	folder := ""
	for line := range bytes.Lines(database) {
		line := string(bytes.TrimRight(line, "\n"))
		if f, ok := strings.CutPrefix(line, "F:"); ok {
			folder = f
		}
		if file, ok := strings.CutPrefix(line, "R:"); ok {
			paths = append(paths, strings.TrimPrefix(folder+"/"+file, "/"))
		}
	}
	return paths
}

// distribution is what the final file system calls itself; etc/os-release
// goes first, as it may replace the vendor's.
func (o *osCollection) distribution() distribution {
	if d, ok := o.releases["etc/os-release"]; ok {
		return d
	}
	return o.releases["usr/lib/os-release"]
}

// systemPackages gives the packages of the operating system, and drops the
// language packages that they brought if there may be advisories for them.
func (c *collection) systemPackages() []audit.Package {
	if c.os == nil {
		return nil
	}
	system := c.os.inventory()
	if slices.ContainsFunc(system, func(p audit.Package) bool { return p.Ecosystem != "" }) {
		c.sightings = slices.DeleteFunc(c.sightings, func(s sighting) bool { return c.os.ownedByOS(s.location.Path) })
	}
	return system
}

// layers gives each layer's position, lowest first, from 1.
func (o *osCollection) layers() map[string]int {
	layers := map[string]int{}
	if o.image != nil {
		for i, layer := range o.image.Image().Layers {
			layers[layer.DiffID] = i + 1
		}
	}
	return layers
}

// inventory gives the packages of the operating system, each where its version
// came in.
func (o *osCollection) inventory() []audit.Package {
	d, layers := o.distribution(), o.layers()
	byPath := map[string][]osDatabase{}
	for _, db := range o.databases {
		byPath[db.location.Path] = append(byPath[db.location.Path], db)
	}
	found := map[string]*audit.Package{} // by purl
	for _, same := range byPath {
		slices.SortFunc(same, func(a, b osDatabase) int {
			return cmp.Compare(layers[b.location.Layer], layers[a.location.Layer])
		})
		if same[0].hidden {
			continue // the whole database was deleted
		}
		for _, p := range d.traced(same) {
			if known, ok := found[p.PURL]; ok {
				known.Locations = append(known.Locations, p.Locations...)
				continue
			}
			found[p.PURL] = &p
		}
	}
	var packages []audit.Package
	for _, p := range found {
		slices.SortFunc(p.Locations, func(a, b audit.Location) int {
			return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Path, b.Path))
		})
		p.Locations = slices.Compact(p.Locations)
		packages = append(packages, *p)
	}
	return packages
}

// traced gives the packages of the first database, the one that counts. Those
// below it are of lower and lower layers: the lowest one from which a package
// was always there has brought it.
func (d distribution) traced(databases []osDatabase) []audit.Package {
	packages := make([]audit.Package, 0, len(databases[0].packages))
	for _, p := range databases[0].packages {
		out := d.osPackage(p)
		out.Locations = []audit.Location{databases[0].location}
		packages = append(packages, out)
	}
	open := make([]int, len(packages)) // those that every layer so far has
	for i := range open {
		open[i] = i
	}
	for _, db := range databases[1:] {
		has := map[string]bool{}
		for _, p := range db.packages {
			d.fill(p.Metadata)
			has[p.PURL().String()] = true
		}
		open = slices.DeleteFunc(open, func(i int) bool { return !has[packages[i].PURL] })
		for _, i := range open {
			packages[i].Locations[0] = db.location
		}
	}
	return packages
}

// ownedByOS says whether a place of a language package is a file that the
// operating system's package manager brought: the distribution patches such
// packages under its own versions and publishes advisories for them, so that
// the language's would be wrong or said twice. Folders that a distribution
// doesn't use are another vendor's, even if its packages are dpkg's or apk's.
func (o *osCollection) ownedByOS(path string) bool {
	if i := strings.Index(path, "!/"); i >= 0 {
		path = path[:i]
	}
	for _, foreign := range []string{"opt/", "usr/local/", "usr/lib/node_modules/"} {
		if strings.HasPrefix(path, foreign) {
			return false
		}
	}
	return o.owned[path]
}

// noFiles is an empty file system.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
