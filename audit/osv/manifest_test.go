package osv

import (
	"context"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// oneCollector finds one package in every target.
type oneCollector struct{ p audit.Package }

func (c oneCollector) Begin(context.Context, audit.Target) (audit.Collection, error) { return c, nil }
func (oneCollector) Wants(audit.FileInfo) bool                                       { return false }
func (oneCollector) Visit(context.Context, audit.File) error                         { return nil }
func (c oneCollector) Inventory(context.Context) audit.Inventory                     { return inventoryOf(c.p) }

// TestNPMRemedies holds that the remedy suits who asks for the package and the
// package manager.
func TestNPMRemedies(t *testing.T) {
	const package1 = `{"dependencies":{"axios":"1"},"devDependencies":{"@types/node":"20"}}`
	tests := map[string]struct {
		files          map[string]string
		name, location string
		want           string
	}{
		"direct":     {map[string]string{"package.json": package1}, "axios", "node_modules/axios/package.json", "npm install axios@9.0.0"},
		"indirect":   {map[string]string{"package.json": package1}, "mpath", "node_modules/mpath/package.json", `set "overrides": {"mpath": "9.0.0"} in package.json and run npm install`},
		"unknown":    {map[string]string{"package.json": `{"type":"module"}`}, "mpath", "node_modules/mpath/package.json", "npm install mpath@9.0.0"},
		"no JSON":    {map[string]string{"package.json": `{`}, "mpath", "node_modules/mpath/package.json", "npm install mpath@9.0.0"},
		"in a layer": {map[string]string{"nodejs/package.json": package1}, "mpath", "nodejs/node_modules/mpath/package.json", `set "overrides": {"mpath": "9.0.0"} in package.json and run npm install`},
		"elsewhere":  {map[string]string{"lib/package.json": package1}, "mpath", "node_modules/mpath/package.json", "npm install mpath@9.0.0"},
		"yarn":       {map[string]string{"yarn.lock": "", "package.json": package1}, "axios", "node_modules/axios/package.json", "yarn add axios@9.0.0"},
		"yarn, indirect": {map[string]string{"yarn.lock": "", "package.json": package1}, "mpath", "yarn.lock",
			`set "resolutions": {"mpath": "9.0.0"} in package.json and run yarn install`},
		"pnpm": {map[string]string{"index.js": ""}, "axios", "node_modules/.pnpm/axios@1.0.0/node_modules/axios/package.json", "pnpm add axios@9.0.0"},
		"pnpm, indirect": {map[string]string{"package.json": package1}, "mpath", "node_modules/.pnpm/mpath@1.0.0/node_modules/mpath/package.json",
			`set "pnpm": {"overrides": {"mpath": "9.0.0"}} in package.json and run pnpm install`},
		"bun":         {map[string]string{"bun.lock": ""}, "axios", "node_modules/axios/package.json", "bun add axios@9.0.0"},
		"npm's first": {map[string]string{"package-lock.json": "{}", "yarn.lock": ""}, "axios", "node_modules/axios/package.json", "npm install axios@9.0.0"},
	}
	source := open(t, folderOf(t, map[string]string{
		"npm/A.json": `{"id":"A","affected":[{"package":{"ecosystem":"npm","name":"axios"},` + events("SEMVER", `{"introduced":"0"},{"fixed":"9.0.0"}`) + `}]}`,
		"npm/B.json": `{"id":"B","affected":[{"package":{"ecosystem":"npm","name":"mpath"},` + events("SEMVER", `{"introduced":"0"},{"fixed":"9.0.0"}`) + `}]}`,
	}))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := pkg(npm, tt.name, "1.0.0")
			p.Locations = []audit.Location{{Path: tt.location}}
			result := audit.Run(t.Context(), []audit.Target{{Name: "fn", Artifact: audittest.Open(t, tt.files)}}, audit.Options{
				Collector: oneCollector{p}, Inspectors: []audit.Inspector{New(source)},
			})
			if len(result.Findings) != 1 || result.Findings[0].Remedy != tt.want || result.Outcomes[0].Status != audit.StatusComplete {
				t.Errorf("findings %+v, outcomes %+v, want remedy %q", result.Findings, result.Outcomes, tt.want)
			}
		})
	}
}

func TestPythonRemedies(t *testing.T) {
	for _, tt := range []struct{ python, want string }{
		{"", "pip install 'PyYAML>=5.4'"},
		{"uv.lock", "uv add 'PyYAML>=5.4'"},
		{"requirements.txt", "put PyYAML>=5.4 in requirements.txt and build again"},
	} {
		m := &manifest{python: tt.python}
		if got := m.upgradeRemedy(pkg(pypi, "PyYAML", "5.3"), "5.4"); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.python, got, tt.want)
		}
	}
}

// TestCarriedProgram holds that a flaw linked into the program of an npm package
// is cured by that package.
func TestCarriedProgram(t *testing.T) {
	for path, want := range map[string]string{
		"node_modules/@a/tsc/lib/tsc": "update @a/tsc to a release built with Go 1.26.5 or later, or leave it out",
		"bootstrap":                   "rebuild with Go 1.26.5 or later",
	} {
		p := pkg(golang, "stdlib", "1.26.4")
		p.How, p.Locations = audit.HowBinary, []audit.Location{{Path: path}}
		if got := new(manifest).upgradeRemedy(p, "1.26.5"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
