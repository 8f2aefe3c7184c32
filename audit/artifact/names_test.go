package artifact

import (
	"path"
	"strings"
	"testing"
)

func FuzzCleanName(f *testing.F) {
	for _, name := range []string{"a/b", "./a//b/", "../a", `..\a`, `C:\a`, "./\\", `.//C:\a`, "/a", "a\x00", "a/../../b", "", "."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, refused := cleanName(raw, DefaultLimits())
		if refused != "" {
			if name != "" {
				t.Errorf("%q is refused and cleans to %q", raw, name)
			}
			return
		}
		slashed := path.Clean(strings.ReplaceAll(name, `\`, "/"))
		if name != path.Clean(name) || path.IsAbs(name) || strings.Contains(name, "\x00") ||
			slashed == ".." || strings.HasPrefix(slashed, "../") || strings.HasPrefix(slashed, "/") {
			t.Errorf("%q cleans to %q", raw, name)
		}
	})
}

func TestHasArchiveExtension(t *testing.T) {
	for name, want := range map[string]bool{
		"a.zip": true, "dir.zip/a": false, "A.JAR": true, "a.whl": true, "a.zip.txt": false, "zip": false, ".egg": true, "": false,
	} {
		if got := hasArchiveExtension(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

// However links lie, following them ends, and ends inside.
func FuzzFollow(f *testing.F) {
	f.Add("b", "../a", "/etc", "a/b/c")
	f.Add("a", ".", "/var/task/a", "c/../b")
	f.Fuzz(func(t *testing.T, toA, toB, toC, name string) {
		ix := &index{entries: []entry{
			{path: "a", link: true, target: toA}, {path: "d/b", link: true, target: toB}, {path: "e", link: true, target: toC},
		}}
		end, err := ix.follow(name)
		if err == nil && (end != strings.TrimPrefix(path.Clean("/"+end), "/") || end == ".." || strings.HasPrefix(end, "../")) {
			t.Errorf("%q leads to %q", name, end)
		}
	})
}
