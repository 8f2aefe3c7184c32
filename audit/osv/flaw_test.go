package osv

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestFlaws(t *testing.T) {
	tests := []struct {
		name    string
		records []string // id, then its aliases
		want    []string // id, then aliases
	}{
		{"one", []string{"GHSA-1 CVE-1"}, []string{"CVE-1 GHSA-1"}},
		{"two that differ", []string{"GHSA-2", "CVE-1"}, []string{"CVE-1", "GHSA-2"}},
		{"four databases", []string{"GHSA-1 CVE-1", "PYSEC-1 CVE-1 GHSA-1", "CVE-1", "GO-1 GHSA-1"}, []string{"CVE-1 GHSA-1 GO-1 PYSEC-1"}},
		{"through a third, last", []string{"GHSA-1 A-1", "PYSEC-1 B-1", "GO-1 A-1 B-1"}, []string{"GHSA-1 A-1 B-1 GO-1 PYSEC-1"}},
		{"chain", []string{"A B", "C D", "E F", "B C", "D E"}, []string{"A B C D E F"}},
		{"same record twice", []string{"GHSA-1 CVE-1", "GHSA-1 CVE-1"}, []string{"CVE-1 GHSA-1"}},
		{"without CVE", []string{"PYSEC-1 GHSA-1"}, []string{"GHSA-1 PYSEC-1"}},
		{"without both", []string{"RUSTSEC-1 GO-1"}, []string{"GO-1 RUSTSEC-1"}},
		{"malicious", []string{"MAL-1 GHSA-1", "GHSA-1 CVE-1"}, []string{"MAL-1 CVE-1 GHSA-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var records []*Record
			for _, text := range tt.records {
				ids := strings.Fields(text)
				records = append(records, &Record{ID: ids[0], Aliases: ids[1:]})
			}
			for range len(records) {
				records = append(records[1:], records[0]) // the order must not matter
				var got []string
				total := 0
				for _, f := range flaws(records) {
					got = append(got, strings.Join(append([]string{f.id}, f.aliases...), " "))
					total += len(f.records)
				}
				if !slices.Equal(got, tt.want) || total != len(records) {
					t.Errorf("got %q with %d records, want %q", got, total, tt.want)
				}
			}
		})
	}
}

func TestRate(t *testing.T) {
	const (
		v4 = "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
		v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
		v0 = "CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:C/C:H/I:N/A:N"
		v2 = "AV:N/AC:M/Au:N/C:N/I:P/A:N"
		no = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"
	)
	score := func(vectors ...string) string {
		var list []string
		for _, v := range vectors {
			list = append(list, fmt.Sprintf(`{"type":"CVSS","score":%q}`, v))
		}
		return `"severity":[` + strings.Join(list, ",") + `]`
	}
	tests := []struct {
		name, top, entry string
		want             audit.Severity
		vector           string
		score            float64
	}{
		{"CVSS 4 before 3", score(v3, v4), `"versions":[]`, audit.SeverityMedium, v4, 5.4},
		{"CVSS 3.1", score(v2, v3), `"versions":[]`, audit.SeverityCritical, v3, 9.8},
		{"CVSS 3.0", score(v0), `"versions":[]`, audit.SeverityMedium, v0, 6.1},
		{"CVSS 2", score(v2), `"versions":[]`, audit.SeverityMedium, v2, 4.3},
		{"CVSS 2 has no critical", score("AV:N/AC:L/Au:N/C:C/I:C/A:C"), `"versions":[]`, audit.SeverityHigh, "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10},
		{"no harm", score(no), `"versions":[]`, audit.SeverityInfo, no, 0},
		{"in the affected entry", `"severity":[]`, score(v3), audit.SeverityCritical, v3, 9.8},
		{"bad vector, good one after", score("CVSS:4.0/AV:X", v3), `"versions":[]`, audit.SeverityCritical, v3, 9.8},
		{"bad vector, word", score("CVSS:3.1/nonsense") + `,"database_specific":{"severity":"MODERATE"}`, `"versions":[]`, audit.SeverityMedium, "", 0},
		{"word", `"database_specific":{"severity":"Critical"}`, `"versions":[]`, audit.SeverityCritical, "", 0},
		{"word of the entry", `"severity":null`, `"database_specific":{"severity":"low"}`, audit.SeverityLow, "", 0},
		{"word of the ecosystem", `"severity":null`, `"ecosystem_specific":{"severity":"HIGH"}`, audit.SeverityHigh, "", 0},
		{"word of another type", `"database_specific":{"severity":{"x":[1]}}`, `"database_specific":[1]`, audit.SeverityUnknown, "", 0},
		{"word that is none", `"database_specific":{"severity":"URGENT"}`, `"versions":[]`, audit.SeverityUnknown, "", 0},
		{"unmaintained", `"severity":[]`, `"database_specific":{"informational":"unmaintained"}`, audit.SeverityInfo, "", 0},
		{"unsound", `"severity":[]`, `"database_specific":{"informational":"unsound"}`, audit.SeverityUnknown, "", 0},
		{"nothing", `"severity":[]`, `"versions":[]`, audit.SeverityUnknown, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := record(t, `{"id":"X","affected":[{"package":{"ecosystem":"npm","name":"thing"},`+tt.entry+`}],`+tt.top+`}`)
			got := r.rate(pkg(npm, "thing", "1.0.0"))
			if got.severity != tt.want || got.vector != tt.vector || got.score != tt.score {
				t.Errorf("got %+v, want %v %q %v", got, tt.want, tt.vector, tt.score)
			}
		})
	}
}

func TestRateAll(t *testing.T) {
	low := record(t, `{"id":"A","affected":[],"severity":[{"score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}]}`)
	high := record(t, `{"id":"B","affected":[],"severity":[{"score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"}]}`)
	word := record(t, `{"id":"C","database_specific":{"severity":"CRITICAL"}}`)
	none := record(t, `{"id":"D"}`)
	for _, tt := range []struct {
		records []*Record
		want    audit.Severity
	}{
		{[]*Record{low, high, word, none}, audit.SeverityHigh},
		{[]*Record{low, word}, audit.SeverityMedium},
		{[]*Record{none, word}, audit.SeverityCritical},
		{[]*Record{none}, audit.SeverityUnknown},
	} {
		if got := rateAll(pkg(npm, "thing", "1.0.0"), tt.records); got.severity != tt.want {
			t.Errorf("got %v, want %v", got.severity, tt.want)
		}
	}
}

func TestHeadline(t *testing.T) {
	long := strings.Repeat("word ", 60)
	for _, tt := range []struct{ summary, details, want string }{
		{"Command Injection", "", "Command Injection"},
		{"Command\nInjection.", "", "Command Injection"},
		{"", "### Impact\n\nFirst sentence. Second one.\n", "First sentence"},
		{"", "", ""},
		{"\x1b[31mred\u202e\u0000 \u200btext", "", "[31mred text"},
		{long, "", strings.TrimSpace(long[:119]) + "…"},
	} {
		f := flaw{records: []*Record{{Summary: tt.summary, Details: tt.details}}}
		got := f.headline()
		if got != tt.want || len([]rune(got)) > maxHeadline {
			t.Errorf("summary %q, details %q: %q, want %q", tt.summary, tt.details, got, tt.want)
		}
	}
}

func TestUpgradeRemedy(t *testing.T) {
	at := func(ecosystem, name string, paths ...string) audit.Package {
		p := pkg(ecosystem, name, "1.0.0")
		p.Locations = nil
		for _, path := range paths {
			p.Locations = append(p.Locations, audit.Location{Path: path})
		}
		return p
	}
	tests := []struct {
		p     audit.Package
		fixed string
		want  string
	}{
		{at(npm, "lodash", "node_modules/lodash/package.json"), "4.17.21", "npm install lodash@4.17.21"},
		{at(npm, "@a/b", "node_modules/x/node_modules/@a/b/package.json"), "2.0.0", `set "overrides": {"@a/b": "2.0.0"} in package.json and run npm install`},
		{at(npm, "b", "node_modules/b/package.json", "node_modules/x/node_modules/b/package.json"), "2.0.0", "npm install b@2.0.0"},
		{at(pypi, "PyYAML"), "5.4", "pip install 'PyYAML>=5.4'"},
		{at(golang, "golang.org/x/net"), "0.23.0", "go get golang.org/x/net@v0.23.0"},
		{at(golang, "stdlib"), "1.22.5", "rebuild with Go 1.22.5 or later"},
		{at(maven, "org.apache.logging.log4j:log4j-core"), "2.17.1", "set the version of org.apache.logging.log4j:log4j-core to 2.17.1 or later in the build file"},
		{at(rubygems, "rack"), "2.2.3", "put gem 'rack', '>= 2.2.3' in the Gemfile and run bundle update rack"},
		{at(nuget, "Newtonsoft.Json"), "13.0.1", "dotnet add package Newtonsoft.Json --version 13.0.1"},
		{at(packagist, "a/b"), "v1.2.0", "composer require a/b:^1.2.0"},
		{at(cratesIO, "time"), "0.2.23", "cargo update -p time --precise 0.2.23"},
		{at("Debian:12", "curl"), "7.88.1-10+deb12u5", "apt-get update && apt-get install -y --only-upgrade curl"},
		{ofBase(at("Debian:12", "curl")), "7.88.1", "rebuild on a newer base image, or: apt-get update && apt-get install -y --only-upgrade curl"},
		{ofBase(at("Alpine:v3.19", "musl")), "1.2.4_git20230717-r5", "rebuild on a newer base image, or: apk upgrade --no-cache musl"},
		{at("Rocky Linux:9", "openssl-libs"), "1:3.2.2-6.el9_5.1", "dnf upgrade -y openssl-libs"},
		{at("openSUSE:Leap 15.5", "curl"), "8.0.1", "zypper update -y curl"},
		{at("Debian:12", "curl"), "", "no fixed version is known: remove or replace curl, or waive it until a date"},
		{ofBase(at("Debian:12", "$(evil)")), "1", "rebuild on a newer base image, or: update $(evil) with the distribution's package manager"},
		{at(npm, "lodash"), "", "no fixed version is known: remove or replace lodash, or waive it until a date"},
		{at(npm, "x;curl evil|sh"), "1.0.1", "update x;curl evil|sh to the version that its advisory calls fixed"},
		{at(npm, "--eval"), "1.0.1", "update --eval to the version that its advisory calls fixed"},
		{at(npm, "x"), "1.0.1' && evil", "update x to the version that its advisory calls fixed"},
		{at(golang, strings.Repeat("long/", 60)+"x"), "1.0.1", "update to 1.0.1 or later"},
	}
	for _, tt := range tests {
		got := new(manifest).upgradeRemedy(tt.p, tt.fixed)
		if got != tt.want || len(got) > maxRemedy {
			t.Errorf("%s %q: %q, want %q", tt.p.Name, tt.fixed, got, tt.want)
		}
	}
}

func ofBase(p audit.Package) audit.Package {
	p.Origin = audit.OriginBase
	return p
}

// TestRemedyCuresAll holds that every finding of a package recommends the one
// version that cures all that can be cured.
func TestRemedyCuresAll(t *testing.T) {
	of := func(id, list string) string {
		return fmt.Sprintf(`{"id":%q,"affected":[{"package":{"ecosystem":"npm","name":"thing"},%s}]}`, id, events("SEMVER", list))
	}
	files := map[string]string{
		"npm/A.json": of("A", `{"introduced":"0"},{"fixed":"1.2.0"}`),
		"npm/B.json": of("B", `{"introduced":"0"},{"fixed":"1.3.0"}`),
	}
	p := pkg(npm, "thing", "1.0.0")
	check := func(want ...string) {
		t.Helper()
		var got []string
		for _, f := range conclude(t, open(t, folderOf(t, files)), inventoryOf(p)).Findings {
			got = append(got, strings.TrimSpace(f.Advisory.ID+" "+f.Advisory.Fixed)+": "+f.Remedy)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("A 1.2.0: npm install thing@1.3.0", "B 1.3.0: npm install thing@1.3.0")
	files["npm/C.json"] = of("C", `{"introduced":"0"},{"last_affected":"9.0.0"}`)
	check("A 1.2.0: npm install thing@1.3.0", "B 1.3.0: npm install thing@1.3.0",
		"C: no fixed version is known: remove or replace thing, or waive it until a date")
	// One that ended without naming a fixed version is cured by that of another.
	files["npm/C.json"] = of("C", `{"introduced":"0"},{"last_affected":"1.1.0"}`)
	check("A 1.2.0: npm install thing@1.3.0", "B 1.3.0: npm install thing@1.3.0", "C: npm install thing@1.3.0")
}
