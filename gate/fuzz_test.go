package gate_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/policies"
)

// seeds are policies of every way of writing.
func seeds(f *testing.F) []string {
	f.Helper()
	all := []string{
		fullPolicy, orgPolicy, smallPolicy, string(policies.Template()),
		"version: 1\nextends: baseline\nwaivers:\n" + there, "version: 1\nextends: baseline\nwaivers:\n" + indented("   ", there+added) + "# end\n",
		"{version: 1, extends: baseline, waivers: [" + flowThere + ", ]}", "version: 1\r\nwaivers: # none\r\nextends: baseline\r\n",
		"\ufeff---\nversion: 1\nextends: strict\nwaivers: [ ] # none\n...\n", "version: 1\nextends: baseline\ndescription: >+\n  a\n\n\n",
	}
	for _, name := range []string{"baseline.yaml", "strict.yaml"} {
		data, err := fs.ReadFile(policies.Files(), name)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, string(data))
	}
	return all
}

// FuzzLoad: loading never panics, every error is an Error, and what the loader
// accepts an editor with the schema accepts too.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	schema := resolveSchema(f)
	f.Fuzz(func(t *testing.T, content string) {
		// As a built-in the policy is read from memory and extends no file.
		builtIn := fstest.MapFS{"p.yaml": {Data: []byte(content)}}
		for _, name := range []string{"baseline.yaml", "strict.yaml"} {
			data, err := fs.ReadFile(policies.Files(), name)
			if err != nil {
				t.Fatal(err)
			}
			builtIn[name] = &fstest.MapFile{Data: data}
		}
		l := newLoader()
		l.BuiltIn = builtIn
		p, err := l.Load("p")
		if err != nil {
			if pe := (*gate.Error)(nil); !errors.As(err, &pe) {
				t.Fatalf("not an Error: %v", err)
			}
			return
		}
		if err := validate(schema, []byte(content)); err != nil {
			t.Errorf("the loader accepts what the schema does not: %v", err)
		}
		if v := gate.Decide(p, resultOf(), today()); v.Decision == gate.Block {
			t.Errorf("blocks without a finding: %+v", v)
		}
	})
}

// FuzzAppendWaiver: if the file loads and the waiver is taken, the file loads
// with exactly that waiver more, and what was there is there, byte by byte,
// around what was put in.
func FuzzAppendWaiver(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, "not reachable", "team@example.com")
		f.Add(s, "a: b # \"c\"\n", "- x")
	}
	f.Fuzz(func(t *testing.T, content, reason, owner string) {
		file := filepath.Join(t.TempDir(), gate.FileName)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		before, loadErr := newLoader().Load(file)
		w := newWaiver(t)
		w.Reason, w.Owner = reason, owner
		err := newLoader().AppendWaiver(file, w)
		now := read(t, file)
		if err != nil {
			if pe := (*gate.Error)(nil); !errors.As(err, &pe) || now != content {
				t.Fatalf("%v; the file is %q", err, now)
			}
			return
		}
		if loadErr != nil {
			t.Fatalf("added to a policy that does not load: %v", loadErr)
		}
		after, err := newLoader().Load(file)
		if err != nil || len(after.Waivers) != len(before.Waivers)+1 {
			t.Fatalf("%d waivers became %d: %v\n%q", len(before.Waivers), len(after.Waivers), err, now)
		}
		found := 0
		for _, got := range after.Waivers {
			if got.Fingerprint == w.Fingerprint && got.Reason == reason && got.Owner == owner && got.Expires.Equal(w.Expires) {
				found++
			}
		}
		if found != 1 || !insertedIn(content, now) {
			t.Errorf("%q\nbecame\n%q", content, now)
		}
	})
}

// insertedIn says whether now is old with one piece put in.
func insertedIn(old, now string) bool {
	head := 0
	for head < len(old) && old[head] == now[head] {
		head++
	}
	return strings.HasSuffix(now, old[head:])
}

// FuzzMatchGlob compares with the plainest way to match.
func FuzzMatchGlob(f *testing.F) {
	for _, c := range [][2]string{{"secret-*", "secret-aws"}, {"a?c", "aéc"}, {"*a*b*", "xxaxxbxx"}, {"??", "\xff\xc3"}, {"", ""}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 12 || len(s) > 16 {
			gate.MatchGlob(pattern, s)
			return
		}
		if got, want := gate.MatchGlob(pattern, s), plainMatch(pattern, s); got != want {
			t.Errorf("MatchGlob(%q, %q) = %v", pattern, s, got)
		}
	})
}

func plainMatch(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	first := ""
	for i := range s {
		if i > 0 {
			first = s[:i]
			break
		}
	}
	if first == "" {
		first = s
	}
	switch pattern[0] {
	case '*':
		return plainMatch(pattern[1:], s) || s != "" && plainMatch(pattern, s[len(first):])
	case '?':
		return s != "" && plainMatch(pattern[1:], s[len(first):])
	default:
		return s != "" && pattern[0] == s[0] && plainMatch(pattern[1:], s[1:])
	}
}
