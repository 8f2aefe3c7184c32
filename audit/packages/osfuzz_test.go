package packages

import (
	"strings"
	"testing"

	apkmeta "github.com/google/osv-scalibr/extractor/filesystem/os/apk/metadata"
	dpkgmeta "github.com/google/osv-scalibr/extractor/filesystem/os/dpkg/metadata"
	rpmmeta "github.com/google/osv-scalibr/extractor/filesystem/os/rpm/metadata"

	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/purl"
)

func TestParseOSRelease(t *testing.T) {
	d := parseOSRelease([]byte("# ID=no\nID=alpine\nNAME=\"A \\\"B\\\" \\\\\"\nX='a\\b'\nEMPTY=\nno assignment\nQ=\"open\n ID_LIKE=x \r\nE=a\\"))
	for name, want := range map[string]string{
		"ID": "alpine", "NAME": `A "B" \`, "X": `a\b`, "EMPTY": "", "Q": `"open`, "ID_LIKE": "x", "E": `a\`, "# ID": "",
	} {
		if d[name] != want {
			t.Errorf("%s is %q, want %q", name, d[name], want)
		}
	}
}

// FuzzOSRelease: whatever os-release says, every package gets a package URL,
// and an ecosystem that is one of those with advisories.
func FuzzOSRelease(f *testing.F) {
	for _, seed := range []string{
		"ID=debian\nVERSION_ID=\"12\"\n", "ID=ubuntu\nVERSION_ID='22.04'\n", "ID=alpine\nVERSION_ID=3.19.1\n", "ID=rhel\nVERSION_ID=9.3\n",
		"ID=openEuler\nPRETTY_NAME=\"openEuler 24.03 (LTS-SP1)\"\n", "ID=rocky\n", "=\n==\n'\n\"\n\\", "ID=almalinux\nVERSION_ID=:\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := parseOSRelease(data)
		for _, p := range []*extractor.Package{
			{Name: "a", Version: "1", PURLType: purl.TypeDebian, Metadata: &dpkgmeta.Metadata{PackageName: "a"}},
			{Name: "a", Version: "1", PURLType: purl.TypeApk, Metadata: &apkmeta.Metadata{PackageName: "a"}},
			{Name: "a", Version: "1", PURLType: purl.TypeRPM, Metadata: &rpmmeta.Metadata{PackageName: "a"}},
		} {
			out := d.osPackage(p)
			base, _, _ := strings.Cut(out.Ecosystem, ":")
			if !strings.HasPrefix(out.PURL, "pkg:"+p.PURLType+"/") || base == "" && out.Ecosystem != "" {
				t.Errorf("purl %q, ecosystem %q", out.PURL, out.Ecosystem)
			}
		}
	})
}

// FuzzOwned: the paths that package managers list are relative, and as many as
// there are lines at most.
func FuzzOwned(f *testing.F) {
	f.Add([]byte("/.\n/usr/bin/x\n"))
	f.Add([]byte("P:a\nF:usr/lib\nR:x\nF:\nR:y\n\nR:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Count(string(data), "\n") + 1
		for _, paths := range [][]string{dpkgOwned(data), apkOwned(data)} {
			if len(paths) > lines {
				t.Errorf("%d paths in %d lines", len(paths), lines)
			}
		}
	})
}
