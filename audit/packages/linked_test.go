package packages_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
	"github.com/lambdagate/lambdagate/audit/packages"
)

// TestLinkedPackages: a package that Node.js finds through a symbolic link is
// installed, whatever the form of the artifact.
func TestLinkedPackages(t *testing.T) {
	lodash := `{"name":"lodash","version":"4.17.15"}`
	for name, c := range map[string]struct {
		files, links map[string]string
		want         []string
	}{
		"node_modules is a link": {
			files: map[string]string{"mods/lodash/package.json": lodash, "mods/@a/b/package.json": `{"name":"@a/b","version":"1.0.0"}`, "mods/README": "x"},
			links: map[string]string{"node_modules": "mods"},
			want:  []string{"@a/b@1.0.0", "lodash@4.17.15"},
		},
		"a package is a link": {
			files: map[string]string{"mods/lodash/package.json": lodash},
			links: map[string]string{"node_modules/lodash": "../mods/lodash"},
			want:  []string{"lodash@4.17.15"},
		},
		"a scope is a link": {
			files: map[string]string{"mods/b/package.json": `{"name":"@a/b","version":"1.0.0"}`},
			links: map[string]string{"node_modules/@a": "../mods"},
			want:  []string{"@a/b@1.0.0"},
		},
		"pnpm's store is seen once": {
			files: map[string]string{"node_modules/.pnpm/lodash@4.17.15/node_modules/lodash/package.json": lodash},
			links: map[string]string{"node_modules/lodash": ".pnpm/lodash@4.17.15/node_modules/lodash"},
			want:  []string{"lodash@4.17.15"},
		},
		"a workspace's own package": {
			files: map[string]string{"package.json": `{"workspaces":["packages/*"]}`, "packages/utils/package.json": `{"name":"utils","version":"1.0.0"}`},
			links: map[string]string{"node_modules/utils": "../packages/utils"},
		},
		"no link leads there": {
			files: map[string]string{"mods/lodash/package.json": lodash, "x/y": "z"},
			links: map[string]string{"modules": "mods", "node_modules/file": "../x/y"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			entries := audittest.Entries(c.files)
			dir := audittest.Dir(t, c.files)
			for link, target := range c.links {
				entries = append(entries, audittest.Entry{Name: link, Content: target, Mode: fs.ModeSymlink | 0o777})
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, link)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range []string{dir, audittest.Zip(t, entries...)} {
				art := audittest.OpenPath(t, path)
				result := audit.Run(t.Context(), []audit.Target{{Name: "fn", Artifact: art}},
					audit.Options{Collector: packages.NewCollector()})
				var got []string
				for _, p := range result.Targets[0].Packages {
					got = append(got, p.Name+"@"+p.Version)
					if len(p.Locations) != 1 || !strings.HasSuffix(p.Locations[0].Path, "package.json") {
						t.Errorf("%s is at %v", p.Name, p.Locations)
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%s: got %v, want %v", filepath.Base(path), got, c.want)
				}
			}
		})
	}
}
