package packages

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/BurntSushi/toml"
	"github.com/package-url/packageurl-go"
)

// FuzzJSON runs every reader of JSON metadata: what they find stands in the
// file, and adding it keeps only what can be matched.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"name":"lodash","version":"4.17.15"}`,
		`{"packages":{"":{},"node_modules/@a/b":{"version":"1.0.0","dev":true},"node_modules/c":{"link":true}}}`,
		`{"dependencies":{"a":{"version":"npm:@a/b@1.0.0","dependencies":{"b":{"version":"2"}}}}}`,
		"{\"packages\":[\n{\"name\":\"A/B\",\"version\":\"v1\"}],\"packages-dev\":[{}]}",
		`[{"name":"a/b","version":"1","dist":{"type":"path"}}]`,
		`{"libraries":{"a/1":{"type":"project"},"runtimepack.b/2":{"type":"runtimepack"}}}`,
		`{"default":{"a":{"version":"==1"}},"develop":{"b":{"version":"==2"}}}`,
		"{// c\n\"packages\":{\"a\":[\"@a/b@1\",],},}",
		`{"dependencies":{"net8.0":{"a":{"resolved":"1"}}}}`,
		"\xef\xbb\xbf{}", `{"a":"\ud800"}`, strings.Repeat("[", 100),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, read := range []func([]byte) ([]sighting, error){
			readPackageJSON, readPackageLock, readComposer, readDepsJSON, readPipfileLock, readBunLock, readPackagesLock,
		} {
			found, err := read(bytes.Clone(data))
			if err != nil {
				continue
			}
			c := &collection{}
			c.add(found)
			for _, s := range c.sightings {
				if s.location.Line < 0 || s.location.Line > lines {
					t.Errorf("%q is on line %d of %d", s.name, s.location.Line, lines)
				}
				if s.ecosystem == "" || s.name == "" || s.version == "" || strings.Contains(s.version, "${") {
					t.Errorf("kept %+v, which can't be matched", s)
				}
			}
		}
	})
}

// FuzzText runs the readers of Maven's properties and jar manifests.
func FuzzText(f *testing.F) {
	f.Add([]byte("#Generated\nversion=1.0\ngroupId = a.b\nartifactId=c\n"))
	f.Add([]byte("Manifest-Version: 1.0\r\nImplementation-Vendor-Id: com.\r\n squareup\r\n\r\nName: x/\r\n"))
	f.Add([]byte(" folded\n"))
	f.Add([]byte("Name: " + strings.Repeat("x", 100_000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, ok := parsePomProperties(data); ok && (strings.Count(s.name, ":") != 1 || s.version == "") {
			t.Errorf("got %q %q, want group:artifact and a version", s.name, s.version)
		}
		manifest, err := unfoldManifest(data)
		if err != nil {
			return
		}
		if again, err := unfoldManifest(manifest); err != nil || !bytes.Equal(again, manifest) {
			t.Errorf("unfolding %q again gives %q, %v", manifest, again, err)
		}
		if _, err := lines(maxText)(manifest); err != nil {
			t.Errorf("unfolded manifest: %v", err)
		}
	})
}

// FuzzImage runs the readers of programs.
func FuzzImage(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 64) + "\xff Go buildinf:"))
	f.Add([]byte("MZ" + strings.Repeat("\x00", 128)))
	f.Add([]byte("\xcf\xfa\xed\xfe" + strings.Repeat("\x00", 128)))
	f.Add([]byte(`{"packages":[{"name":"time","version":"0.1.43","source":"crates.io"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if found, err := parseCrates(data); err != nil && found != nil {
			t.Errorf("got both %v and %v", found, err)
		}
		if !hasMagic(data) {
			return
		}
		open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		if _, err := readExecutable(bytes.NewReader(data), open); err != nil && !strings.HasPrefix(err.Error(), "is ") && !strings.HasPrefix(err.Error(), "has ") {
			t.Errorf("%q is no clause about the file", err)
		}
	})
}

// FuzzNames: normal names and versions are normal, purls can be parsed again,
// and comparing versions never crashes.
func FuzzNames(f *testing.F) {
	f.Add("Ruamel._yaml", "1!2.0+cpu", "1.0")
	f.Add("@a/b", "v1.0.0-rc.1", "=1")
	f.Add("github.com/BurntSushi/toml", "v0.0.0-20200101000000-abcdef+incompatible", "")
	f.Add("org.g:a", "${revision}", "1.0")
	f.Fuzz(func(t *testing.T, name, version, other string) {
		for _, ecosystem := range []string{
			ecosystemNPM, ecosystemPyPI, ecosystemGo, ecosystemMaven, ecosystemRubyGems, ecosystemNuGet, ecosystemPackagist, ecosystemCrates,
		} {
			s := sighting{ecosystem: ecosystem, name: normalName(ecosystem, name), version: normalVersion(ecosystem, version)}
			if again := normalName(ecosystem, s.name); again != s.name {
				t.Errorf("%s name %q becomes %q", ecosystem, s.name, again)
			}
			if !sameVersion(ecosystem, s.version, s.version) {
				t.Errorf("%s version %q differs from itself", ecosystem, s.version)
			}
			sameVersion(ecosystem, s.version, other)
			if plain(s.name) && plain(s.version) {
				if _, err := packageurl.FromString(purlOf(s)); err != nil {
					t.Errorf("purl %q of %q: %v", purlOf(s), s.name, err)
				}
			}
		}
	})
}

// plain is a name as registries allow them.
func plain(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.") == ""
}

// FuzzTOML compares the nesting seen before parsing with that of what the
// parser makes of a text.
func FuzzTOML(f *testing.F) {
	f.Add("a = [[1], [\"]\"], [ [ ] ] ] # [[")
	f.Add("[[package]]\na = '''[''']'''''\nb = \"\"\nc = \"\\\"[\"\nd = { e = [ { f = 1 } ] }\n")
	f.Add("a = \"\"\"\"\"[\"\"\"\"\"\nb = [\n'\\'\n]\n")
	f.Fuzz(func(t *testing.T, text string) {
		var v map[string]any
		if _, err := toml.Decode(text, &v); err != nil {
			return
		}
		if got, want := depthOfTOML([]byte(text)), arrays(v); got < want {
			t.Errorf("depth of %q is %d, but it has arrays %d deep", text, got, want)
		}
	})
}

// arrays says how many arrays lie in each other; those that [[name]] makes
// are of another type.
func arrays(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			deepest = max(deepest, arrays(member))
		}
	case []any:
		for _, element := range v {
			deepest = max(deepest, arrays(element))
		}
		deepest++
	}
	return deepest
}

// FuzzContains compares the search in a stream with that in memory.
func FuzzContains(f *testing.F) {
	f.Add([]byte(strings.Repeat("x", 600)+goMagic), true)
	f.Add([]byte("\xff Go \xff Go buildinf:"), false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, data []byte, slowly bool) {
		var r io.Reader = bytes.NewReader(data)
		if slowly {
			r = iotest.DataErrReader(iotest.HalfReader(r))
		}
		got, err := contains(r, goMagic)
		if want := bytes.Contains(data, []byte(goMagic)); got != want || err != nil {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}
