package artifact_test

import (
	"archive/tar"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// offers walks an image and says "path@layer" or "path@layer hidden by layer"
// for each file, layers by number, and the problems.
func offers(t *testing.T, a audit.Artifact) (files, problems []string) {
	t.Helper()
	numbers := map[string]int{}
	for _, l := range a.(audit.ImageArtifact).Image().Layers {
		numbers[l.DiffID] = l.Number
	}
	var mu sync.Mutex
	err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
		info := f.Info()
		line := fmt.Sprintf("%s@%d", info.Path, numbers[info.Layer])
		if info.HiddenBy != "" {
			line += fmt.Sprintf(" hidden by %d", numbers[info.HiddenBy])
		}
		mu.Lock()
		defer mu.Unlock()
		files = append(files, line)
		return nil
	}, func(p audit.Problem) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, strings.TrimSpace(p.Path+" "+p.Reason))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	slices.Sort(problems)
	return files, problems
}

// final lists the paths of the final file system.
func final(t *testing.T, a audit.Artifact) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(a.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

type files = map[string]string

func TestWhiteouts(t *testing.T) {
	file := func(name string) audittest.TarEntry { return audittest.FileEntry(name, "new "+name, 0o644) }
	for _, test := range []struct {
		name   string
		layers []audittest.Step // lowest first
		want   []string
		final  []string
	}{
		{"a deleted file", []audittest.Step{{Files: files{"a": "1", "b": "2"}}, {Files: files{".wh.a": ""}}},
			[]string{"a@1 hidden by 2", "b@1"}, []string{"b"}},
		{"a deleted folder", []audittest.Step{{Files: files{"d/x/y": "1", "dx": "2"}}, {Files: files{".wh.d": ""}}},
			[]string{"d/x/y@1 hidden by 2", "dx@1"}, []string{"dx"}},
		{"deleted and made again", []audittest.Step{{Files: files{"a": "1"}}, {Files: files{".wh.a": ""}}, {Files: files{"a": "3"}}},
			[]string{"a@1 hidden by 2", "a@3"}, []string{"a"}},
		{"deleted twice", []audittest.Step{{Files: files{"a": "1"}}, {Files: files{".wh.a": ""}}, {Files: files{".wh.a": "", "b": "3"}}},
			[]string{"a@1 hidden by 2", "b@3"}, []string{"b"}},
		{"replaced twice", []audittest.Step{{Files: files{"a": "1"}}, {Files: files{"a": "2"}}, {Files: files{"a": "3"}}},
			[]string{"a@1 hidden by 2", "a@2 hidden by 3", "a@3"}, []string{"a"}},
		{"an opaque folder", []audittest.Step{{Files: files{"d/a": "1", "d/b/c": "1", "e": "1"}}, {Files: files{"d/.wh..wh..opq": "", "d/a": "2"}}},
			[]string{"d/a@1 hidden by 2", "d/a@2", "d/b/c@1 hidden by 2", "e@1"}, []string{"d/a", "e"}},
		{"an opaque root", []audittest.Step{{Files: files{"a": "1"}}, {Files: files{".wh..wh..opq": "", "b": "2"}}},
			[]string{"a@1 hidden by 2", "b@2"}, []string{"b"}},
		{"a folder replaces a file", []audittest.Step{{Files: files{"a": "1"}}, {Files: files{"a/b": "2"}}},
			[]string{"a/b@2", "a@1 hidden by 2"}, []string{"a/b"}},
		{"an empty folder replaces a file", []audittest.Step{{Files: files{"a": "1", "b": "1"}}, {Files: files{"a/": ""}}},
			[]string{"a@1 hidden by 2", "b@1"}, []string{"b"}},
		{"a file replaces a folder", []audittest.Step{{Files: files{"a/b": "1", "a/c/d": "1"}}, {Files: files{"a": "2"}}},
			[]string{"a/b@1 hidden by 2", "a/c/d@1 hidden by 2", "a@2"}, []string{"a"}},
		{"a link replaces a folder", []audittest.Step{{Files: files{"a/b": "1"}}, {Entries: []audittest.TarEntry{audittest.Symlink("a", "c")}}},
			[]string{"a/b@1 hidden by 2"}, []string{"a"}},
		{"folders are merged", []audittest.Step{{Files: files{"d/": "", "d/a": "1"}}, {Files: files{"d/": "", "d/b": "2"}}},
			[]string{"d/a@1", "d/b@2"}, []string{"d/a", "d/b"}},
		{"a whiteout is not for its own layer", []audittest.Step{{Files: files{"a": "1"}}, {Files: files{".wh.a": ""}, Entries: []audittest.TarEntry{file("a")}}},
			[]string{"a@1 hidden by 2", "a@2"}, []string{"a"}},
		{"a whiteout after its file", []audittest.Step{{Entries: []audittest.TarEntry{file("a"), file(".wh.b")}}},
			[]string{".wh.b@1 hidden by 1", "a@1"}, []string{"a"}},
		{"an AUFS left-over", []audittest.Step{{Entries: []audittest.TarEntry{file("a"), file(".wh..wh.aufs")}}},
			[]string{".wh..wh.aufs@1 hidden by 1", "a@1"}, []string{"a"}},
		{"below a deleted folder that is made again", []audittest.Step{{Files: files{"d/a": "1"}}, {Files: files{".wh.d": ""}}, {Files: files{"d/b": "3"}}},
			[]string{"d/a@1 hidden by 2", "d/b@3"}, []string{"d/b"}},
		{"deleted by its folder above", []audittest.Step{{Files: files{"d/a": "1"}}, {Files: files{"d/a": "2"}}, {Files: files{".wh.d": ""}, Entries: []audittest.TarEntry{file("z")}}},
			[]string{"d/a@1 hidden by 2", "d/a@2 hidden by 3", "z@3"}, []string{"z"}},
		{"other spellings of names", []audittest.Step{{Files: files{"./a": "1", "/b": "1"}}, {Files: files{"./.wh.a": "", "/c//d": "2"}}},
			[]string{"a@1 hidden by 2", "b@1", "c/d@2"}, []string{"b", "c/d"}},
		{"a nested archive of a deleted file", []audittest.Step{{Files: files{"a.zip": string(audittest.ZipBytes(t, audittest.Entry{Name: "x", Content: "y"}))}}, {Files: files{".wh.a.zip": ""}}},
			[]string{"a.zip!/x@1 hidden by 2", "a.zip@1 hidden by 2"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := audittest.OpenPath(t, audittest.Image{Steps: test.layers}.Build(t).OCIFolder(t))
			got, problems := offers(t, a)
			if !slices.Equal(got, test.want) || len(problems) > 0 {
				t.Errorf("offered %q, want %q; problems %q", got, test.want, problems)
			}
			if got := final(t, a); !slices.Equal(got, test.final) {
				t.Errorf("final file system %q, want %q", got, test.final)
			}
		})
	}
}

func TestImageLinks(t *testing.T) {
	link, hard := audittest.Symlink, audittest.HardLink
	for _, test := range []struct {
		name     string
		layers   []audittest.Step
		want     []string
		problems []string
		reads    map[string]string // of the final file system
	}{
		{"hard link", []audittest.Step{{Files: files{"a": "one"}, Entries: []audittest.TarEntry{hard("b", "a"), hard("c", "/b")}}},
			[]string{"a@1"}, nil, files{"a": "one", "b": "one", "c": "one"}},
		{"hard link to a lower layer", []audittest.Step{{Files: files{"a": "one"}}, {Entries: []audittest.TarEntry{hard("b", "a")}}},
			[]string{"a@1"}, nil, files{"a": "one", "b": "one"}},
		{"hard link that outlives its file", []audittest.Step{{Files: files{"a": "one", "x": "y"}, Entries: []audittest.TarEntry{hard("b", "a"), hard("c", "a")}}, {Files: files{".wh.a": ""}}},
			[]string{"a@1 hidden by 2", "b@1", "x@1"}, nil, files{"b": "one", "c": "one"}},
		{"hard link to a lower layer that outlives its file", []audittest.Step{{Files: files{"a": "one"}}, {Files: files{".wh.a": ""}, Entries: []audittest.TarEntry{hard("b", "a")}}},
			[]string{"a@1"}, nil, files{"b": "one"}},
		{"hard link that is deleted", []audittest.Step{{Files: files{"a": "one"}, Entries: []audittest.TarEntry{hard("b", "a")}}, {Files: files{".wh.a": "", ".wh.b": ""}}},
			[]string{"a@1 hidden by 2"}, nil, nil},
		{"hard link to nowhere", []audittest.Step{{Files: files{"a": "one"}, Entries: []audittest.TarEntry{hard("b", "no/such"), hard("c", "../../etc/shadow"), hard("d", "/")}}},
			[]string{"a@1"}, []string{
				`b is a hard link to "no/such", which no layer has`, `c is a hard link to "../../etc/shadow", which is no file of the image`,
				`d is a hard link to "/", which is no file of the image`}, nil},
		{"symbolic links", []audittest.Step{{Files: files{"usr/lib/a": "one"}, Entries: []audittest.TarEntry{
			link("lib", "usr/lib"), link("abs", "/lib/a"), link("up", "../../../lib/a"), link("loop", "loop"), link("none", "/proc/mounts")}}},
			[]string{"usr/lib/a@1"}, nil, files{"lib/a": "one", "abs": "one", "up": "one"}},
		{"link of a lower layer under a folder", []audittest.Step{{Files: files{"usr/lib/a": "1"}, Entries: []audittest.TarEntry{link("lib", "usr/lib")}}, {Files: files{"lib/b": "2"}}},
			[]string{"lib/b@2", "usr/lib/a@1"}, nil, files{"lib/b": "2"}},
		{"kept files", []audittest.Step{{Files: files{"usr/lib/os-release": "ID=x\n"}, Entries: []audittest.TarEntry{link("etc/os-release", "../usr/lib/os-release")}}},
			[]string{"usr/lib/os-release@1"}, nil, files{"etc/os-release": "ID=x\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := audittest.OpenPath(t, audittest.Image{Steps: test.layers}.Build(t).OCIFolder(t))
			got, problems := offers(t, a)
			if !slices.Equal(got, test.want) || !slices.Equal(problems, test.problems) {
				t.Errorf("offered %q, want %q; problems %q, want %q", got, test.want, problems, test.problems)
			}
			for name, content := range test.reads {
				if data, err := fs.ReadFile(a.FS(), name); err != nil || string(data) != content {
					t.Errorf("%s: %q, %v, want %q", name, data, err, content)
				}
			}
			for _, name := range []string{"loop", "none", "etc/shadow", "proc/mounts"} {
				if _, err := fs.Stat(a.FS(), name); err == nil {
					t.Errorf("%s is there", name)
				}
			}
		})
	}
}

func TestImageOddEntries(t *testing.T) {
	file := func(name string) audittest.TarEntry { return audittest.FileEntry(name, "x", 0o644) }
	long := strings.Repeat("d/", 3000) + "x"
	for _, test := range []struct {
		name    string
		entries []audittest.TarEntry
		want    string // of the problem
	}{
		{"traversal", []audittest.TarEntry{file("../../etc/passwd")}, `its name "../../etc/passwd" leads outside the image`},
		{"absolute traversal", []audittest.TarEntry{file("/../x")}, `its name "/../x" leads outside the image`},
		{"long name", []audittest.TarEntry{file(long)}, `limits.path-bytes in the policy`},
		{"whiteout of nothing", []audittest.TarEntry{file("a/.wh.")}, `a/.wh. is a whiteout that names no file`},
		{"whiteout of the parent", []audittest.TarEntry{file("a/.wh...")}, `a/.wh... is a whiteout that names no file`},
		{"file and folder", []audittest.TarEntry{file("a"), file("a/b")}, `a/b lies in what is no folder in layer 1`},
		{"folder and file", []audittest.TarEntry{file("a/b"), file("a")}, `a is both a file and a folder in layer 1`},
		{"unknown type", []audittest.TarEntry{{Header: tar.Header{Name: "odd", Typeflag: 'Z'}}}, `odd is a tar entry of the unknown type 'Z'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			entries := append([]audittest.TarEntry{file("fine")}, test.entries...)
			a := audittest.OpenPath(t, audittest.Image{Steps: []audittest.Step{{Entries: entries}}}.Build(t).OCIFolder(t))
			got, problems := offers(t, a)
			if len(problems) != 1 || !strings.Contains(problems[0], test.want) {
				t.Errorf("problems %q, want one with %q", problems, test.want)
			}
			if !slices.Contains(got, "fine@1") || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "..") }) {
				t.Errorf("offered %q", got)
			}
		})
	}
}

// The layers of a base image are told from the user's own by the history.
func TestImageOrigin(t *testing.T) {
	layer := func(by string) audittest.Step {
		return audittest.Step{CreatedBy: by, Files: files{strings.Fields(by)[1]: by}}
	}
	only := func(by string) audittest.Step { return audittest.Step{CreatedBy: by} }
	for _, test := range []struct {
		name  string
		steps []audittest.Step
		base  int
	}{
		{"no base", []audittest.Step{layer("COPY a"), only("CMD [\"a\"]")}, 0},
		{"BuildKit", []audittest.Step{layer("ADD rootfs"), only(`CMD ["bash"]`), layer("RUN b"), layer("COPY c"), only(`CMD ["c"]`)}, 1},
		{"classic builder", []audittest.Step{layer("/bin/sh -c #(nop) ADD x"), only(`/bin/sh -c #(nop)  CMD ["bash"]`), {CreatedBy: "/bin/sh -c b", Files: files{"b": ""}}}, 1},
		{"a base on a base", []audittest.Step{layer("ADD rootfs"), only(`CMD ["bash"]`), layer("RUN python"), only(`CMD ["python3"]`), layer("COPY app")}, 2},
		{"Lambda", []audittest.Step{layer("ADD a"), layer("ADD b"), only(`ENTRYPOINT ["/lambda-entrypoint.sh"]`), layer("RUN pip"), only(`CMD ["app.handler"]`), layer("COPY app")}, 2},
		{"an entry point of the user's", []audittest.Step{layer("ADD rootfs"), only(`CMD ["bash"]`), layer("RUN b"), only(`ENTRYPOINT ["/b"]`), layer("COPY c")}, 1},
		{"a history with too many steps", []audittest.Step{layer("ADD rootfs"), only(`CMD ["bash"]`), layer("RUN b")}, 0},
		{"none", nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := audittest.Image{Steps: test.steps}
			if test.steps == nil {
				spec = audittest.Image{Steps: []audittest.Step{layer("ADD a")}, NoHistory: true}
			}
			built := spec.Build(t)
			if strings.Contains(test.name, "too many") {
				built.Config.History[1].EmptyLayer = false
				built.Seal(t)
			}
			a := audittest.OpenPath(t, built.OCIFolder(t))
			origin := map[string]audit.Origin{}
			base := 0
			for _, l := range a.(audit.ImageArtifact).Image().Layers {
				origin[l.DiffID] = l.Origin
				if l.Origin == audit.OriginBase {
					base++
				}
			}
			if base != test.base {
				t.Errorf("%d base layers, want %d", base, test.base)
			}
			err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
				if info := f.Info(); info.Origin != origin[info.Layer] {
					t.Errorf("%s is %q", info.Path, info.Origin)
				}
				return nil
			}, func(p audit.Problem) { t.Errorf("problem %+v", p) })
			if err != nil {
				t.Error(err)
			}
		})
	}
}
