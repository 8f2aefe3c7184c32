package packages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

func TestOSPackages(t *testing.T) {
	const source = "Source: util-linux (2.38.1-5)\n"
	for _, c := range []struct {
		name  string
		files layer
		want  []string // ecosystem, name, version, source, its version, purl
	}{
		{"Debian", layer{
			"usr/lib/os-release": bookworm,
			"var/lib/dpkg/status": stanza("bsdutils", "1:2.38.1-5", source) + stanza("libc6", "2.36-9", "Source: glibc\n") + stanza("bash", "5.2-2+b10", "Source: bash (5.2-2)\n") +
				stanza("apt", "2.6.1", "Description: a\n b\n .\n") + strings.Replace(stanza("left", "1", ""), "install ok installed", "deinstall ok config-files", 1) +
				strings.Replace(stanza("waits", "1~rc1", ""), "ok installed", "ok triggers-awaited", 1),
		}, []string{
			"Debian:12 apt 2.6.1   pkg:deb/debian/apt@2.6.1?arch=amd64&distro=bookworm",
			"Debian:12 bash 5.2-2+b10 bash 5.2-2 pkg:deb/debian/bash@5.2-2%2Bb10?arch=amd64&distro=bookworm&source=bash&sourceversion=5.2-2",
			"Debian:12 bsdutils 1:2.38.1-5 util-linux 2.38.1-5 pkg:deb/debian/bsdutils@1:2.38.1-5?arch=amd64&distro=bookworm&source=util-linux&sourceversion=2.38.1-5",
			"Debian:12 libc6 2.36-9 glibc  pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=bookworm&source=glibc",
			"Debian:12 waits 1~rc1   pkg:deb/debian/waits@1~rc1?arch=amd64&distro=bookworm",
		}},
		{"distroless", layer{
			"etc/os-release": bookworm, "usr/lib/os-release": "ID=other\n",
			"var/lib/dpkg/status.d/tzdata":         "Package: tzdata\nArchitecture: all\nVersion: 2024a-0+deb12u1\n",
			"var/lib/dpkg/status.d/tzdata.md5sums": "abc  usr/share/zoneinfo\n",
		}, []string{"Debian:12 tzdata 2024a-0+deb12u1   pkg:deb/debian/tzdata@2024a-0%2Bdeb12u1?arch=all&distro=bookworm"}},
		{"Ubuntu", layer{
			"etc/os-release": "ID=ubuntu\nVERSION_ID='22.04'\nVERSION_CODENAME=jammy\n", "var/lib/dpkg/status": stanza("curl", "7.81.0-1ubuntu1.15", ""),
		}, []string{"Ubuntu:22.04:LTS curl 7.81.0-1ubuntu1.15   pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.15?arch=amd64&distro=jammy"}},
		{"Alpine", layer{
			"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n", "usr/lib/apk/db/installed": "C:Q1\nP:libssl3\nV:3.1.4-r5\nA:x86_64\no:openssl\n\nP:musl\nV:1.2.4_git20230717-r4\no:musl\n",
		}, []string{
			"Alpine:v3.19 libssl3 3.1.4-r5 openssl  pkg:apk/alpine/libssl3@3.1.4-r5?arch=x86_64&distro=3.19.1&origin=openssl",
			"Alpine:v3.19 musl 1.2.4_git20230717-r4   pkg:apk/alpine/musl@1.2.4_git20230717-r4?distro=3.19.1&origin=musl",
		}},
		{"Rocky Linux, sqlite", layer{
			"etc/os-release": "ID=\"rocky\"\nVERSION_ID=\"9.3\"\n", "var/lib/rpm/rpmdb.sqlite": rpmDatabase(t, "rpmdb.sqlite"), "var/lib/rpm/rpmdb.sqlite-wal": "",
		}, []string{
			"Rocky Linux:9 bash 5.1.8-6.el9_1   pkg:rpm/rocky/bash@5.1.8-6.el9_1?arch=x86_64&distro=rocky-9.3&sourcerpm=bash-5.1.8-6.el9_1.src.rpm",
			"Rocky Linux:9 bind-license 32:9.16.23-14.el9_3   pkg:rpm/rocky/bind-license@9.16.23-14.el9_3?arch=noarch&distro=rocky-9.3&epoch=32&sourcerpm=bind-license-9.16.23-14.el9_3.src.rpm",
			"Rocky Linux:9 openssl-libs 1:3.0.7-24.el9   pkg:rpm/rocky/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=rocky-9.3&epoch=1&sourcerpm=openssl-libs-3.0.7-24.el9.src.rpm",
			"Rocky Linux:9 podman 2:4.6.1~rc2-5.el9   pkg:rpm/rocky/podman@4.6.1~rc2-5.el9?arch=x86_64&distro=rocky-9.3&epoch=2&sourcerpm=podman-4.6.1~rc2-5.el9.src.rpm",
			"Rocky Linux:9 tzdata 2023c-1.el9   pkg:rpm/rocky/tzdata@2023c-1.el9?arch=noarch&distro=rocky-9.3&sourcerpm=tzdata-2023c-1.el9.src.rpm",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inventory := collect(t, layered{layers: []layer{c.files}})
			var got []string
			for _, p := range inventory.Packages {
				got = append(got, strings.Join([]string{p.Ecosystem, p.Name, p.Version, p.SourceName, p.SourceVersion, p.PURL}, " "))
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") || len(inventory.Problems) > 0 {
				t.Errorf("problems %q, got\n\t%s\nwant\n\t%s", inventory.Problems, strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
		})
	}
}

// TestEcosystems has every distribution named as OSV names it.
func TestEcosystems(t *testing.T) {
	for _, c := range []struct{ path, release, want string }{
		{"rpm", "ID=amzn\nVERSION_ID=2023\n", ""},
		{"rpm", "ID=almalinux\nVERSION_ID=9.3\n", "AlmaLinux:9"},
		{"rpm", "ID=rhel\nVERSION_ID=8.10\nCPE_NAME=cpe:/o:redhat:enterprise_linux:8::baseos\n", "Red Hat:enterprise_linux:8"},
		{"rpm", "ID=openEuler\nVERSION_ID=24.03\nPRETTY_NAME=\"openEuler 24.03 (LTS)\"\n", "openEuler:24.03-LTS"},
		{"rpm", "ID=opensuse-leap\nVERSION_ID=15.5\n", "openSUSE:Leap 15.5"},
		{"rpm", "ID=mageia\nVERSION_ID=9\n", "Mageia:9"},
		{"rpm", "ID=sles\nVERSION_ID=15.5\n", ""},
		{"rpm", "ID=fedora\nVERSION_ID=39\n", ""},
		{"rpm", "", ""},
		{"apk", "ID=alpine\nVERSION_ID=3.19\n", "Alpine:v3.19"},
		{"apk", "ID=wolfi\nVERSION_ID=20230201\n", "Wolfi"},
		{"apk", "ID=postmarketos\nVERSION_ID=23.12\n", ""},
		{"dpkg", "ID=debian\n", "Debian"},
		{"dpkg", "ID=ubuntu\nVERSION_ID=\"23.10\"\n", "Ubuntu:23.10"},
		{"dpkg", "ID=ubuntu\nVERSION_ID=\"24.04\"\n", "Ubuntu:24.04:LTS"},
		{"dpkg", "# ID=debian\nID=kali\n", ""},
		{"dpkg", "ID=linux\nVERSION_ID=1\n", ""},
		{"dpkg", "", ""},
	} {
		database := map[string][2]string{
			"rpm":  {"usr/lib/sysimage/rpm/Packages", rpmDatabase(t, "Packages")},
			"apk":  {"lib/apk/db/installed", "P:musl\nV:1-r0\n\n"},
			"dpkg": {"var/lib/dpkg/status", stanza("apt", "1", "")},
		}[c.path]
		inventory := collect(t, layered{layers: []layer{{"etc/os-release": c.release, database[0]: database[1]}}})
		if len(inventory.Packages) == 0 || len(inventory.Problems) > 0 {
			t.Errorf("%q: packages %v, problems %q", c.release, inventory.Packages, inventory.Problems)
		}
		for _, p := range inventory.Packages {
			if p.Ecosystem != c.want {
				t.Errorf("%q: ecosystem of %s is %q, want %q", c.release, p.Name, p.Ecosystem, c.want)
			}
		}
	}
}

func TestOSDatabasesThatCantBeRead(t *testing.T) {
	for path, c := range map[string]struct{ content, words string }{
		"var/lib/dpkg/status":          {"no stanza at all\n", "can't be parsed"},
		"var/lib/dpkg/status.d/tzdata": {"\x00\x01\n", "names no package"},
		"lib/apk/db/installed":         {"P:musl\nno field\n", "can't be parsed"},
		"var/lib/rpm/rpmdb.sqlite":     {"SQLite format 3\x00", "damaged"},
		"var/lib/rpm/Packages":         {"", "not an RPM database"},
		"var/lib/rpm/rpmdb.sqlite-wal": {"frames", "not read"},
		"etc/os-release":               {strings.Repeat("x", 1<<17), "too large"},
	} {
		expectProblem(t, collect(t, layered{layers: []layer{{path: c.content}}}), path, c.words)
	}
}

// TestRootFolder: a folder counts as a system if it is the root of one, a
// function's zip never does.
func TestRootFolder(t *testing.T) {
	files := map[string]string{"etc/os-release": bookworm, "var/lib/dpkg/status": stanza("apt", "2.6.1", "")}
	expect(t, collectFiles(t, files))
	dir := t.TempDir()
	for path, content := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inventory := collect(t, audittest.OpenPath(t, dir))
	expect(t, inventory, "Debian:12 apt@2.6.1 installed var/lib/dpkg/status")
	if inventory.Packages[0].Origin != audit.OriginOwn {
		t.Errorf("origin %q, want own", inventory.Packages[0].Origin)
	}
	if err := os.Remove(filepath.Join(dir, "etc/os-release")); err != nil {
		t.Fatal(err)
	}
	expect(t, collect(t, audittest.OpenPath(t, dir)))
}
