package osv

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// OSV's names of the Linux distributions whose package managers are known here
// (https://ossf.github.io/osv-schema/#defined-ecosystems).
const (
	debian     = "Debian"
	ubuntu     = "Ubuntu"
	alpine     = "Alpine"
	alpaquita  = "Alpaquita"
	bellSoft   = "BellSoft Hardened Containers"
	chainguard = "Chainguard"
	minimOS    = "MinimOS"
	wolfi      = "Wolfi"
	almaLinux  = "AlmaLinux"
	mageia     = "Mageia"
	openEuler  = "openEuler"
	openSUSE   = "openSUSE"
	redHat     = "Red Hat"
	rockyLinux = "Rocky Linux"
)

// upgradeOf gives the command that updates a distribution's package, without
// the package; empty for an ecosystem that is no distribution.
func upgradeOf(ecosystem string) string {
	switch baseEcosystem(ecosystem) {
	case debian, ubuntu:
		return "apt-get update && apt-get install -y --only-upgrade"
	case alpine, alpaquita, bellSoft, chainguard, minimOS, wolfi:
		return "apk upgrade --no-cache"
	case almaLinux, mageia, openEuler, redHat, rockyLinux:
		return "dnf upgrade -y"
	case openSUSE:
		return "zypper update -y"
	}
	return ""
}

func isDistribution(ecosystem string) bool { return upgradeOf(ecosystem) != "" }

// asAdvised is a package under the name and version that advisories use: those
// of the source package, for distributions that publish per source. Advisories
// for RPM packages name the epoch only for Red Hat and its rebuilds; to the
// others' an epoch would look like a version above every fix.
func asAdvised(p audit.Package) audit.Package {
	p.Name, p.Version = cmp.Or(p.SourceName, p.Name), cmp.Or(p.SourceVersion, p.Version)
	switch baseEcosystem(p.Ecosystem) {
	case mageia, openEuler, openSUSE:
		if _, version, ok := strings.Cut(p.Version, ":"); ok {
			p.Version = version
		}
	}
	return p
}

// release brings the part of an ecosystem behind the colon to what decides
// whether two are the same. Red Hat's advisories name a product and one of its
// repositories ("enterprise_linux:9::appstream"), of which a system uses
// several. Ubuntu's releases occur with and without ":LTS".
func release(base, suffix string) string {
	switch base {
	case redHat:
		suffix, _, _ = strings.Cut(suffix, "::")
	case ubuntu:
		suffix = strings.TrimSuffix(suffix, ":LTS")
	}
	return suffix
}

// withoutAdvisories says of which distributions packages can't be looked up,
// and of how many.
func withoutAdvisories(packages []audit.Package) []audit.Problem {
	count := map[string]int{}
	for _, p := range packages {
		count[distributionOf(p)]++
	}
	var problems []audit.Problem
	for _, name := range slices.Sorted(maps.Keys(count)) {
		reason := fmt.Sprintf("%d packages of %s have no advisories in this data", count[name], name)
		if count[name] == 1 {
			reason = fmt.Sprintf("1 package of %s has no advisories in this data", name)
		}
		problems = append(problems, audit.Problem{Reason: reason})
	}
	return problems
}

// distributionOf names the distribution that a package's URL tells of
// (https://github.com/package-url/purl-spec/tree/main/types-doc): its namespace
// is os-release's ID, its qualifier "distro" ends with the version.
func distributionOf(p audit.Package) string {
	u, err := url.Parse(p.PURL)
	if err != nil {
		return "an unknown ecosystem"
	}
	parts := strings.Split(u.Opaque, "/")
	if len(parts) < 3 || !slices.Contains([]string{"rpm", "deb", "apk"}, parts[0]) {
		return "an unknown ecosystem or distribution"
	}
	id, version := parts[1], u.Query().Get("distro")
	name := id
	for _, known := range [][2]string{
		{"amzn", "Amazon Linux"}, {"fedora", "Fedora"}, {"centos", "CentOS"}, {"ol", "Oracle Linux"},
		{"suse", "SUSE Linux Enterprise Server"}, {"azurelinux", "Azure Linux"}, {"photon", "Photon OS"},
	} {
		if id == known[0] {
			name = known[1]
		}
	}
	// An rpm's says "amzn-2023", others' only the version.
	if _, after, ok := strings.Cut(version, "-"); ok && parts[0] == "rpm" {
		version = after
	}
	return strings.TrimSpace(plain(name, maxHeadline) + " " + plain(version, maxHeadline))
}
