package osv

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

// advisories is the small set that belongs to the project.
const advisories = "../../testdata/osv"

func pkg(ecosystem, name, version string) audit.Package {
	return audit.Package{
		PURL: "pkg:" + ecosystem + "/" + name + "@" + version, Ecosystem: ecosystem, Name: name, Version: version,
		Locations: []audit.Location{{Path: "lib/" + name}}, How: audit.HowInstalled, Origin: audit.OriginOwn,
	}
}

// record parses a record that a test writes down.
func record(t testing.TB, text string) *Record {
	t.Helper()
	r, err := ParseRecord([]byte(text))
	if err != nil {
		t.Fatalf("record %s: %v", text, err)
	}
	return r
}

// folderOf writes records, by path, into a new folder.
func folderOf(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t testing.TB, dir string) Source {
	t.Helper()
	s, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// conclude runs the inspector on packages as the engine would.
func conclude(t testing.TB, source Source, inventory audit.Inventory) audit.Conclusion {
	t.Helper()
	examination, err := New(source).Begin(context.Background(), audit.Target{Name: "fn.zip"})
	if err != nil {
		t.Fatal(err)
	}
	return examination.Conclude(context.Background(), inventory)
}

func inventoryOf(packages ...audit.Package) audit.Inventory {
	return audit.Inventory{Packages: packages}
}
