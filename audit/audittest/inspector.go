package audittest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

// RunInspector runs one inspector over a zip of the files (path → content).
// The collector may be nil.
func RunInspector(t testing.TB, inspector audit.Inspector, collector audit.Collector, files map[string]string) audit.Result {
	t.Helper()
	a := Open(t, files)
	return audit.Run(context.Background(), []audit.Target{{Name: a.Name(), Artifact: a}},
		audit.Options{Inspectors: []audit.Inspector{inspector}, Collector: collector})
}

// AcceptInspector is the contract of an inspector: a name, rules that are
// complete and carry that name, an examination of a harmless artifact that
// finds nothing, and a Visit that may be called concurrently (run it with
// -race).
func AcceptInspector(t *testing.T, inspector audit.Inspector) {
	t.Helper()
	t.Run("rules", func(t *testing.T) { acceptRules(t, inspector) })
	t.Run("harmless artifact", func(t *testing.T) { acceptHarmless(t, inspector) })
	t.Run("concurrent visits", func(t *testing.T) { acceptConcurrent(t, inspector) })
}

func acceptRules(t *testing.T, inspector audit.Inspector) {
	name := inspector.Name()
	if name == "" {
		t.Error("the inspector has no name")
	}
	rules := inspector.Rules()
	if len(rules) == 0 {
		t.Error("the inspector has no rules")
	}
	slug := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	seen := map[string]bool{}
	for _, rule := range rules {
		if err := rule.Validate(); err != nil {
			t.Error(err)
		}
		if rule.Inspector != name {
			t.Errorf("rule %q names inspector %q, want %q", rule.ID, rule.Inspector, name)
		}
		if !slug.MatchString(rule.ID) || !strings.HasPrefix(rule.ID, name+"-") {
			t.Errorf("rule id %q is not a slug that begins with %q", rule.ID, name+"-")
		}
		if seen[rule.ID] {
			t.Errorf("rule %q is there twice", rule.ID)
		}
		seen[rule.ID] = true
	}
}

// harmless is a small function in several languages, with nothing in it to
// report.
func harmless() map[string]string {
	files := map[string]string{
		"README.md": "A function that answers.\n",
		"empty.txt": "",
	}
	for i := range 16 {
		files[fmt.Sprintf("src/handler%d.py", i)] = "def handler(event, context):\n    return {\"statusCode\": 200}\n"
		files[fmt.Sprintf("src/handler%d.js", i)] = "exports.handler = async () => ({ statusCode: 200 });\n"
		files[fmt.Sprintf("config/settings%d.json", i)] = "{\"retries\": 3}\n"
	}
	return files
}

func acceptHarmless(t *testing.T, inspector audit.Inspector) {
	result := RunInspector(t, inspector, nil, harmless())
	for _, f := range result.Findings {
		t.Errorf("finding %s at %q in a harmless artifact: %s", f.Rule, f.Location.Path, f.Message)
	}
	if len(result.Outcomes) != 1 {
		t.Fatalf("got %d outcomes, want 1", len(result.Outcomes))
	}
	o := result.Outcomes[0]
	if o.Status != audit.StatusComplete && o.Status != audit.StatusSkipped {
		t.Errorf("outcome is %s (%s), want complete or skipped", o.Status, o.Reason)
	}
}

// acceptConcurrent offers each file to one examination from several goroutines
// at once, while another examination of the same inspector is open.
func acceptConcurrent(t *testing.T, inspector audit.Inspector) {
	ctx := context.Background()
	a := Open(t, harmless())
	target := audit.Target{Name: a.Name(), Artifact: a}
	var examinations []audit.Examination
	for range 2 {
		e, err := inspector.Begin(ctx, target)
		if err != nil {
			t.Fatalf("begin: %v", err)
		}
		examinations = append(examinations, e)
	}
	err := a.Walk(ctx, func(ctx context.Context, f audit.File) error {
		var visits sync.WaitGroup
		for i := range 4 {
			e := examinations[i%len(examinations)]
			visits.Go(func() {
				if !e.Wants(f.Info()) {
					return
				}
				if err := e.Visit(ctx, f); err != nil {
					t.Errorf("visit %q: %v", f.Info().Path, err)
				}
			})
		}
		visits.Wait()
		return nil
	}, func(p audit.Problem) { t.Errorf("problem %q: %s", p.Path, p.Reason) })
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	for _, e := range examinations {
		if c := e.Conclude(ctx, audit.Inventory{}); c.Failed != nil || len(c.Findings) > 0 {
			t.Errorf("conclusion: %d findings, failed %v, want none", len(c.Findings), c.Failed)
		}
	}
}
