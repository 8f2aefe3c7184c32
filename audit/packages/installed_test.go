package packages_test

import (
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

func TestInstalled(t *testing.T) {
	const gemspec = "# -*- encoding: utf-8 -*-\nGem::Specification.new do |s|\n  s.name = \"rack\".freeze\n  s.version = \"2.2.3\"\nend\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"npm", map[string]string{
			"package.json":                                           `{"name":"own","version":"1.0.0"}`,
			"index.js":                                               "exports.handler = async () => ({});",
			"node_modules/lodash/package.json":                       `{"name":"lodash","version":"4.17.15"}`,
			"node_modules/@a/b/package.json":                         "\xef\xbb\xbf" + `{"name":"@a/b","version":"=v1.0.0"}`,
			"node_modules/x/node_modules/lodash/package.json":        `{"name":"lodash","version":"4.17.15"}`,
			"nodejs/node_modules/alias/package.json":                 `{"name":"real","version":"0.0.0-development"}`,
			"node_modules/.pnpm/c@1.0.0/node_modules/c/package.json": `{"name":"c","version":"1.0.0"}`,
		}, []string{
			"npm @a/b@1.0.0 installed node_modules/@a/b/package.json",
			"npm c@1.0.0 installed node_modules/.pnpm/c@1.0.0/node_modules/c/package.json",
			"npm lodash@4.17.15 installed node_modules/lodash/package.json node_modules/x/node_modules/lodash/package.json",
			"npm real@0.0.0-development installed nodejs/node_modules/alias/package.json",
		}},
		{"npm, not installed", map[string]string{
			"node_modules/lodash/esm/package.json":         `{"name":"esm","version":"1.0.0"}`,
			"node_modules/lodash/test/broken/package.json": `{`,
			"node_modules/@scope/package.json":             `{"name":"scope","version":"1.0.0"}`,
			"node_modules/.cache/package.json":             `{"name":"cache","version":"1.0.0"}`,
			"node_modules/.package-lock.json":              `{"packages":{"node_modules/ghost":{"version":"1.0.0"}}}`,
			"node_modules/stub/package.json":               `{"type":"module"}`,
			"node_modules/list/package.json":               `[]`,
			"node_modules/odd/package.json":                `{"name":7,"version":{}}`,
			"node_modules/versionless/package.json":        `{"name":"versionless"}`,
			"node_modules/lodash/package-lock.json":        `{"packages":{"node_modules/ghost":{"version":"1.0.0"}}}`,
			"my_node_modules/a/package.json":               `{"name":"a","version":"1.0.0"}`,
			"function/requirements.txt":                    "flask==1.0\n",
		}, nil},
		{"npm, broken", map[string]string{
			"node_modules/lodash/package.json": `{"name":"lodash"`,
		}, []string{"problem node_modules/lodash/package.json is not valid JSON: unexpected end of JSON input"}},
		{"python", map[string]string{
			"PyYAML-5.4.1.dist-info/METADATA":          "Metadata-Version: 2.1\nName: PyYAML\nVersion: 5.4.1\n\nName: other\n",
			"python/ruamel.yaml-1.egg-info/PKG-INFO":   "Metadata-Version: 1.0\nName: Ruamel._yaml\nVersion: 1\n",
			"site/old-2.egg-info":                      "Name: old\nVersion: 2\n",
			"site/egg-3.egg/EGG-INFO/PKG-INFO":         "Name: egg\nVersion: 3\n",
			"docs/METADATA":                            "Name: docs\nVersion: 3\n",
			"PyYAML-5.4.1.dist-info/licenses/PKG-INFO": "Name: no\nVersion: 3\n",
		}, []string{
			"PyPI egg@3 installed site/egg-3.egg/EGG-INFO/PKG-INFO:1",
			"PyPI old@2 installed site/old-2.egg-info:1",
			"PyPI pyyaml@5.4.1 installed PyYAML-5.4.1.dist-info/METADATA:2",
			"PyPI ruamel-yaml@1 installed python/ruamel.yaml-1.egg-info/PKG-INFO:2",
		}},
		{"ruby", map[string]string{
			"vendor/bundle/ruby/3.2.0/specifications/rack-2.2.3.gemspec": gemspec,
			"ruby/specifications/default/rack-2.2.3.gemspec":             gemspec,
			"vendor/bundle/ruby/3.2.0/gems/rack-2.2.3/rack.gemspec":      "not read",
		}, []string{
			"RubyGems rack@2.2.3 installed ruby/specifications/default/rack-2.2.3.gemspec:3 vendor/bundle/ruby/3.2.0/specifications/rack-2.2.3.gemspec:3",
		}},
		{"ruby, marshalled", map[string]string{
			"specifications/rack-2.2.3.gemspec": "\x04\x08u:\x17Gem::Specification",
		}, []string{"problem specifications/rack-2.2.3.gemspec holds no gem specification"}},
		{"dotnet", map[string]string{
			"Function.deps.json": "{\n\"runtimeTarget\": {},\n\"libraries\": {\n\"Function/1.0.0\": {\"type\": \"project\"},\n" +
				"\"Newtonsoft.Json/12.0.1\": {\"type\": \"package\"},\n" +
				"\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0\": {\"type\": \"runtimepack\"}}}",
			"assets/editor.deps.json": `["wp-blocks"]`,
			"assets/other.deps.json":  `{"libraries":["a/1"]}`,
		}, []string{
			"NuGet Microsoft.NETCore.App.Runtime.linux-x64@8.0.0 installed Function.deps.json:6",
			"NuGet Newtonsoft.Json@12.0.1 installed Function.deps.json:5",
		}},
		{"dotnet, broken", map[string]string{"Function.deps.json": `{"libraries":`},
			[]string{"problem Function.deps.json is not valid JSON: unexpected end of JSON input"}},
		{"php, composer 2", map[string]string{
			"vendor/composer/installed.json": "{\"packages\": [\n{\"name\": \"Monolog/Monolog\", \"version\": \"1.0.0\"},\n" +
				"{\"name\": \"symfony/yaml\", \"version\": \"v5.4.0\"},\n{\"name\": \"own/part\", \"version\": \"1.0.0\", \"dist\": {\"type\": \"path\"}}],\n" +
				"\"dev\": true, \"dev-package-names\": [\"symfony/yaml\"]}",
		}, []string{
			"Packagist monolog/monolog@1.0.0 installed vendor/composer/installed.json:2",
			"Packagist symfony/yaml@v5.4.0 installed vendor/composer/installed.json:3",
		}},
		{"php, composer 1", map[string]string{
			"app/vendor/composer/installed.json": `[{"name": "a/b", "version": "1.0.0"}, {"version": "2"}, 7]`,
			"composer/installed.json":            `[{"name": "no/no", "version": "1.0.0"}]`,
		}, []string{"Packagist a/b@1.0.0 installed app/vendor/composer/installed.json:1"}},
		{"php, broken", map[string]string{"vendor/composer/installed.json": `{"packages":{}}`},
			[]string{"problem vendor/composer/installed.json holds no list of packages"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, collectFiles(t, c.files), c.want...) })
	}
}

func TestUnreadableMetadata(t *testing.T) {
	for path, content := range map[string]string{
		"a.dist-info/METADATA":       "Metadata-Version: 2.1\n",
		"specifications/a-1.gemspec": "Gem::Specification.new do |s|\nend\n",
	} {
		t.Run(path, func(t *testing.T) {
			expectProblem(t, collectFiles(t, map[string]string{path: content, "ok.dist-info/METADATA": "Name: ok\nVersion: 1\n"}),
				path, "can't be parsed")
		})
	}
}

func TestNestedArchive(t *testing.T) {
	wheel := audittest.ZipBytes(t, audittest.Entries(map[string]string{
		"flask-1.0.dist-info/METADATA":     "Name: Flask\nVersion: 1.0\n",
		"node_modules/lodash/package.json": `{"name":"lodash","version":"1.0.0"}`,
		"package-lock.json":                `{"packages":{"node_modules/ghost":{"version":"1.0.0"}}}`,
	})...)
	expect(t, collectFiles(t, map[string]string{"lib/layer.zip": string(wheel)}),
		"PyPI flask@1.0 installed lib/layer.zip!/flask-1.0.dist-info/METADATA:1",
		"npm lodash@1.0.0 installed lib/layer.zip!/node_modules/lodash/package.json")
}

func TestPURL(t *testing.T) {
	inventory := collectFiles(t, map[string]string{
		"node_modules/@a/b/package.json":    `{"name":"@a/b","version":"1.0.0+x"}`,
		"A_b.dist-info/METADATA":            "Name: A_b\nVersion: 1!2\n",
		"specifications/rack-1.gemspec":     "Gem::Specification.new do |s|\n s.name = 'rack'\n s.version = '1'\nend\n",
		"f.deps.json":                       `{"libraries":{"Newtonsoft.Json/12.0.1":{}}}`,
		"vendor/composer/installed.json":    `[{"name":"A/B","version":"v1"}]`,
		"META-INF/maven/g/a/pom.properties": "groupId=org.g\nartifactId=a\nversion=1\n",
		"go.mod":                            "module m\n\nrequire github.com/BurntSushi/toml v0.3.1\n",
		"Cargo.lock":                        "[[package]]\nname = \"time\"\nversion = \"0.1.0\"\nsource = \"registry+x\"\n",
	})
	want := map[string]string{
		"npm": "pkg:npm/%40a/b@1.0.0%2Bx", "PyPI": "pkg:pypi/a-b@1!2", "RubyGems": "pkg:gem/rack@1",
		"NuGet": "pkg:nuget/Newtonsoft.Json@12.0.1", "Packagist": "pkg:composer/a/b@v1", "Maven": "pkg:maven/org.g/a@1",
		"Go": "pkg:golang/github.com/burntsushi/toml@0.3.1", "crates.io": "pkg:cargo/time@0.1.0",
	}
	if len(inventory.Packages) != len(want) {
		t.Errorf("got %d packages, want %d: %q", len(inventory.Packages), len(want), describe(inventory))
	}
	for _, p := range inventory.Packages {
		if p.PURL != want[p.Ecosystem] {
			t.Errorf("purl of %s %s is %q, want %q", p.Ecosystem, p.Name, p.PURL, want[p.Ecosystem])
		}
		if p.Origin != audit.OriginOwn {
			t.Errorf("origin of %s is %q, want own", p.Name, p.Origin)
		}
	}
}
