package osv_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/osv/osvtest"
)

// systemPackages are packages as they are in Debian, Alpine and Rocky Linux.
func systemPackages() []audit.Package {
	var packages []audit.Package
	for _, line := range []string{
		"Debian:12 libc6 2.36-9+deb12u13 glibc", "Debian:12 bsdutils 1:2.38.1-5+deb12u3 util-linux 2.38.1-5+deb12u3", "Debian:12 bash 5.2.15-2+b10 bash 5.2.15-2",
		"Debian:12 zlib1g 1:1.2.13.dfsg-1 zlib", "Debian:12 login 1:4.13+dfsg1-1+deb12u1 shadow", "Debian:12 perl-base 5.36.0-7+deb12u3 perl", "Debian:12 tar 1.34+dfsg-1.2+deb12u1",
		"Debian:12 ca 20230311~rc1", "Alpine:v3.19 libssl3 3.1.4-r5 openssl", "Alpine:v3.19 musl 1.2.4_git20230717-r4", "Alpine:v3.19 ssl_client 1.36.1-r15 busybox",
		"Rocky_Linux:9 openssl-libs 1:3.0.7-24.el9", "Rocky_Linux:9 podman 2:4.6.1~rc2-5.el9", "Rocky_Linux:9 tzdata 2023c-1.el9", "Rocky_Linux:9 bind-license 32:9.16.23-14.el9_3",
	} {
		fields := append(strings.Fields(line), "", "")
		packages = append(packages, audit.Package{
			PURL: "pkg:generic/" + fields[1], Ecosystem: strings.ReplaceAll(fields[0], "_", " "), Name: fields[1], Version: fields[2],
			SourceName: fields[3], SourceVersion: fields[4], How: audit.HowInstalled, Locations: []audit.Location{{Path: "var/lib"}},
		})
	}
	return packages
}

// TestCases judges advisories of which it is known whom they concern, from a
// folder and from the API.
func TestCases(t *testing.T) {
	dir, total := t.TempDir(), 0
	packages := systemPackages()
	var want []string
	for i, p := range packages {
		for _, c := range osvtest.Cases(fmt.Sprintf("CASE-%d", i), p) {
			path := filepath.Join(dir, filepath.FromSlash(c.Path(p.Ecosystem)))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(c.Record), 0o644); err != nil {
				t.Fatal(err)
			}
			total++
			if c.Affected {
				want = append(want, p.Name+" "+c.ID)
			}
		}
	}
	slices.Sort(want)
	if total < 200 || len(want) < 100 {
		t.Fatalf("%d cases, %d of them affected, are too few", total, len(want))
	}
	source, _ := newAPI(osvtest.NewServer(t, dir))
	for name, c := range map[string]audit.Conclusion{
		"folder": examine(t, folder(t, dir), audit.Inventory{Packages: packages}),
		"API":    examine(t, source, audit.Inventory{Packages: packages}),
	} {
		if c.Failed != nil || len(c.Problems) > 0 {
			t.Fatalf("%s: %v, %+v", name, c.Failed, c.Problems)
		}
		var got []string
		for _, f := range c.Findings {
			got = append(got, f.Package.Name+" "+f.Advisory.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}
}
