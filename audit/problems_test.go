package audit_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

// A hostile artifact may have a problem for each of its entries: what is kept is
// bounded, the same whoever came first, and says that there is more.
func TestProblemsAreBounded(t *testing.T) {
	var problems []audit.Problem
	for i := range 5000 {
		problems = append(problems, audit.Problem{Path: fmt.Sprintf("p%04d", i), Reason: "is broken"})
	}
	var first []audit.Problem
	for range 2 {
		m := &memory{problems: append(problems, problems[:10]...), files: map[string]string{"a": ""}}
		r := audit.Run(t.Context(), []audit.Target{m.target()}, audit.Options{Inspectors: []audit.Inspector{grep{name: "in", word: "-"}}})
		got := r.Outcomes[0].Problems
		if len(got) != 1000 || got[0].Path != "" || got[1].Path != "p0000" || got[999].Path != "p0998" {
			t.Fatalf("%d problems, %v to %v", len(got), got[0], got[len(got)-1])
		}
		if first == nil {
			first = got
			slices.Reverse(problems)
		}
		if !slices.Equal(got, first) {
			t.Error("another order gives other problems")
		}
	}
}
