package osv

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lambdagate/lambdagate/audit"
)

// seeds adds the project's own records, and fields that records may have.
func seeds(f *testing.F, add func(record string)) {
	f.Helper()
	files, err := filepath.Glob(advisories + "/*/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no records in %q: %v", advisories, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		add(string(data))
	}
	for _, text := range []string{
		`{"id":"A","affected":[{"package":{"n\u0061me":"l\u006fdash","ecosystem":"npm"},"versions":["1.0.0"]}]}`,
		`{"id":"A","affected":[{"package":{"NAME":"lodash","ecosystem":"npm"}}]}`,
		`{"id":"A","affected":[{"package":{"name":"lod` + "\xff" + `ash","ecosystem":"npm"}}]}`,
		`{"id":"A","aliases":["A","B"],"affected":[null,{"ranges":[{"type":"GIT"},{"type":"X","events":[{}]}]}]}`,
		`{"id":"A","severity":[{"score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"},{"score":"AV:N/AC:L/Au:N/C:C/I:C/A:C"}]}`,
		`{"id":`, `[]`, ``, "\xef\xbb\xbf{}",
	} {
		add(text)
	}
}

// FuzzSkim holds that a record which the parser finds to be about a package is
// never skimmed over.
func FuzzSkim(f *testing.F) {
	seeds(f, func(record string) { f.Add([]byte(record), npm); f.Add([]byte(record), pypi) })
	f.Fuzz(func(t *testing.T, data []byte, ecosystem string) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		for _, a := range r.Affected {
			s := skimmer{base: baseEcosystem(ecosystem), wanted: map[string]bool{normalName(ecosystem, a.Package.Name): true}}
			if a.Package.Name != "" && !s.skim(data) {
				t.Errorf("a record on %q of %q is skimmed over", a.Package.Name, ecosystem)
			}
		}
	})
}

// FuzzRecord has the inspector judge any record against any version: it must
// not crash, and what it says must be fit to print.
func FuzzRecord(f *testing.F) {
	seeds(f, func(record string) {
		f.Add([]byte(record), npm, "lodash", "4.17.15")
		f.Add([]byte(record), pypi, "PyYAML", "5.3.1")
		f.Add([]byte(record), golang, "stdlib", "go1.22rc1")
	})
	f.Fuzz(func(t *testing.T, data []byte, ecosystem, name, version string) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		p := pkg(ecosystem, name, version)
		c := conclude(t, fixed{r}, inventoryOf(p))
		for _, finding := range c.Findings {
			for _, text := range []string{finding.Message, finding.Remedy} {
				if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) }) || !utf8.ValidString(text) || len(text) > 2000 {
					t.Errorf("unfit to print: %q", text)
				}
			}
			if len(finding.Remedy) > 4*maxRemedy {
				t.Errorf("remedy of %d bytes", len(finding.Remedy))
			}
		}
		if affected, _ := r.Affects(p); affected && !r.Mentions(p) {
			t.Error("affects a package that it does not mention")
		}
	})
}

// fixed is a source with one record, for every package.
type fixed struct{ record *Record }

func (s fixed) Lookup(_ context.Context, packages []audit.Package) (Answer, error) {
	a := Answer{Candidates: make([][]Candidate, len(packages))}
	for i := range packages {
		a.Candidates[i] = []Candidate{{Record: s.record}}
	}
	return a, nil
}

// FuzzCompare compares any two versions of any ecosystem: no crash, and the
// quick test never tells equal ones apart.
func FuzzCompare(f *testing.F) {
	ecosystems := []string{npm, pypi, golang, maven, rubygems, nuget, packagist, cratesIO, "Debian:12", "Alpine:v3.20", "Red Hat", "Hackage", "CRAN", "Pub"}
	for i := range ecosystems {
		f.Add(i, "1.0.0", "1.0")
		f.Add(i, "1.0.0-rc.1+b", "v01.0.0rc1")
		f.Add(i, "1:2.3~rc1-4ubuntu1", "0")
	}
	f.Fuzz(func(t *testing.T, i int, a, b string) {
		ecosystem := ecosystems[uint(i)%uint(len(ecosystems))]
		va, err := parseVersion(ecosystem, a)
		if err != nil {
			return
		}
		order, err := va.compare(b)
		if err != nil || order != 0 {
			return
		}
		if vb, err := parseVersion(ecosystem, b); err == nil && !sameRelease(va.text, vb.text) {
			t.Errorf("%s: %q equals %q but sameRelease tells them apart", ecosystem, a, b)
		}
	})
}
