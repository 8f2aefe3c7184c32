package packages_test

import "testing"

func TestInstalledWins(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"package-lock.json": "{\"packages\":{\n\"node_modules/lodash\":{\"version\":\"4.17.21\"},\n\"node_modules/a/node_modules/lodash\":{\"version\":\"3.0.0\"},\n" +
			"\"node_modules/ghost\":{\"version\":\"1.0.0\"},\n\"node_modules/tool\":{\"version\":\"1.0.0\",\"dev\":true}}}",
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
