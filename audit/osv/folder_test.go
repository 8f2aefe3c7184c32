package osv

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// archiveOf packs records, by name, into the bytes of a zip.
func archiveOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for name, content := range files {
		entry, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

const thingRecord = `{"id":"GHSA-1","modified":"2024-02-03T04:05:06Z","affected":[{"package":{"ecosystem":"npm","name":"thing"},"versions":["1.0.0"]}]}`

func lookup1(t testing.TB, s Source, packages ...audit.Package) Answer {
	t.Helper()
	answer, err := s.Lookup(context.Background(), packages)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func candidateIDs(a Answer, i int) []string {
	var ids []string
	for _, c := range a.Candidates[i] {
		ids = append(ids, c.Record.ID)
	}
	return ids
}

func TestOpenFolderErrors(t *testing.T) {
	if _, err := OpenFolder(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v, want fs.ErrNotExist", err)
	}
	for name, dir := range map[string]string{
		"empty":              t.TempDir(),
		"no records":         folderOf(t, map[string]string{"npm/README.md": "x", "all.zip": "x"}),
		"records at the top": folderOf(t, map[string]string{"GHSA-1.json": thingRecord}),
	} {
		_, err := OpenFolder(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "<Ecosystem>/all.zip") {
			t.Errorf("%s: %v, want an error that tells the layout", name, err)
		}
	}
}

func TestFolderLookup(t *testing.T) {
	packed := string(archiveOf(t, map[string]string{
		"GHSA-1.json": thingRecord,
		"GHSA-2.json": `{"id":"GHSA-2","withdrawn":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"thing"}}]}`,
		"GHSA-3.json": `{"id":"GHSA-3","modified":"0001-01-01T00:00:00Z","published":"2024-05-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"other"}}]}`,
		"notes.txt":   `"name":"thing"`,
	}))
	dir := folderOf(t, map[string]string{
		"npm/all.zip":     packed,
		"npm/GHSA-4.json": `{"id":"GHSA-4","new_field":{"x":1},"affected":[{"package":{"ecosystem":"npm","name":"thing"},"ranges":[{"type":"NEW","events":[{"new":"1"}]}]}]}`,
		"PyPI/P-1.json":   `{"id":"P-1","modified":"2025-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"Thing.One"}}]}`,
		"Debian/D-1.json": `{"id":"D-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Debian:12","name":"curl"}}]}`,
	})
	source := open(t, dir)
	answer := lookup1(t, source, pkg(npm, "thing", "1.0.0"), pkg(pypi, "thing_one", "1"), pkg(maven, "g:a", "1"),
		pkg(npm, "thing", "2.0.0"), pkg("Debian:12", "curl", "1"), pkg(npm, "unknown", "1.0.0"))
	want := [][]string{{"GHSA-1", "GHSA-4"}, {"P-1"}, nil, {"GHSA-1", "GHSA-4"}, {"D-1"}, nil}
	for i := range want {
		if got := candidateIDs(answer, i); !slices.Equal(got, want[i]) {
			t.Errorf("package %d: %q, want %q", i, got, want[i])
		}
	}
	if len(answer.Problems) != 1 || answer.Problems[0].Reason != fmt.Sprintf("no advisories for ecosystem %q in %q", maven, dir) {
		t.Errorf("problems: %+v", answer.Problems)
	}
	a := answer.Advisories
	if a.Source != dir || !a.Named || a.Live || !a.Date.Equal(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the date must be that of the oldest ecosystem: %+v", a)
	}
	if again := lookup1(t, source, pkg(npm, "x", "1"), pkg(pypi, "x", "1"), pkg("Debian:12", "x", "1")); again.Advisories.Digest != a.Digest ||
		!strings.HasPrefix(a.Digest, "sha256:") || len(a.Digest) != 71 {
		t.Errorf("digest %q, then %q", a.Digest, again.Advisories.Digest)
	}
	if err := os.WriteFile(filepath.Join(dir, "npm", "GHSA-4.json"), []byte(thingRecord), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed := lookup1(t, source, pkg(npm, "x", "1"), pkg(pypi, "x", "1"), pkg("Debian:12", "x", "1")); changed.Advisories.Digest == a.Digest {
		t.Error("the digest does not tell that a record changed")
	}
}

func TestFolderUnreadableRecords(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"npm/good.json":      thingRecord,
		"npm/type.json":      `{"id":"B-1","aliases":7,"affected":[{"package":{"ecosystem":"npm","name":"thing"}}]}`,
		"npm/noid.json":      `{"affected":[{"package":{"ecosystem":"npm","name":"thing"}}]}`,
		"npm/cut.json":       `{"id":"B-2","affected":[{"package":{"ecosystem":"npm","na`,
		"npm/cutbefore.json": `{"id":"B-3",`,
		"npm/empty.json":     ``,
		"npm/other.json":     `{"id":"B-4","aliases":7,"affected":[{"package":{"ecosystem":"npm","name":"other"}}]}`,
	})
	answer := lookup1(t, open(t, dir), pkg(npm, "thing", "1.0.0"))
	if got := candidateIDs(answer, 0); !slices.Equal(got, []string{"GHSA-1"}) {
		t.Errorf("candidates %q", got)
	}
	var named []string
	for _, p := range answer.Problems {
		for _, name := range []string{"type", "noid", "cut", "cutbefore", "empty", "other"} {
			if strings.Contains(p.Reason, "/"+name+".json") {
				named = append(named, name)
			}
		}
	}
	slices.Sort(named)
	if want := []string{"cut", "cutbefore", "empty", "noid", "type"}; !slices.Equal(named, want) {
		t.Errorf("problems name %q, want %q: %+v", named, want, answer.Problems)
	}
}

func TestFolderBrokenArchives(t *testing.T) {
	whole := archiveOf(t, map[string]string{"GHSA-1.json": thingRecord})
	flipped := bytes.Clone(whole)
	flipped[45] ^= 0xff // inside the compressed record
	for name, data := range map[string][]byte{
		"truncated": whole[:len(whole)-30], "no zip": []byte("<html>"), "empty": nil, "flipped": flipped,
		"too large": archiveOf(t, map[string]string{"GHSA-1.json": strings.Repeat(" ", maxRecord+1)}),
	} {
		t.Run(name, func(t *testing.T) {
			source := open(t, folderOf(t, map[string]string{"npm/all.zip": string(data)}))
			_, err := source.Lookup(context.Background(), []audit.Package{pkg(npm, "thing", "1.0.0")})
			if err == nil || !strings.Contains(err.Error(), filepath.Join("npm", "all.zip")) {
				t.Errorf("error %v, want one that names the file", err)
			}
			// Another ecosystem's data are not the package's concern.
			answer := lookup1(t, source, pkg(pypi, "thing", "1.0.0"))
			if len(answer.Problems) != 1 {
				t.Errorf("problems: %+v", answer.Problems)
			}
		})
	}
}

func TestFolderGone(t *testing.T) {
	dir := folderOf(t, map[string]string{"npm/GHSA-1.json": thingRecord})
	source := open(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Lookup(context.Background(), []audit.Package{pkg(npm, "thing", "1.0.0")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}

func TestFolderCancelled(t *testing.T) {
	cause := errors.New("the user pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	source := open(t, folderOf(t, map[string]string{"npm/all.zip": string(archiveOf(t, map[string]string{"GHSA-1.json": thingRecord}))}))
	if _, err := source.Lookup(ctx, []audit.Package{pkg(npm, "thing", "1.0.0")}); !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
}

func TestSkim(t *testing.T) {
	tests := []struct {
		base, text string
		want       bool
	}{
		{npm, `{"affected":[{"package":{"name":"thing"}}]}`, true},
		{npm, `{"name" : "thing"}`, true},
		{npm, "\n{\"name\"\t:\n\"thing\"}\n", true},
		{npm, `{"\u006eame":"thing"}`, true},
		{npm, `{"NAME":"thing"}`, true},
		{npm, `{"name":"t\u0068ing"}`, true},
		{npm, `{"name":"@scope\/thing"}`, true},
		{npm, `{"name":"@scope/thing"}`, true},
		{npm, `{"name":"Thing"}`, false},
		{npm, `{"name":"thing2"}`, false},
		{npm, `{"thing":"name"}`, false},
		{npm, `{"summary":"thing","details":"\"name\":\"thing\""}`, false},
		{npm, `{"details":"ends with a backslash \\","name":"thing"}`, true},
		{npm, `{"details":"ends with a backslash \\\\","name":"other"}`, false},
		{npm, `{"details":"an escaped quote \\\"","name":"thing"}`, true},
		{npm, `{"name":"unterminated}`, true},
		{npm, `{"id":"cut off"`, true},
		{npm, `[]`, true},
		{npm, ``, true},
		{npm, "{\"name\":\"bad \xff byte\"}", true},
		{npm, `{"name":"bad \escape"}`, true},
		{pypi, `{"name":"The.THING_one"}`, true},
		{pypi, `{"name":"thethingone"}`, false},
		{nuget, `{"name":"Thing"}`, true},
	}
	for _, tt := range tests {
		wanted := map[string]bool{"thing": true, "@scope/thing": true, "the-thing-one": true}
		s := skimmer{base: tt.base, wanted: wanted}
		if got := s.skim([]byte(tt.text)); got != tt.want {
			t.Errorf("%s %s: %v, want %v", tt.base, tt.text, got, tt.want)
		}
	}
}

func TestSkimDate(t *testing.T) {
	var unknown skimmer
	unknown.skim([]byte(`{"modified":"0001-01-02T00:00:00Z"}`))
	if !unknown.newestTime.IsZero() {
		t.Errorf("newest %v, want none", unknown.newestTime)
	}
	var s skimmer
	for _, text := range []string{
		`{"modified":"2021-01-01T00:00:00Z","published":"2020-01-01T00:00:00Z"}`,
		`{"modified":"0001-01-01T00:00:00Z","published":"2023-04-05T06:07:08.123456Z"}`,
		`{"modified":"zzz"}`, `{"modified":12}`, `{"withdrawn":"2029-01-01T00:00:00Z"}`,
	} {
		s.skim([]byte(text))
	}
	if want := time.Date(2023, 4, 5, 6, 7, 8, 123456000, time.UTC); !s.newestTime.Equal(want) {
		t.Errorf("newest %v, want %v", s.newestTime, want)
	}
}
