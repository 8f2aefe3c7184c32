package osv

import (
	"fmt"
	"strings"
	"testing"
)

// affectedEntry writes a record with one affected entry.
func affectedEntry(ecosystem, name, rest string) string {
	return fmt.Sprintf(`{"id":"X-1","affected":[{"package":{"ecosystem":%q,"name":%q},%s}]}`, ecosystem, name, rest)
}

func events(kind, list string) string {
	return fmt.Sprintf(`"ranges":[{"type":%q,"events":[%s]}]`, kind, list)
}

func TestAffects(t *testing.T) {
	const (
		simple   = `{"introduced":"0"},{"fixed":"1.2.3"}`
		branches = `{"introduced":"0"},{"fixed":"1.2.5"},{"introduced":"2.0.0"},{"fixed":"2.0.3"}`
		shuffled = `{"fixed":"2.0.3"},{"introduced":"2.0.0"},{"fixed":"1.2.5"},{"introduced":"0"}`
		last     = `{"introduced":"1.0.0"},{"last_affected":"1.5.0"}`
	)
	tests := []struct {
		name, ecosystem, entry, version string
		want                            bool
	}{
		{"below the fix", npm, events("SEMVER", simple), "1.2.2", true},
		{"the fix", npm, events("SEMVER", simple), "1.2.3", false},
		{"prerelease of the fix", npm, events("SEMVER", simple), "1.2.3-rc.1", true},
		{"build of the fix", npm, events("SEMVER", simple), "1.2.3+build.7", false},
		{"zero", npm, events("SEMVER", simple), "0.0.0", true},
		{"prerelease of zero", npm, events("SEMVER", simple), "0.0.0-alpha", true},
		{"numbers, not text", npm, events("SEMVER", simple), "1.10.0", false},
		{"old branch cured", npm, events("SEMVER", branches), "1.2.5", false},
		{"new branch", npm, events("SEMVER", branches), "2.0.0", true},
		{"new branch cured", npm, events("SEMVER", branches), "2.0.3", false},
		{"events without order, old", npm, events("SEMVER", shuffled), "1.2.4", true},
		{"events without order, between", npm, events("SEMVER", shuffled), "1.9.0", false},
		{"events without order, new", npm, events("SEMVER", shuffled), "2.0.2", true},
		{"last affected", npm, events("SEMVER", last), "1.5.0", true},
		{"after the last affected", npm, events("SEMVER", last), "1.5.1", false},
		{"before it came", npm, events("SEMVER", last), "0.9.9", false},
		{"only one version", npm, events("SEMVER", `{"introduced":"1.1.1"},{"last_affected":"1.1.1"}`), "1.1.1", true},
		{"after only one version", npm, events("SEMVER", `{"introduced":"1.1.1"},{"last_affected":"1.1.1"}`), "1.1.2", false},
		{"no end", npm, events("SEMVER", `{"introduced":"0"}`), "99.0.0", true},
		{"empty range", npm, events("SEMVER", `{"introduced":"0"},{"fixed":"0"}`), "1.0.0", false},
		{"empty range in the middle", npm, events("SEMVER", `{"introduced":"1.2.0"},{"fixed":"1.2.0"}`), "1.2.0", false},
		{"fixed and introduced at once", pypi, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"fixed":"2.11.2"}`), "2.5", true},
		{"below the limit", npm, events("SEMVER", `{"introduced":"1.0.0"},{"limit":"2.0.0"}`), "1.9.0", true},
		{"at the limit", npm, events("SEMVER", `{"introduced":"1.0.0"},{"limit":"2.0.0"}`), "2.0.0", false},
		{"no limit", npm, events("SEMVER", `{"introduced":"1.0.0"},{"limit":"*"}`), "2.0.0", true},
		{"commits say nothing", npm, events("GIT", `{"introduced":"0"}`), "1.0.0", false},
		{"commits first, versions after", pypi, `"ranges":[{"type":"GIT","events":[{"introduced":"0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"5.4"}]}]`, "5.3.1", true},
		{"listed", npm, `"versions":["1.0.1","1.0.2"]`, "1.0.2", true},
		{"not listed", npm, `"versions":["1.0.1","1.0.2"]`, "1.0.3", false},
		{"listed outside the range", npm, `"versions":["3.0.0"],` + events("SEMVER", simple), "3.0.0", true},
		{"listed under another spelling, Python", pypi, `"versions":["1.0RC1"]`, "1.0.0-rc.1", true},
		{"listed with a v", packagist, `"versions":["v2.0.0"]`, "2.0.0", true},
		{"Composer, before a branch", packagist, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"2.5.0"}`), "2.x-dev", false},
		{"Composer, after a branch", packagist, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"3.0.0"}`), "2.x-dev", true},
		{"Composer, a default branch", packagist, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"2.5.0"}`), "dev-master", false},
		{"Composer, a default branch without a cure", packagist, events("ECOSYSTEM", `{"introduced":"0"}`), "dev-main", true},
		{"neither versions nor ranges", npm, `"versions":[]`, "1.0.0", false},
		{"Python, beta before release", pypi, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"5.2b1"}`), "5.2a3", true},
		{"Python, post release", pypi, events("ECOSYSTEM", simple), "1.2.3.post1", false},
		{"Go with a v", golang, events("SEMVER", simple), "v1.2.2", true},
		{"Go incompatible", golang, events("SEMVER", simple), "v1.2.3+incompatible", false},
		{"Go pseudo-version", golang, events("SEMVER", `{"introduced":"0"},{"fixed":"0.0.0-20220314234659-1baeb1ce4c0b"}`), "v0.0.0-20210921155107-089bfa567519", true},
		{"Go toolchain", golang, events("SEMVER", `{"introduced":"1.22.0-0"},{"fixed":"1.22.2"}`), "go1.22.1 X:boringcrypto", true},
		{"Go candidate", golang, events("SEMVER", `{"introduced":"1.22.0-0"},{"fixed":"1.22.0-rc.2"}`), "go1.22rc1", true},
		{"Go candidate that is cured", golang, events("SEMVER", `{"introduced":"1.22.0-0"},{"fixed":"1.22.0-rc.2"}`), "go1.22rc2", false},
		{"Maven snapshot before release", maven, events("ECOSYSTEM", simple), "1.2.3-SNAPSHOT", true},
		{"Maven release name", maven, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"4.2.9.RELEASE"}`), "4.2.8.RELEASE", true},
		{"gem of a platform", rubygems, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1.13.2"}`), "1.13.2-x86_64-linux", false},
		{"NuGet with four numbers", nuget, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1.2.3.4"}`), "1.2.3.3", true},
		{"Debian with an epoch", "Debian:12", events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1:2.0-1"}`), "1:1.9-3", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := record(t, affectedEntry(tt.ecosystem, "thing", tt.entry))
			got, err := r.Affects(pkg(tt.ecosystem, "thing", tt.version))
			if err != nil || got != tt.want {
				t.Errorf("Affects(%q) = %v, %v; want %v", tt.version, got, err, tt.want)
			}
		})
	}
}

func TestAffectsNames(t *testing.T) {
	tests := []struct {
		recordEcosystem, recordName, ecosystem, name string
		want                                         bool
	}{
		{pypi, "PyYAML", pypi, "pyyaml", true},
		{pypi, "ruamel.yaml_clib", pypi, "Ruamel-YAML-clib", true},
		{pypi, "jinja2", pypi, "jinja", false},
		{nuget, "Newtonsoft.Json", nuget, "newtonsoft.json", true},
		{packagist, "Symfony/Http-Kernel", packagist, "symfony/http-kernel", true},
		{npm, "JSONStream", npm, "jsonstream", false},
		{npm, "lodash", pypi, "lodash", false},
		{golang, "github.com/gogits/gogs", golang, "github.com/gogits/Gogs", false},
		{"Debian:11", "curl", "Debian:12", "curl", false},
		{"Debian:12", "curl", "Debian:12", "curl", true},
		{"Debian", "curl", "Debian:12", "curl", true},
		{"Packagist:https://packages.drupal.org/8", "drupal/core", packagist, "drupal/core", true},
	}
	for _, tt := range tests {
		r := record(t, affectedEntry(tt.recordEcosystem, tt.recordName, `"versions":["1.0.0"]`))
		p := pkg(tt.ecosystem, tt.name, "1.0.0")
		got, err := r.Affects(p)
		if err != nil || got != tt.want || r.Mentions(p) != tt.want {
			t.Errorf("record on %s %s, package %s %s: affected %v, mentioned %v, %v; want %v",
				tt.recordEcosystem, tt.recordName, tt.ecosystem, tt.name, got, r.Mentions(p), err, tt.want)
		}
	}
}

func TestAffectsNotComparable(t *testing.T) {
	r := record(t, affectedEntry(npm, "thing", `"versions":["latest"],`+events("SEMVER", `{"introduced":"0"}`)))
	for _, v := range []string{
		"", " ", "^1.2.3", "~1.2", "1.x", "1.2.X", "*", ">=1.0.0", "1 || 2", "${project.version}", "github:user/repo",
		"file:../x", "git+https://host/x.git#abc", "next", "dev-master", "vvv1.0", "1.0.0\x1b[31m", strings.Repeat("9", 300),
	} {
		affected, err := r.Affects(pkg(npm, "thing", v))
		if err == nil || affected {
			t.Errorf("version %q: affected %v, error %v; want an error", v, affected, err)
		}
		if affected, err := r.Affects(pkg(npm, "other", v)); err != nil || affected {
			t.Errorf("version %q of a package that the record does not mention: %v, %v", v, affected, err)
		}
	}
	if affected, err := r.Affects(pkg(npm, "thing", "latest")); err != nil || !affected {
		t.Errorf("a version that is listed as it stands: %v, %v", affected, err)
	}
	for _, entry := range []string{
		events("FUTURE", `{"introduced":"0"}`),
		events("SEMVER", `{"introduced":"`+strings.Repeat("1", 300)+`"}`),
		events("SEMVER", `{"introduced":"0"},{"limit":"`+strings.Repeat("1", 300)+`"}`),
	} {
		r := record(t, affectedEntry(npm, "thing", entry))
		if affected, err := r.Affects(pkg(npm, "thing", "1.0.0")); err == nil || affected {
			t.Errorf("%.60s: affected %v, error %v; want an error", entry, affected, err)
		}
	}
}

func TestCure(t *testing.T) {
	ranges := func(list string) string { return affectedEntry(npm, "thing", events("SEMVER", list)) }
	tests := []struct {
		name, version string
		records       []string
		want          string
	}{
		{"the fix", "1.0.0", []string{ranges(`{"introduced":"0"},{"fixed":"1.2.3"}`)}, "1.2.3"},
		{"of its own branch", "1.0.0", []string{ranges(`{"introduced":"2.0.0"},{"fixed":"2.0.3"},{"introduced":"0"},{"fixed":"1.2.5"}`)}, "1.2.5"},
		{"of the next branch, as its own has none", "1.5.0", []string{ranges(`{"introduced":"1.0.0"},{"last_affected":"1.9.0"},{"introduced":"2.0.0"},{"fixed":"2.0.3"}`)}, "2.0.3"},
		{"none", "1.5.0", []string{ranges(`{"introduced":"0"},{"last_affected":"1.9.0"}`)}, ""},
		{"not the one before", "3.0.0", []string{ranges(`{"introduced":"0"},{"fixed":"1.2.5"},{"introduced":"3.0.0"}`)}, ""},
		{"cures both", "1.0.0", []string{
			ranges(`{"introduced":"0"},{"fixed":"1.2.3"}`), ranges(`{"introduced":"0"},{"fixed":"1.4.0"}`)}, "1.4.0"},
		{"skips one that another covers", "1.0.0", []string{
			ranges(`{"introduced":"0"},{"fixed":"2.0.1"}`), ranges(`{"introduced":"0"},{"fixed":"1.4.0"},{"introduced":"2.0.0"},{"fixed":"2.3.0"}`)}, "2.3.0"},
		{"impossible for one of both", "1.0.0", []string{
			ranges(`{"introduced":"0"},{"fixed":"1.2.3"}`), ranges(`{"introduced":"0"}`)}, ""},
		{"listed versions are not a cure", "1.0.0", []string{
			ranges(`{"introduced":"0"},{"fixed":"1.2.3"}`), affectedEntry(npm, "thing", `"versions":["1.2.3"]`)}, ""},
	}
	for _, tt := range tests {
		p := pkg(npm, "thing", tt.version)
		installed, err := parseVersion(npm, tt.version)
		if err != nil {
			t.Fatal(err)
		}
		var records []*Record
		for _, text := range tt.records {
			records = append(records, record(t, text))
		}
		if got := cure(p, installed, records); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
