package gate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/gate"
)

const smallPolicy = "version: 1\nextends: baseline\n"

func mkdir(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(parts...), 0o755); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		files   []string // policies
		folders []string
		from    string
		avoid   []string
		want    string
		skipped []string
	}{
		"here":                   {files: []string{"r/lambdagate.yaml"}, folders: []string{"r/.git"}, from: "r", want: "r/lambdagate.yaml"},
		"above":                  {files: []string{"r/lambdagate.yaml"}, folders: []string{"r/.git", "r/a/b"}, from: "r/a/b", want: "r/lambdagate.yaml"},
		"nearest":                {files: []string{"r/lambdagate.yaml", "r/a/lambdagate.yaml"}, folders: []string{"r/.git", "r/a/b"}, from: "r/a/b", want: "r/a/lambdagate.yaml"},
		"not above the root":     {files: []string{"lambdagate.yaml"}, folders: []string{"r/.git", "r/a"}, from: "r/a"},
		"without a repository":   {files: []string{"lambdagate.yaml"}, folders: []string{"r/a"}, from: "r/a", want: "lambdagate.yaml"},
		"not another name":       {files: []string{"r/.lambdagate.yaml", "r/lambdagate.yml"}, folders: []string{"r/.git"}, from: "r"},
		"inside the artifact":    {files: []string{"r/dist/lambdagate.yaml", "r/lambdagate.yaml"}, folders: []string{"r/.git"}, from: "r/dist", avoid: []string{"r/dist"}, want: "r/lambdagate.yaml", skipped: []string{"r/dist/lambdagate.yaml"}},
		"git in the artifact":    {files: []string{"r/lambdagate.yaml"}, folders: []string{"r/.git", "r/dist/.git"}, from: "r/dist", avoid: []string{"r/dist"}, want: "r/lambdagate.yaml"},
		"avoided path not there": {files: []string{"r/lambdagate.yaml"}, folders: []string{"r/.git"}, from: "r", avoid: []string{"r/no"}, want: "r/lambdagate.yaml"},
		"beside, same beginning": {files: []string{"r/dist2/lambdagate.yaml"}, folders: []string{"r/.git", "r/dist"}, from: "r/dist2", avoid: []string{"r/dist"}, want: "r/dist2/lambdagate.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, nil)
			for _, f := range c.folders {
				mkdir(t, dir, f)
			}
			for _, f := range c.files {
				mkdir(t, dir, filepath.Dir(f))
				if err := os.WriteFile(filepath.Join(dir, f), []byte(smallPolicy), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			l := newLoader()
			for _, a := range c.avoid {
				l.Avoid = append(l.Avoid, filepath.Join(dir, a))
			}
			path, skipped, err := l.Find(filepath.Join(dir, c.from))
			if err != nil {
				t.Fatal(err)
			}
			if want := under(dir, c.want); path != want {
				t.Errorf("found %q, want %q", path, want)
			}
			if want := under(dir, c.skipped...); strings.Join(skipped, "|") != want {
				t.Errorf("skipped %q, want %q", skipped, want)
			}
		})
	}
}

// under joins paths under a folder; an empty path stays empty.
func under(dir string, paths ...string) string {
	var all []string
	for _, p := range paths {
		if p != "" {
			p = filepath.Join(dir, p)
		}
		all = append(all, p)
	}
	return strings.Join(all, "|")
}

func TestFindReturnsALinkThatLeadsNowhere(t *testing.T) {
	dir := write(t, nil)
	mkdir(t, dir, ".git")
	link(t, "gone.yaml", filepath.Join(dir, gate.FileName))
	path, _, err := newLoader().Find(dir)
	if err != nil || path != filepath.Join(dir, gate.FileName) {
		t.Fatalf("%q, %v", path, err)
	}
	if _, err := newLoader().Load(path); err == nil {
		t.Error("loaded")
	}
}

func TestLoadRefusesThePolicyOfAnArtifact(t *testing.T) {
	dir := write(t, map[string]string{
		"dist/p.yaml": smallPolicy, "out.yaml": smallPolicy, "on.yaml": "version: 1\nextends: dist/p.yaml\n", "f.zip": "x",
	})
	link(t, "dist", filepath.Join(dir, "linked"))                                // a folder that is the artifact
	link(t, "dist/p.yaml", filepath.Join(dir, "into.yaml"))                      // a link into it
	link(t, filepath.Join("..", "out.yaml"), filepath.Join(dir, "dist/l.yaml"))  // a link of the artifact's own
	link(t, filepath.Join("dist", "l.yaml"), filepath.Join(dir, "through.yaml")) // a link by way of that
	mkdir(t, dir, "dist", "sub")
	link(t, filepath.Join("dist", "sub"), filepath.Join(dir, "deep")) // "deep/.." is dist
	avoid := filepath.Join(dir, "dist")
	for _, name := range []string{"dist/p.yaml", "dist/../dist/p.yaml", "linked/p.yaml", "into.yaml", "dist/l.yaml", "on.yaml", "through.yaml", "deep/../p.yaml"} {
		l := newLoader()
		l.Avoid = []string{filepath.Join(dir, "f.zip"), avoid}
		file := dir + "/" + name
		_, err := l.Load(file)
		if err == nil || !strings.Contains(err.Error(), `lies inside the artifact "`+avoid+`"`) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l.Avoid[1] = filepath.Join(dir, "linked") // the same folder by another name
		if _, err := l.Load(file); err == nil {
			t.Errorf("%s: read from an artifact named by a link", name)
		}
		p, err := newLoader().Load(file)
		if err != nil {
			t.Fatal(err)
		}
		l.PinnedDigest = p.Digest
		if _, err := l.Load(file); err != nil {
			t.Errorf("%s, pinned: %v", name, err)
		}
	}
	l := newLoader()
	l.Avoid = []string{avoid}
	if _, err := l.Load(filepath.Join(dir, "out.yaml")); err != nil {
		t.Errorf("outside: %v", err)
	}
	l.Avoid = []string{filepath.Join(dir, "out.yaml")}
	if _, err := l.Load(filepath.Join(dir, "out.yaml")); err == nil {
		t.Error("a policy that is itself the artifact was read")
	}
	if names := []string{"baseline", "strict"}; slices.ContainsFunc(names, func(n string) bool { _, err := l.Load(n); return err != nil }) {
		t.Error("a built-in lies in no artifact")
	}
}
