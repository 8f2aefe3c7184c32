package packages

import (
	"slices"
	"strings"

	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/requirements"
)

// The judges tell third-party packages that are shipped from the rest, format
// by format. In doubt an entry is shipped.

// verdict is what an entry of a lockfile is.
type verdict uint8

const (
	shipped       verdict = iota
	development           // declared, but for building and testing only
	notThirdParty         // the function itself, a workspace, a folder; or without an exact version
)

// entry is one package of a lockfile and where it stands.
type entry struct {
	*extractor.Package
	lines []string
	line  int // from 1; 0 if the extractor doesn't know
}

// groups are the dependency groups that the extractor gives.
func (e entry) groups() []string {
	if m, ok := e.Metadata.(interface{ DepGroups() []string }); ok {
		return m.DepGroups()
	}
	return nil
}

// text gives the line that the entry stands on.
func (e entry) text() string {
	if e.line < 1 || e.line > len(e.lines) {
		return ""
	}
	return e.lines[e.line-1]
}

// maxEntryLines is how far below its own line an entry is looked through: the
// longest lists of files have a few hundred.
const maxEntryLines = 1000

// says reports whether a line of a TOML table, up to the next "[[package]]",
// begins with one of the texts.
func (e entry) says(texts ...string) bool {
	if e.line < 1 || e.line > len(e.lines) {
		return false
	}
	lines := e.lines[e.line-1:]
	for _, line := range lines[:min(len(lines), maxEntryLines)] {
		if strings.HasPrefix(line, "[[") {
			return false
		}
		if slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(line, text) }) {
			return true
		}
	}
	return false
}

// judgeShipped is for formats that say nothing more.
func judgeShipped(entry) verdict { return shipped }

// judgeDevGroup is for formats whose extractor names the group "dev".
func judgeDevGroup(e entry) verdict {
	if slices.Contains(e.groups(), "dev") {
		return development
	}
	return shipped
}

// judgeYarn leaves out workspaces and folders: Yarn 2 and later give them a
// version of their own, Yarn 1 only says "file:".
func judgeYarn(e entry) verdict {
	if e.Version == "0.0.0-use.local" {
		return notThirdParty
	}
	if strings.Contains(e.text(), "@file:") {
		return notThirdParty
	}
	return shipped
}

// judgeRequirement wants an exact version: the lower bound of ">=1.0" is not
// what is installed.
func judgeRequirement(e entry) verdict {
	if m, ok := e.Metadata.(*requirements.Metadata); ok && strings.HasPrefix(m.VersionComparator, "==") {
		return shipped
	}
	return notThirdParty
}

// judgePoetry: groups other than the main one are for development
// (https://python-poetry.org/docs/managing-dependencies/#dependency-groups);
// "optional" is an extra, which may be shipped.
func judgePoetry(e entry) verdict {
	if e.says(`type = "directory"`, `type = "file"`) {
		return notThirdParty
	}
	if g := e.groups(); len(g) > 0 && !slices.Contains(g, "optional") {
		return development
	}
	return shipped
}

func judgeUV(e entry) verdict {
	if e.says("source = { editable", "source = { virtual", "source = { directory", "source = { path") {
		return notThirdParty
	}
	return shipped
}

// judgePDM reads the groups itself: the extractor reports "dev" for a package
// that is in the default group as well.
func judgePDM(e entry) verdict {
	switch {
	case e.says("path = "):
		return notThirdParty
	case e.says(`groups = ["dev"]`):
		return development
	}
	return shipped
}

func judgePylock(e entry) verdict {
	if e.says("[packages.directory]", "directory = ") {
		return notThirdParty
	}
	return shipped
}

// judgeGoMod leaves out the go line, which is the oldest toolchain that may
// build the module and not the one that did.
func judgeGoMod(e entry) verdict {
	if e.Name == stdlib {
		return notThirdParty
	}
	return shipped
}

// judgeCargo: only packages of the workspace have no source.
func judgeCargo(e entry) verdict {
	if e.line > 0 && !e.says("source = ") {
		return notThirdParty
	}
	return shipped
}

// judgeGradle reads "group:artifact:version=configuration,configuration": what
// only test configurations use is not shipped.
func judgeGradle(e entry) verdict {
	_, configurations, _ := strings.Cut(strings.TrimSpace(e.text()), "=")
	for configuration := range strings.SplitSeq(configurations, ",") {
		if !strings.HasPrefix(configuration, "test") {
			return shipped
		}
	}
	return development
}

// judgePomXML: the scopes test and provided are not packaged
// (https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html#dependency-scope).
func judgePomXML(e entry) verdict {
	if g := e.groups(); slices.Contains(g, "test") || slices.Contains(g, "provided") {
		return development
	}
	return shipped
}
