package packages

import (
	"bytes"
	"strconv"
	"strings"

	apkmeta "github.com/google/osv-scalibr/extractor/filesystem/os/apk/metadata"
	dpkgmeta "github.com/google/osv-scalibr/extractor/filesystem/os/dpkg/metadata"
	"github.com/google/osv-scalibr/extractor/filesystem/os/ecosystem"
	rpmmeta "github.com/google/osv-scalibr/extractor/filesystem/os/rpm/metadata"
)

// distribution is what os-release says
// (https://www.freedesktop.org/software/systemd/man/latest/os-release.html),
// by field; empty if there is no such file.
type distribution map[string]string

// parseOSRelease reads the shell-like assignments of os-release. A line that
// is none says nothing.
func parseOSRelease(data []byte) distribution {
	d := distribution{}
	for line := range bytes.Lines(data) {
		name, value, ok := strings.Cut(string(bytes.TrimSpace(line)), "=")
		if ok && !strings.HasPrefix(name, "#") {
			d[name] = unquoteShell(value)
		}
	}
	return d
}

// unquoteShell takes the quotes off a value, and the backslashes out of it.
func unquoteShell(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		single := value[0] == '\''
		value = value[1 : n-1]
		if single {
			return value
		}
	}
	if !strings.Contains(value, `\`) {
		return value
	}
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		out.WriteByte(value[i])
	}
	return out.String()
}

func (d distribution) id() string      { return d["ID"] }
func (d distribution) version() string { return d["VERSION_ID"] }

// major is the part of the version before the first point.
func (d distribution) major() string {
	major, _, _ := strings.Cut(d.version(), ".")
	return major
}

// fill sets what osv-scalibr's package URLs say of the distribution.
func (d distribution) fill(metadata any) {
	switch m := metadata.(type) {
	case *dpkgmeta.Metadata:
		m.OSID, m.OSVersionID, m.OSVersionCodename = d.id(), d.version(), d["VERSION_CODENAME"]
	case *apkmeta.Metadata:
		m.OSID, m.OSVersionID = d.id(), d.version()
	case *rpmmeta.Metadata:
		m.OSID, m.OSVersionID, m.OSBuildID = d.id(), d.version(), d["BUILD_ID"]
		m.OSName, m.OSPrettyName, m.OSCPEName = d["NAME"], d["PRETTY_NAME"], d["CPE_NAME"]
	}
}

// ecosystem gives OSV's name for the packages of a distribution, with its
// release; empty if OSV has no advisories under a name that follows from
// os-release (Amazon Linux, Fedora, SUSE Linux Enterprise and others).
//
// The names are osv-scalibr's, with three exceptions where its name has no
// release although the advisories have one, or lacks a part of it: packages of
// Rocky Linux 9 would be held against the advisories for 8, and those of
// Ubuntu 22.04 against none.
func (d distribution) ecosystem(metadata any) string {
	switch d.id() {
	case "rocky":
		return withRelease("Rocky Linux", d.major())
	case "rhel":
		// Advisories name a product and a repository
		// ("enterprise_linux:9::appstream"); a system uses several.
		return withRelease("Red Hat", prefixed("enterprise_linux:", d.major()))
	case "ubuntu":
		return withRelease("Ubuntu", ubuntuRelease(d.version()))
	case "debian", "alpine", "wolfi", "chainguard", "minimos", "alpaquita", "bellsoft-hardened-containers",
		"almalinux", "openEuler", "opensuse-leap", "mageia":
		e := ecosystem.MakeEcosystem(metadata)
		return e.String()
	}
	return ""
}

func withRelease(base, release string) string { return base + prefixed(":", release) }

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// ubuntuRelease adds ":LTS" to the version of a release with long-term
// support: that of April in every even year (https://ubuntu.com/about/release-cycle).
func ubuntuRelease(version string) string {
	year, month, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(year); err == nil && n%2 == 0 && month == "04" {
		return version + ":LTS"
	}
	return version
}
