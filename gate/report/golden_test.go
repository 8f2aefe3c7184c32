package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/lambdagate/lambdagate/gate/report"
)

const goldenDir = "../../testdata/golden/report"

var update = flag.Bool("update", false, "write the golden files anew")

// renderings are the ways in which each golden report is shown.
func renderings() map[string]struct {
	format  string
	options report.Options
} {
	type rendering = struct {
		format  string
		options report.Options
	}
	return map[string]rendering{
		".json":      {"json", report.Options{}},
		".txt":       {"text", report.Options{WaiveCommand: true}},
		".color.txt": {"text", report.Options{WaiveCommand: true, Color: true}},
		".quiet.txt": {"text", report.Options{Quiet: true, WaiveCommand: true}},
	}
}

func TestGolden(t *testing.T) {
	for name, r := range fixtures(t) {
		for suffix, how := range renderings() {
			t.Run(name+suffix, func(t *testing.T) {
				got := render(t, r, how.format, how.options)
				file := filepath.Join(goldenDir, name+suffix)
				if *update {
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				same(t, got, read(t, file))
			})
		}
	}
}

// A saved report renders to every format, itself included, as the live one
// did.
func TestGoldenReadBack(t *testing.T) {
	for name := range fixtures(t) {
		saved := read(t, filepath.Join(goldenDir, name+".json"))
		r, err := report.ReadJSON(bytes.NewReader(saved))
		if err != nil {
			t.Fatal(err)
		}
		for suffix, how := range renderings() {
			t.Run(name+suffix, func(t *testing.T) {
				same(t, render(t, r, how.format, how.options), read(t, filepath.Join(goldenDir, name+suffix)))
			})
		}
	}
}

func render(t testing.TB, r report.Report, format string, o report.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
