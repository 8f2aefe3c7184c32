package osv

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestAffectsDistributions(t *testing.T) {
	fixed := func(v string) string { return events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"`+v+`"}`) }
	for _, tt := range []struct {
		record, ecosystem, entry, version string
		want                              bool
	}{
		{"Debian:12", "Debian:12", fixed("2.36-9+deb12u4"), "2.36-9+deb12u3", true},
		{"Debian:12", "Debian:12", fixed("2.36-9+deb12u4"), "2.36-9+deb12u4", false},
		{"Debian:12", "Debian:12", fixed("2.36-9+deb12u4"), "2.36-9+deb12u10", false},
		{"Debian:12", "Debian:12", fixed("1:1.0-1"), "9.0-1", true},
		{"Debian:12", "Debian:12", fixed("1.0-1"), "1.0~rc1-1", true},
		{"Debian:12", "Debian:12", fixed("1.0~rc2-1"), "1.0~rc1-1", true},
		{"Debian:12", "Debian:12", fixed("1.0-1"), "1.0-1~deb12u1", true},
		{"Debian:12", "Debian:12", fixed("3.4-1"), "3.4-1+b6", false},
		{"Debian:12", "Debian:12", `"versions":["1:1.2.13.dfsg-1"]`, "1:1.2.13.dfsg-1", true},
		{"Debian:11", "Debian:12", fixed("99"), "1.0", false},
		{"Debian", "Debian:12", fixed("99"), "1.0", true},
		{"Debian:11", "Debian", fixed("99"), "1.0", true},
		{"Ubuntu:22.04:LTS", "Ubuntu:22.04:LTS", fixed("2"), "1", true},
		{"Ubuntu:22.04", "Ubuntu:22.04:LTS", fixed("2"), "1", true},
		{"Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04:LTS", fixed("2"), "1", false},
		{"Ubuntu:20.04:LTS", "Ubuntu:22.04:LTS", fixed("2"), "1", false},
		{"Alpine:v3.19", "Alpine:v3.19", fixed("1.36.1-r16"), "1.36.1-r15", true},
		{"Alpine:v3.19", "Alpine:v3.19", fixed("1.36.1-r16"), "1.36.1-r16", false},
		{"Alpine:v3.19", "Alpine:v3.19", fixed("1.2.4_git20230717-r5"), "1.2.4-r9", true},
		{"Alpine:v3.19", "Alpine:v3.19", fixed("3.1.4-r0"), "3.1.4_alpha1-r9", true},
		{"Alpine:v3.18", "Alpine:v3.19", fixed("9"), "1.36.1-r15", false},
		{"Rocky Linux:9", "Rocky Linux:9", fixed("1:3.0.7-25.el9_3"), "1:3.0.7-24.el9", true},
		{"Rocky Linux:9", "Rocky Linux:9", fixed("1:3.0.7-25.el9_3"), "1:3.0.7-25.el9_3", false},
		{"Rocky Linux:9", "Rocky Linux:9", fixed("0:3.9"), "3.8-1.el9", true},
		{"Rocky Linux:9", "Rocky Linux:9", fixed("2.0~rc2-1"), "2.0~rc1-1", true},
		{"Rocky Linux:8", "Rocky Linux:9", fixed("9"), "1-1", false},
		{"AlmaLinux:9", "AlmaLinux:9", fixed("r13-1"), "r12-4", true},
		{"Red Hat:enterprise_linux:9::appstream", "Red Hat:enterprise_linux:9", fixed("2-1"), "1-1", true},
		{"Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9", fixed("2-1"), "1-1", true},
		{"Red Hat:enterprise_linux:8::baseos", "Red Hat:enterprise_linux:9", fixed("2-1"), "1-1", false},
		{"Red Hat:rhel_eus:9.2::baseos", "Red Hat:enterprise_linux:9", fixed("2-1"), "1-1", false},
		{"openEuler:24.03-LTS", "openEuler:24.03-LTS", fixed("3.0.12-5.oe2403"), "1:3.0.12-4.oe2403", true},
		{"Mageia:9", "Mageia:9", fixed("3.0-2.mga9"), "3.0-1.mga9", true},
		{"openSUSE:Leap 15.5", "openSUSE:Leap 15.5", fixed("3.0-2"), "3.0-1", true},
	} {
		r := record(t, affectedEntry(tt.record, "thing", tt.entry))
		p := pkg(tt.ecosystem, "thing-bin", tt.version)
		p.SourceName = "thing"
		got, err := r.Affects(asAdvised(p))
		if err != nil || got != tt.want {
			t.Errorf("%s record, %s %s, %s: %v, %v; want %v", tt.record, tt.ecosystem, tt.version, tt.entry, got, err, tt.want)
		}
	}
}

// TestSourcePackage has a flaw of a source package found in a binary one whose
// name and version are others.
func TestSourcePackage(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"Debian/1.json": `{"id":"DEBIAN-1","affected":[{"package":{"ecosystem":"Debian:12","name":"util-linux"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.38.1-6"}]}]}]}`,
		"Debian/2.json": `{"id":"DEBIAN-2","affected":[{"package":{"ecosystem":"Debian:12","name":"bsdutils"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`,
	})
	p := pkg("Debian:12", "bsdutils", "1:2.38.1-5")
	p.SourceName, p.SourceVersion = "util-linux", "2.38.1-5"
	c := conclude(t, open(t, dir), inventoryOf(p))
	if len(c.Findings) != 1 || len(c.Problems) > 0 {
		t.Fatalf("findings %+v, problems %+v", c.Findings, c.Problems)
	}
	f := c.Findings[0]
	if want := "bsdutils 1:2.38.1-5 (source util-linux) has DEBIAN-1"; f.Message != want || f.Package.Name != "bsdutils" || f.Advisory.Fixed != "2.38.1-6" {
		t.Errorf("%q, package %s, fixed %s; want %q", f.Message, f.Package.Name, f.Advisory.Fixed, want)
	}
}

func TestReleaseWithoutAdvisories(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"Debian/1.json":           `{"id":"DEBIAN-1","affected":[{"package":{"ecosystem":"Debian:11","name":"curl"}}]}`,
		"Ubuntu:22.04:LTS/1.json": `{"id":"USN-1","affected":[{"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"curl"}}]}`,
	})
	source := open(t, dir)
	for ecosystem, want := range map[string]string{
		"Debian:11":        "",
		"Debian":           "",
		"Ubuntu:22.04:LTS": "",
		"Debian:13":        fmt.Sprintf("no advisories for release %q in %q, only for others", "Debian:13", dir),
		"Alpine:v3.19":     fmt.Sprintf("no advisories for ecosystem %q in %q", "Alpine:v3.19", dir),
	} {
		var got string
		for _, p := range lookup1(t, source, pkg(ecosystem, "wget", "1.0")).Problems {
			got += p.Reason
		}
		if got != want {
			t.Errorf("%s: problem %q, want %q", ecosystem, got, want)
		}
	}
}

func TestWithoutAdvisories(t *testing.T) {
	var packages []audit.Package
	for _, purl := range []string{
		"pkg:rpm/amzn/bash@5.2.15-1.amzn2023?arch=x86_64&distro=amzn-2023", "pkg:rpm/amzn/curl@8-1?distro=amzn-2023", "pkg:rpm/amzn/old@1-1?distro=amzn-2",
		"pkg:rpm/suse/bash@5-1?distro=sles-15.5", "pkg:deb/kali/bash@5?distro=kali-rolling", "pkg:rpm/fedora/bash@5", "pkg:rpm/bash@5", "pkg:odd", "%", "",
		"pkg:rpm/evil%1b[31m/x@1?distro=%1b]0;x",
	} {
		packages = append(packages, audit.Package{PURL: purl, Name: "x"})
	}
	var got []string
	for _, p := range withoutAdvisories(packages) {
		got = append(got, p.Reason)
		if strings.ContainsFunc(p.Reason, func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q is not fit for a line", p.Reason)
		}
	}
	for _, want := range []string{
		"2 packages of Amazon Linux 2023 have no advisories in this data", "1 package of Amazon Linux 2 has no advisories in this data",
		"1 package of SUSE Linux Enterprise Server 15.5 has no advisories in this data", "1 package of kali kali-rolling has no advisories in this data",
		"1 package of Fedora has no advisories in this data", "3 packages of an unknown ecosystem or distribution have no advisories in this data",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
}

func TestDistributionSeverity(t *testing.T) {
	const critical = `"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]`
	for _, tt := range []struct {
		ecosystem, top, entry string
		want                  audit.Severity
	}{
		{"Debian:12", `"x":1`, `"ecosystem_specific":{"urgency":"unimportant"}`, audit.SeverityInfo},
		{"Debian:12", critical, `"ecosystem_specific":{"urgency":"unimportant"}`, audit.SeverityInfo},
		{"Debian:12", critical, `"ecosystem_specific":{"urgency":"low"}`, audit.SeverityCritical},
		{"Debian:12", `"x":1`, `"ecosystem_specific":{"urgency":"low"}`, audit.SeverityLow},
		{"Debian:12", `"x":1`, `"ecosystem_specific":{"urgency":"high"}`, audit.SeverityHigh},
		{"Debian:12", `"x":1`, `"ecosystem_specific":{"urgency":"not yet assigned"}`, audit.SeverityUnknown},
		{"Debian:12", `"x":1`, `"versions":[]`, audit.SeverityUnknown},
		{"Ubuntu:22.04:LTS", `"severity":[{"type":"Ubuntu","score":"medium"}]`, `"versions":[]`, audit.SeverityMedium},
		{"Ubuntu:22.04:LTS", `"severity":[{"type":"Ubuntu","score":"negligible"}]`, `"versions":[]`, audit.SeverityLow},
		{"Rocky Linux:9", `"database_specific":{"severity":"Important"}`, `"versions":[]`, audit.SeverityHigh},
	} {
		r := record(t, fmt.Sprintf(`{"id":"X-1",%s,"affected":[{"package":{"ecosystem":%q,"name":"thing"},%s}]}`, tt.top, tt.ecosystem, tt.entry))
		if got := r.rate(pkg(tt.ecosystem, "thing", "1")).severity; got != tt.want {
			t.Errorf("%s %s %s: %s, want %s", tt.ecosystem, tt.top, tt.entry, got, tt.want)
		}
	}
}

// TestAPIDistributions has the API asked with the full ecosystem, but for Red
// Hat, whose answers are judged here.
func TestAPIDistributions(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			asked = string(body)
			fmt.Fprint(w, `{"results":[{"vulns":[{"id":"DSA-1"}]},{"vulns":[{"id":"RHSA-1"}]},{"vulns":[{"id":"RHSA-1"}]}]}`)
			return
		}
		id := strings.TrimPrefix(r.URL.Path, "/v1/vulns/")
		fmt.Fprintf(w, `{"id":%q,"affected":[{"package":{"ecosystem":"Red Hat:enterprise_linux:8::baseos","name":"curl"},%s}]}`,
			id, events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"2-1"}`))
	}))
	defer server.Close()
	p := pkg("Debian:12", "libcurl4", "7.88.1-10")
	p.SourceName = "curl"
	examination, err := New(NewAPI(APIConfig{BaseURL: server.URL})).Begin(context.Background(), audit.Target{Name: "image"})
	if err != nil {
		t.Fatal(err)
	}
	c := examination.Conclude(context.Background(), inventoryOf(p, pkg("Red Hat:enterprise_linux:9", "curl", "1-1"), pkg("Red Hat:enterprise_linux:8", "curl", "1-2")))
	if c.Failed != nil {
		t.Fatal(c.Failed)
	}
	for _, want := range []string{`{"name":"curl","ecosystem":"Debian:12"},"version":"7.88.1-10"`, `{"name":"curl","ecosystem":"Red Hat"},"version":"1-1"`} {
		if !strings.Contains(asked, want) {
			t.Errorf("asked %s, want %s", asked, want)
		}
	}
	var got []string
	for _, f := range c.Findings {
		got = append(got, f.Advisory.ID+" "+f.Package.Ecosystem)
	}
	if want := []string{"DSA-1 Debian:12", "RHSA-1 Red Hat:enterprise_linux:8"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
