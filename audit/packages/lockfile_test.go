package packages_test

import (
	"strings"
	"testing"
)

func TestLockfiles(t *testing.T) {
	for _, c := range []struct {
		name, file, content string
		want                []string
	}{
		{"npm 7 and later", "package-lock.json", `{"name": "own", "lockfileVersion": 3, "packages": {
"": {"name": "own", "version": "1.0.0"},
"node_modules/lodash": {"version": "4.17.15"},
"node_modules/a/node_modules/@s/b": {"version": "1.0.0", "resolved": "https://registry.example/b.tgz"},
"node_modules/alias": {"name": "real", "version": "2.0.0", "devOptional": true},
"node_modules/jest": {"version": "1.0.0", "dev": true},
"node_modules/linked": {"resolved": "packages/linked", "link": true},
"packages/linked": {"version": "9.9.9"},
"node_modules/tarball": {"version": "1.0.0", "resolved": "file:tarball.tgz"}}}`, []string{
			"npm @s/b@1.0.0 lockfile package-lock.json:4",
			"npm lodash@4.17.15 lockfile package-lock.json:3",
			"npm real@2.0.0 lockfile package-lock.json:5",
		}},
		{"npm 6", "npm-shrinkwrap.json", `{"dependencies": {
"a": {"version": "1.0.0", "dependencies": {
"b": {"version": "2.0.0"}}},
"c": {"version": "npm:@s/real@3.0.0"},
"d": {"version": "file:../d"},
"e": {"version": "git+ssh://git@github.com/x/e.git#0123456789012345678901234567890123456789"},
"f": {"version": "1.0.0", "dev": true}}}`, []string{
			"npm @s/real@3.0.0 lockfile npm-shrinkwrap.json:4",
			"npm a@1.0.0 lockfile npm-shrinkwrap.json:2",
			"npm b@2.0.0 lockfile npm-shrinkwrap.json:3",
		}},
		{"yarn 1", "yarn.lock", "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\":\n  version \"1.0.1\"\n\nlodash@^4.0.0, lodash@^4.17.0:\n  version \"4.17.15\"\n\n\"part@file:./part\":\n  version \"1.0.0\"\n", []string{
			"npm @s/a@1.0.1 lockfile yarn.lock:4",
			"npm lodash@4.17.15 lockfile yarn.lock:7",
		}},
		{"yarn 2 and later", "yarn.lock", "__metadata:\n  version: 6\n\n\"lodash@npm:^4.0.0\":\n  version: 4.17.15\n  resolution: \"lodash@npm:4.17.15\"\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n\n\"part@workspace:part\":\n  version: 0.0.0-use.local\n", []string{
			"npm lodash@4.17.15 lockfile yarn.lock:4",
		}},
		{"pnpm 6", "pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /lodash@4.17.15:\n    dev: false\n  /@s/b@1.0.0(react@18.0.0):\n    dev: false\n  /jest@1.0.0:\n    dev: true\n", []string{
			"npm @s/b@1.0.0 lockfile pnpm-lock.yaml:5",
			"npm lodash@4.17.15 lockfile pnpm-lock.yaml:3",
		}},
		{"pnpm 9", "pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  lodash@4.17.15:\n    resolution: {integrity: x}\n  part@file:part:\n    resolution: {directory: part}\n", []string{
			"npm lodash@4.17.15 lockfile pnpm-lock.yaml:3",
		}},
		{"bun", "bun.lock", "{\n// a comment\n\"packages\": {\n\"lodash\": [\"lodash@4.17.15\", \"\", {}, \"sha512-x\"],\n\"alias\": [\"@s/b@1.0.0\"],\n\"part\": [\"part@workspace:part\"],\n\"git\": [\"git@github:x/git#abc\"],\n\"odd\": [],\n},\n}", []string{
			"npm @s/b@1.0.0 lockfile bun.lock:5",
			"npm lodash@4.17.15 lockfile bun.lock:4",
		}},
		{"requirements", "requirements.txt", "# pinned\nFlask[async]==1.0 ; python_version > '3'\nrequests>=2\nurllib3\nsix==1.*\na_b===1.0 \\\n  --hash=sha256:0\nc @ https://example.com/c.whl\n", []string{
			"PyPI a-b@1.0 lockfile requirements.txt:6",
			"PyPI flask@1.0 lockfile requirements.txt:2",
		}},
		{"poetry", "poetry.lock", "[[package]]\nname = \"Flask\"\nversion = \"1.0\"\ngroups = [\"main\", \"dev\"]\n\n[[package]]\nname = \"pytest\"\nversion = \"7.0\"\ngroups = [\"test\"]\n\n[[package]]\nname = \"part\"\nversion = \"1.0\"\n\n[package.source]\ntype = \"directory\"\nurl = \"part\"\n\n[[package]]\nname = \"extra\"\nversion = \"1.0\"\noptional = true\n", []string{
			"PyPI extra@1.0 lockfile poetry.lock:20",
			"PyPI flask@1.0 lockfile poetry.lock:2",
		}},
		{"pipenv", "Pipfile.lock", "{\"default\": {\n\"flask\": {\"version\": \"==1.0\"},\n\"part\": {\"path\": \"part\"}},\n\"develop\": {\n\"pytest\": {\"version\": \"==7.0\"}}}", []string{
			"PyPI flask@1.0 lockfile Pipfile.lock:2",
		}},
		{"uv", "uv.lock", "version = 1\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\nsource = { editable = \".\" }\n\n[[package]]\nname = \"flask\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n", []string{
			"PyPI flask@1.0 lockfile uv.lock:9",
		}},
		{"pdm", "pdm.lock", "[[package]]\nname = \"flask\"\nversion = \"1.0\"\ngroups = [\"default\", \"dev\"]\n\n[[package]]\nname = \"pytest\"\nversion = \"7.0\"\ngroups = [\"dev\"]\n\n[[package]]\nname = \"part\"\nversion = \"1.0\"\npath = \"./part\"\n", []string{
			"PyPI flask@1.0 lockfile pdm.lock:2",
		}},
		{"pylock", "pylock.toml", "lock-version = \"1.0\"\n\n[[packages]]\nname = \"flask\"\nversion = \"1.0\"\n\n[[packages]]\nname = \"part\"\nversion = \"1.0\"\n\n[packages.directory]\npath = \"part\"\n", []string{
			"PyPI flask@1.0 lockfile pylock.toml:4",
		}},
		{"go", "go.mod", "module example.com/m\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/net v0.7.0\n\texample.com/part v1.0.0\n)\n\nreplace example.com/part => ./part\n", []string{
			"Go golang.org/x/net@0.7.0 lockfile go.mod:6",
		}},
		{"bundler", "Gemfile.lock", "PATH\n  remote: part\n  specs:\n    part (1.0)\n\nGEM\n  remote: https://gems.example/\n  specs:\n    nokogiri (1.13.0-x86_64-linux)\n    rack (2.2.3)\n", []string{
			"RubyGems nokogiri@1.13.0 lockfile Gemfile.lock:9",
			"RubyGems rack@2.2.3 lockfile Gemfile.lock:10",
		}},
		{"composer", "composer.lock", "{\"packages\": [\n{\"name\": \"a/b\", \"version\": \"v1.0.0\"}],\n\"packages-dev\": [{\"name\": \"c/d\", \"version\": \"1.0.0\"}]}", []string{
			"Packagist a/b@v1.0.0 lockfile composer.lock:2",
		}},
		{"cargo", "Cargo.lock", "version = 3\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"time\",\n]\n\n[[package]]\nname = \"time\"\nversion = \"0.1.43\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n", []string{
			"crates.io time@0.1.43 lockfile Cargo.lock:11",
		}},
		{"nuget", "packages.lock.json", "{\"version\": 1, \"dependencies\": {\"net8.0\": {\n\"Newtonsoft.Json\": {\"type\": \"Direct\", \"resolved\": \"12.0.1\"},\n\"part\": {\"type\": \"Project\"}}}}", []string{
			"NuGet Newtonsoft.Json@12.0.1 lockfile packages.lock.json:2",
		}},
		{"gradle", "gradle.lockfile", "# comment\norg.a:b:1.0=compileClasspath,testCompileClasspath\njunit:junit:4.12=testCompileClasspath,testRuntimeClasspath\nempty=annotationProcessor\n", []string{
			"Maven org.a:b@1.0 lockfile gradle.lockfile:2",
		}},
		{"maven", "pom.xml", "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent><artifactId>own</artifactId>\n<properties><v>1.2</v></properties>\n<dependencies>\n<dependency><groupId>org.a</groupId><artifactId>b</artifactId><version>${v}</version></dependency>\n<dependency><groupId>org.a</groupId><artifactId>unknown</artifactId><version>${w}</version></dependency>\n<dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope></dependency>\n</dependencies></project>", []string{
			"Maven org.a:b@1.2 lockfile pom.xml:4",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, collectFiles(t, map[string]string{c.file: c.content}), c.want...)
			// The same file further down describes somebody else's build.
			expect(t, collectFiles(t, map[string]string{"vendor/x/" + c.file: c.content}))
		})
	}
}

func TestRequirementsInclude(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"requirements.txt": "-r more/base.txt\n-r ../../etc/passwd\nflask==1.0\n",
		"more/base.txt":    "six==1.0\n-r ../requirements.txt\n",
	}), "PyPI flask@1.0 lockfile requirements.txt:3", "PyPI six@1.0 lockfile requirements.txt:1")
}

func TestShrinkwrapHidesPackageLock(t *testing.T) {
	expect(t, collectFiles(t, map[string]string{
		"package-lock.json":   `{"packages":{"node_modules/a":{"version":"1.0.0"}}}`,
		"npm-shrinkwrap.json": `{"packages":{"node_modules/a":{"version":"2.0.0"}}}`,
	}), "npm a@2.0.0 lockfile npm-shrinkwrap.json:1")
}

func TestUnreadableLockfiles(t *testing.T) {
	for _, c := range []struct{ name, file, content, words string }{
		{"not JSON", "package-lock.json", "{", "not valid JSON"},
		{"not an object", "package-lock.json", "[]", "not a JSON object"},
		{"deep JSON", "package-lock.json", strings.Repeat("[", 20_000), "exceeded max depth"},
		{"deep dependencies", "package-lock.json", strings.Repeat(`{"dependencies":{"a":`, 200) + "{}" + strings.Repeat("}}", 200), "deeper than"},
		{"bun, not an object", "bun.lock", "1", "not a JSON object"},
		{"pipenv, not JSON", "Pipfile.lock", "x", "not valid JSON"},
		{"nuget, not JSON", "packages.lock.json", "x", "not valid JSON"},
		{"not TOML", "poetry.lock", "[[package", "can't be parsed"},
		{"deep TOML", "uv.lock", "x = " + strings.Repeat("[", 2_000_000), "nests deeper"},
		{"deep TOML after strings", "poetry.lock", `a = """]"""""` + "\n" + `b = '''"''' # "` + "\n" + `c = "\"]"` + "\nx = " + strings.Repeat(`{a="}",b=[`, 60), "nests deeper"},
		{"not YAML", "pnpm-lock.yaml", "packages: [", "can't be parsed"},
		{"not a go.mod", "go.mod", "require (", "can't be parsed"},
		{"long line", "yarn.lock", "a@1:\n  version \"1\"\n" + strings.Repeat("x", 70_000) + "\n", "on line 3"},
		{"long line", "Gemfile.lock", strings.Repeat("x", 70_000), "on line 1"},
		{"too many keys", "pnpm-lock.yaml", strings.Repeat("a: 1\n", 100_001), "too large"},
		{"too large", "yarn.lock", strings.Repeat("a@1:\n", 2_000_000), "too large"},
		{"too large", "go.mod", strings.Repeat("//\n", 200_000), "too large"},
		{"too large", "pom.xml", strings.Repeat(" \n", 1_100_000), "too large"},
		{"too large", "requirements.txt", strings.Repeat("\\\n", 2_000_000), "too large"},
	} {
		t.Run(c.name+" "+c.file, func(t *testing.T) {
			expectProblem(t, collectFiles(t, map[string]string{c.file: c.content}), c.file, c.words)
		})
	}
}
