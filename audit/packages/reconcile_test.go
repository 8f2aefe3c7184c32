package packages_test

import "testing"

func TestInstalledWins(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"package-lock.json": "{\"packages\":{\n\"node_modules/lodash\":{\"version\":\"4.17.21\"},\n\"node_modules/a/node_modules/lodash\":{\"version\":\"3.0.0\"},\n" +
			"\"node_modules/ghost\":{\"version\":\"1.0.0\",\"optional\":true},\n\"node_modules/tool\":{\"version\":\"1.0.0\",\"dev\":true}}}",
		"yarn.lock":                        "lodash@^4:\n  version \"4.17.15\"\n",
		"node_modules/lodash/package.json": `{"name":"lodash","version":"4.17.15"}`,
		"node_modules/a/node_modules/lodash/package.json": `{"name":"lodash","version":"3.0.0"}`,
		"node_modules/tool/package.json":                  `{"name":"tool","version":"1.0.0"}`,
		"requirements.txt":                                "flask==1.0\n",
	}),
		"PyPI flask@1.0 lockfile requirements.txt:1",
		"npm lodash@3.0.0 installed node_modules/a/node_modules/lodash/package.json",
		"npm lodash@4.17.15 installed node_modules/lodash/package.json",
		"npm tool@1.0.0 installed node_modules/tool/package.json",
		"disagree yarn.lock:1 declares lodash 4.17.15, installed 3.0.0",
		"disagree package-lock.json:2 declares lodash 3.0.0,4.17.21, installed 4.17.15",
	)
}

// Versions that are equal to the ecosystem's own tools don't disagree.
func TestEqualVersions(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"requirements.txt":            "flask==1.0\ntorch==2.0.0\nsix==1.0+a\n",
		"flask.dist-info/METADATA":    "Name: Flask\nVersion: 1.0.0\n",
		"torch.dist-info/METADATA":    "Name: torch\nVersion: 2.0.0+cpu\n",
		"six.dist-info/METADATA":      "Name: six\nVersion: 1.0+b\n",
		"six2.dist-info/METADATA":     "Name: six\nVersion: no version\n",
		"unlocked.dist-info/METADATA": "Name: unlocked\nVersion: 1\n",
	}),
		"PyPI flask@1.0.0 installed flask.dist-info/METADATA:1",
		"PyPI six@1.0+b installed six.dist-info/METADATA:1",
		"PyPI six@no version installed six2.dist-info/METADATA:1",
		"PyPI torch@2.0.0+cpu installed torch.dist-info/METADATA:1",
		"PyPI unlocked@1 installed unlocked.dist-info/METADATA:1",
		"disagree requirements.txt:3 declares six 1.0+a, installed 1.0+b",
		"disagree requirements.txt:3 declares six 1.0+a, installed no version",
	)
}

func TestGoModAgainstProgram(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"go.mod":    "module m\n\ngo 1.20\n\nrequire example.com/dep v1.2.4\n\nrequire example.com/unused v1.0.0\n",
		"bootstrap": string(elfImage(t, goInfo("go1.22.3", "path\tm\nmod\tm\t(devel)\t\ndep\texample.com/dep\tv1.2.3\n"))),
	}),
		"Go example.com/dep@1.2.3 binary bootstrap",
		"Go stdlib@1.22.3 binary bootstrap",
		"disagree go.mod:5 declares example.com/dep 1.2.4, installed 1.2.3",
	)
}

// What a package brings along was not chosen by the package manager: a lockfile
// can't be wrong about it.
func TestCarriedPackagesDontDisagree(t *testing.T) {
	lodash := func(version string) string { return `{"name":"lodash","version":"` + version + `"}` }
	expect(t, collectFiles(t, map[string]string{
		"yarn.lock": "lodash@^4:\n  version \"4.17.21\"\n",
		"node_modules/protobufjs/cli/node_modules/lodash/package.json":               lodash("1.0.0"),
		"node_modules/npm/package.json":                                              `{"name":"npm","version":"9.0.0","bundleDependencies":["lodash"]}`,
		"node_modules/npm/node_modules/lodash/package.json":                          lodash("2.0.0"),
		"node_modules/b/package.json":                                                `{"name":"b","version":"1.0.0","bundledDependencies":true}`,
		"node_modules/b/node_modules/c/node_modules/lodash/package.json":             lodash("2.1.0"),
		"node_modules/a/package.json":                                                `{"name":"a","version":"1.0.0","bundleDependencies":[]}`,
		"node_modules/a/node_modules/lodash/package.json":                            lodash("3.0.0"),
		"node_modules/.pnpm/lodash@4.0.0/node_modules/lodash/package.json":           lodash("4.0.0"),
		"services/fn/node_modules/@a/b/node_modules/lodash/package.json":             lodash("5.0.0"),
		"services/fn/node_modules/@a/b/dist/vendor/node_modules/lodash/package.json": lodash("6.0.0"),
	}),
		"npm a@1.0.0 installed node_modules/a/package.json",
		"npm b@1.0.0 installed node_modules/b/package.json",
		"npm lodash@1.0.0 installed node_modules/protobufjs/cli/node_modules/lodash/package.json",
		"npm lodash@2.0.0 installed node_modules/npm/node_modules/lodash/package.json",
		"npm lodash@2.1.0 installed node_modules/b/node_modules/c/node_modules/lodash/package.json",
		"npm lodash@3.0.0 installed node_modules/a/node_modules/lodash/package.json",
		"npm lodash@4.0.0 installed node_modules/.pnpm/lodash@4.0.0/node_modules/lodash/package.json",
		"npm lodash@5.0.0 installed services/fn/node_modules/@a/b/node_modules/lodash/package.json",
		"npm lodash@6.0.0 installed services/fn/node_modules/@a/b/dist/vendor/node_modules/lodash/package.json",
		"npm npm@9.0.0 installed node_modules/npm/package.json",
		"disagree yarn.lock:1 declares lodash 4.17.21, installed 3.0.0",
		"disagree yarn.lock:1 declares lodash 4.17.21, installed 4.0.0",
		"disagree yarn.lock:1 declares lodash 4.17.21, installed 5.0.0",
	)
}

// A bundle beside a package that can't be bundled: npm would have installed the
// others too, had they not become part of the bundle.
func TestBundleBesideInstalled(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"package-lock.json": "{\"packages\":{\n\"node_modules/lodash\":{\"version\":\"4.17.20\"},\n\"node_modules/sharp\":{\"version\":\"0.33.0\"},\n" +
			"\"node_modules/a/node_modules/sharp\":{\"version\":\"0.1.0\"},\n" +
			"\"node_modules/d\":{\"version\":\"1.0.0\",\"dev\":true},\n\"node_modules/e\":{\"version\":\"1.0.0\",\"devOptional\":true},\n" +
			"\"node_modules/f\":{\"version\":\"1.0.0\",\"peer\":true},\n\"node_modules/g\":{\"version\":\"1.0.0\",\"optional\":true}}}",
		"yarn.lock":                       "ms@^2:\n  version \"2.0.0\"\n",
		"node_modules/sharp/package.json": `{"name":"sharp","version":"0.33.0"}`,
	}),
		"npm lodash@4.17.20 lockfile package-lock.json:2",
		"npm sharp@0.33.0 installed node_modules/sharp/package.json",
	)
}
