//go:build shared

package osv

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sharedDir is a folder of real records, named by the environment.
func sharedDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LAMBDAGATE_SHARED")
	if dir == "" {
		t.Fatal("LAMBDAGATE_SHARED is not set (expected: a folder that holds osv/<Ecosystem>/all.zip)")
	}
	return filepath.Join(dir, "osv")
}

// TestSharedNpm compares with what osv-scanner v2.5.0 finds, offline, in the
// same packages with the same records.
func TestSharedNpm(t *testing.T) {
	source := open(t, sharedDir(t))
	c := conclude(t, source, inventoryOf(pkg(npm, "axios", "0.21.0"), pkg(npm, "jsonwebtoken", "8.5.1"), pkg(npm, "lodash", "4.17.15"),
		pkg(npm, "minimist", "1.2.0"), pkg(npm, "node-fetch", "2.6.0"), pkg(npm, "serialize-javascript", "2.1.1")))
	if c.Failed != nil || len(c.Problems) > 0 {
		t.Fatalf("failed %v, problems %+v", c.Failed, c.Problems)
	}
	var got []string
	for _, f := range c.Findings {
		got = append(got, f.Package.Name+" "+strings.Join(append([]string{f.Advisory.ID}, f.Advisory.Aliases...), " "))
	}
	want := []string{
		"axios CVE-2020-28168", "axios CVE-2021-3749", "axios GHSA-wf5p-g6vw-rhxx", "jsonwebtoken GHSA-8cf7-32gw-wr33",
		"lodash CVE-2020-28500", "lodash CVE-2020-8203", "lodash CVE-2021-23337", "lodash NSWG-ECO-516",
		"minimist CVE-2020-7598", "minimist GHSA-xvch-5gv4-984h", "node-fetch CVE-2022-0235", "node-fetch GHSA-w7rc-rwvf-8q5r",
		"serialize-javascript CVE-2020-7660",
	}
	if len(got) != len(want) {
		t.Errorf("got %q", got)
	}
	for _, pair := range want {
		name, id, _ := strings.Cut(pair, " ")
		if !slices.ContainsFunc(got, func(g string) bool {
			fields := strings.Fields(g)
			return fields[0] == name && slices.Contains(fields[1:], id)
		}) {
			t.Errorf("%s is not among %q", pair, got)
		}
	}
}

// TestSharedEveryRecord has every record parsed and judged against a version
// of each of its packages.
func TestSharedEveryRecord(t *testing.T) {
	dir := sharedDir(t)
	ecosystems, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, e := range ecosystems {
		if !e.IsDir() {
			continue
		}
		every := &haul{base: e.Name(), wanted: everyName(t, filepath.Join(dir, e.Name(), archiveName), e.Name())}
		if _, err := every.readArchive(t.Context(), filepath.Join(dir, e.Name(), archiveName)); err != nil {
			t.Fatal(err)
		}
		if len(every.problems) > 0 {
			t.Errorf("%s: %+v", e.Name(), every.problems)
		}
		total += len(every.records)
		for _, r := range every.records {
			for _, a := range r.Affected {
				p := pkg(a.Package.Ecosystem, a.Package.Name, "1.2.3")
				if _, err := r.Affects(p); err != nil {
					t.Logf("%s %s: %v", r.ID, p.Name, err)
				}
				installed, err := parseVersion(p.Ecosystem, p.Version)
				if err != nil {
					continue
				}
				if fix := cure(p, installed, []*Record{r}); fix != "" {
					p.Version = fix
					if affected, err := r.Affects(p); affected || err != nil {
						t.Errorf("%s: %s %s is called a cure but affected: %v", r.ID, p.Name, fix, err)
					}
				}
			}
		}
	}
	if total < 20000 {
		t.Errorf("%d records, want more than 20,000", total)
	}
}

// everyName collects the names in an archive the slow way, by parsing all.
func everyName(t *testing.T, path, ecosystem string) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	forEachRecord(t, path, func(r *Record) {
		for _, a := range r.Affected {
			if sameEcosystem(a.Package.Ecosystem, ecosystem) {
				names[normalName(ecosystem, a.Package.Name)] = true
			}
		}
	})
	return names
}

func forEachRecord(t *testing.T, path string, visit func(*Record)) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		content, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		content.Close()
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRecord(data)
		if err != nil {
			t.Fatalf("%s: %v", entry.Name, err)
		}
		visit(r)
	}
}

func BenchmarkShared(b *testing.B) {
	source := open(b, sharedDir(b))
	packages := inventoryOf(pkg(npm, "lodash", "4.17.15"), pkg(pypi, "tensorflow", "2.4.0"), pkg(pypi, "django", "2.2"), pkg(golang, "stdlib", "1.20.0"),
		pkg(maven, "org.apache.logging.log4j:log4j-core", "2.14.0"), pkg(nuget, "Newtonsoft.Json", "12.0.1"), pkg(rubygems, "rack", "2.0.0"),
		pkg(packagist, "symfony/http-kernel", "v4.0.0"), pkg(cratesIO, "time", "0.1.40"))
	for b.Loop() {
		if c := conclude(b, source, packages); c.Failed != nil || len(c.Findings) < 100 {
			b.Fatalf("%d findings, failed %v", len(c.Findings), c.Failed)
		}
	}
}
