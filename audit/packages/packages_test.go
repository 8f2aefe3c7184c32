package packages_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
	"github.com/lambdagate/lambdagate/audit/packages"
)

func TestMain(m *testing.M) {
	packages.SilenceLibraries()
	os.Exit(m.Run())
}

// probe is an inspector that keeps the inventory it is given.
type probe struct{ inventory *audit.Inventory }

func (probe) Name() string        { return "probe" }
func (probe) Rules() []audit.Rule { return nil }
func (p probe) Begin(context.Context, audit.Target) (audit.Examination, error) {
	return p, nil
}
func (probe) Wants(audit.FileInfo) bool               { return false }
func (probe) Visit(context.Context, audit.File) error { return nil }
func (p probe) Conclude(_ context.Context, inventory audit.Inventory) audit.Conclusion {
	*p.inventory = inventory
	return audit.Conclusion{}
}

// collect runs the engine with the collector over an artifact.
func collect(t testing.TB, a audit.Artifact) audit.Inventory {
	t.Helper()
	var inventory audit.Inventory
	result := audit.Run(t.Context(), []audit.Target{{Name: "function", Artifact: a}}, audit.Options{
		Collector: packages.NewCollector(), Inspectors: []audit.Inspector{probe{&inventory}},
	})
	if o := result.Outcomes[0]; o.Status != audit.StatusComplete {
		t.Fatalf("outcome is %s: %s", o.Status, o.Reason)
	}
	return inventory
}

// collectFiles is collect over a zip of path → content.
func collectFiles(t testing.TB, files map[string]string) audit.Inventory {
	t.Helper()
	return collect(t, audittest.Open(t, files))
}

// describe writes packages, problems and disagreements as lines.
func describe(inventory audit.Inventory) []string {
	var lines []string
	for _, p := range inventory.Packages {
		line := fmt.Sprintf("%s %s@%s %s", p.Ecosystem, p.Name, p.Version, p.How)
		for _, l := range p.Locations {
			line += " " + place(l)
		}
		lines = append(lines, line)
	}
	for _, d := range inventory.Disagreements {
		lines = append(lines, fmt.Sprintf("disagree %s declares %s %s, installed %s",
			place(d.Lockfile), d.Installed.Name, strings.Join(d.Declared, ","), d.Installed.Version))
	}
	for _, p := range inventory.Problems {
		lines = append(lines, fmt.Sprintf("problem %s %s", p.Path, p.Reason))
	}
	return lines
}

func place(l audit.Location) string {
	if l.Line == 0 {
		return l.Path
	}
	return fmt.Sprintf("%s:%d", l.Path, l.Line)
}

func expect(t *testing.T, inventory audit.Inventory, want ...string) {
	t.Helper()
	got := describe(inventory)
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// problems is the only thing a test wants to see when the text is a library's.
func expectProblem(t *testing.T, inventory audit.Inventory, path, words string) {
	t.Helper()
	if len(inventory.Problems) != 1 || inventory.Problems[0].Path != path || !strings.Contains(inventory.Problems[0].Reason, words) {
		t.Errorf("got problems %q, want one for %q that says %q", inventory.Problems, path, words)
	}
}
