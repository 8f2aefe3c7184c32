package image

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// longestTelling bounds a file that says which system or runtime this is;
	// such files have a few hundred bytes.
	longestTelling = 64 << 10
	// mostListed bounds how many files of one sort are kept.
	mostListed = 1000
	// leastCache is the size in bytes from which a cache is worth a line.
	leastCache = 1 << 20
)

// The files that say which system and runtime an image holds.
const (
	osReleaseEtc = "etc/os-release"
	osReleaseUsr = "usr/lib/os-release"
	nodeVersion  = "var/lang/include/node/node_version.h"
	javaRelease  = "var/lang/release"
)

// tells says whether a file of the final file system is read.
func tells(info audit.FileInfo) bool {
	if info.HiddenBy != "" {
		return false
	}
	switch info.Path {
	case osReleaseEtc, osReleaseUsr, nodeVersion, javaRelease:
		return true
	}
	return false
}

// isSetuid leaves out what can't be run as it is: hidden files and those in
// nested archives.
func isSetuid(info audit.FileInfo) bool {
	return info.HiddenBy == "" && !nested(info.Path) && info.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0
}

// nested says whether a path leads into an archive, whose size counts already.
func nested(name string) bool { return strings.Contains(name, "!/") }

// cacheOf returns whose left-over a file is, or nothing.
func cacheOf(name string) string {
	if nested(name) {
		return ""
	}
	for _, c := range []struct{ kind, below string }{
		{"apt", "var/lib/apt/lists/"}, {"apt", "var/cache/apt/"},
		{"apk", "var/cache/apk/"}, {"apk", "etc/apk/cache/"}, {"apk", "lib/apk/cache/"},
		{"dnf", "var/cache/dnf/"}, {"dnf", "var/cache/libdnf5/"}, {"yum", "var/cache/yum/"},
		{"pip", "root/.cache/pip/"}, {"npm", "root/.npm/_cacache/"}, {"yarn", "usr/local/share/.cache/yarn/"},
	} {
		if strings.HasPrefix(name, c.below) {
			return c.kind
		}
	}
	return ""
}

// telling is a file that was read.
type telling struct {
	info    audit.FileInfo
	content []byte
}

// cache is what a package manager left behind in the layers of one origin.
type cache struct {
	kind  string
	first audit.FileInfo // by path
	files int
	size  int64
}

// collected are the files that matter.
type collected struct {
	telling []telling
	setuid  []audit.FileInfo
	private []audit.FileInfo
	caches  []cache
}

func (f *collected) add(info audit.FileInfo, content []byte) error {
	if tells(info) {
		f.telling = append(f.telling, telling{info, content})
	}
	if isSetuid(info) {
		if len(f.setuid) == mostListed {
			return fmt.Errorf("is one of more than %d setuid or setgid files; the others are not listed", mostListed)
		}
		f.setuid = append(f.setuid, info)
	}
	if privateKind(info.Path) != nil {
		if len(f.private) == mostListed {
			return fmt.Errorf("is one of more than %d private files; the others are not listed", mostListed)
		}
		f.private = append(f.private, info)
	}
	if kind := cacheOf(info.Path); kind != "" {
		f.addCache(kind, info)
	}
	return nil
}

func (f *collected) addCache(kind string, info audit.FileInfo) {
	i := slices.IndexFunc(f.caches, func(c cache) bool { return c.kind == kind && c.first.Origin == info.Origin })
	if i < 0 {
		f.caches = append(f.caches, cache{kind: kind, first: info, files: 1, size: info.Size})
		return
	}
	c := &f.caches[i]
	c.files++
	c.size += info.Size
	if compareFiles(info, c.first) < 0 {
		c.first = info
	}
}

func compareFiles(a, b audit.FileInfo) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.HiddenBy, b.HiddenBy))
}

// sort puts what several goroutines noted in an order that is the same each
// time.
func (f *collected) sort() {
	slices.SortFunc(f.setuid, compareFiles)
	slices.SortFunc(f.private, compareFiles)
	slices.SortFunc(f.telling, func(a, b telling) int { return compareFiles(a.info, b.info) })
	slices.SortFunc(f.caches, func(a, b cache) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.first.Origin, b.first.Origin))
	})
}

// read returns a file that was read, by its path.
func (f *collected) read(name string) (telling, bool) {
	i := slices.IndexFunc(f.telling, func(t telling) bool { return t.info.Path == name })
	if i < 0 {
		return telling{}, false
	}
	return f.telling[i], true
}

// packed reports the files that should not have been packed.
func (c *judging) packed() {
	for _, info := range c.files.private {
		c.private(info)
	}
	c.setuid()
	for _, left := range c.files.caches {
		c.cache(left)
	}
}

func (c *judging) setuid() {
	var base []audit.FileInfo
	for _, info := range c.files.setuid {
		if info.Origin == audit.OriginBase {
			base = append(base, info)
			continue
		}
		c.add(ruleSetuid, audit.Finding{
			Confidence: audit.ConfidenceHigh, Origin: info.Origin,
			Message:  fmt.Sprintf("%s runs with the rights of its owner or group (mode %v), whoever starts it", quote("/"+info.Path), info.Mode),
			Subject:  info.Path,
			Location: place(info),
			Remedy:   "remove the bit in the step that adds the file: RUN chmod a-s " + quote("/"+info.Path),
		})
	}
	if len(base) == 0 {
		return
	}
	// Nearly every distribution brings su, mount and their like: one line is
	// enough for them.
	finding := audit.Finding{
		Confidence: audit.ConfidenceHigh, Origin: audit.OriginBase,
		Message:  fmt.Sprintf("the base image brings %d setuid or setgid files, such as %s", len(base), quote("/"+base[0].Path)),
		Subject:  "base image",
		Location: place(base[0]),
		Remedy:   "RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +, or choose a base without a shell and its tools",
	}
	for _, info := range base[1:] {
		finding.Related = append(finding.Related, place(info))
	}
	c.add(ruleSetuid, finding)
}

func (c *judging) cache(left cache) {
	if left.size < leastCache {
		return
	}
	clear := map[string]string{
		"apt":  "apt-get clean && rm -rf /var/lib/apt/lists/*",
		"apk":  "apk add --no-cache, which keeps none",
		"dnf":  "dnf clean all && rm -rf /var/cache/dnf /var/cache/libdnf5",
		"yum":  "yum clean all && rm -rf /var/cache/yum",
		"pip":  "pip install --no-cache-dir, which keeps none",
		"npm":  "npm cache clean --force",
		"yarn": "yarn cache clean",
	}[left.kind]
	c.add(rulePackageCache, audit.Finding{
		Confidence: audit.ConfidenceHigh, Origin: left.first.Origin,
		Message: fmt.Sprintf("%s left %.1f MiB in %d files in the layers, the first under %s",
			left.kind, float64(left.size)/(1<<20), left.files, quote("/"+path.Dir(left.first.Path))),
		Subject:  left.kind + "#" + string(left.first.Origin),
		Location: place(left.first),
		Remedy:   "clear it in the same RUN step that fills it: " + clear,
	})
}

func place(info audit.FileInfo) audit.Location {
	return audit.Location{Path: info.Path, Layer: info.Layer}
}
