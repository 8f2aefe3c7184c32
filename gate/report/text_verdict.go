package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// verdict prints the last paragraph, the one that counts.
func (t *text) verdict() {
	v := t.report.Verdict
	switch v.Decision {
	case gate.Block:
		n := len(named(v.Reasons))
		said := count(n, "finding blocks", "findings block") + " this release"
		if kinds := t.kinds(v.Reasons); kinds != "" {
			said += " (" + kinds + ")"
		}
		t.heading(red, "BLOCK", span{text: said, gap: 2})
	case gate.Pass:
		said := "nothing blocks this release"
		if extras := extras(v); extras != "" {
			said += " (" + extras + ")"
		}
		t.heading(green, "PASS", span{text: said, gap: 2})
	default:
		t.undecided(v)
	}
}

func (t *text) undecided(v Verdict) {
	hindrances := t.hindrances()
	first := "nobody has looked, so nothing is known"
	if len(hindrances) > 0 {
		first, hindrances = hindrances[0], hindrances[1:]
	}
	t.heading(yellow, "UNDECIDED", span{text: first, gap: 2})
	for _, h := range hindrances {
		t.flow(rowIndent, hangIndent, words("and"), words(h))
	}
	t.flow(rowIndent, hangIndent, words("Next: "+t.nextStep()))
}

// incomplete says, when something blocks, that there may be more to find.
func (t *text) incomplete() {
	if t.report.Verdict.Decision != gate.Block {
		return
	}
	for i, h := range t.hindrances() {
		if i == 0 {
			t.heading(yellow, "Incomplete", span{text: "there may be more to find", gap: 2})
		}
		t.flow(rowIndent, hangIndent, words(h))
	}
}

// hindrances are what kept the verdict from being complete. What happened
// alike to several inspectors, or on several targets, is said once.
func (t *text) hindrances() []string {
	type event struct {
		reason string
		status audit.Status
	}
	var events []event
	inspectors := make(map[event][]string)
	targets := make(map[event][]string)
	for _, o := range t.report.Verdict.Incomplete {
		e := event{o.Reason, o.Status}
		if len(targets[e]) == 0 {
			events = append(events, e)
		}
		inspectors[e] = addOnce(inspectors[e], o.Inspector)
		targets[e] = addOnce(targets[e], o.Target)
	}
	var all []string
	for _, e := range events {
		said := enumerate(inspectors[e]) + " " + shortfall(e.status)
		if len(t.report.Targets) > 1 {
			said += " in " + several(targets[e])
		}
		if e.reason != "" {
			said += ": " + e.reason
		}
		all = append(all, said)
	}
	return append(all, t.report.Verdict.Undecided...)
}

// enumerate joins names as in a sentence: "a, b and c".
func enumerate(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func addOnce(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

func shortfall(s audit.Status) string {
	switch s {
	case audit.StatusPartial:
		return "did not see everything"
	case audit.StatusSkipped:
		return "did not look"
	case audit.StatusComplete:
		return "is not complete"
	default:
		return "could not look"
	}
}

// several names the first few, and counts the rest.
func several(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// nextStep is the way out of an undecided verdict.
func (t *text) nextStep() string {
	const again = "remove the cause and check again; until then this is not a pass"
	v := t.report.Verdict
	if len(v.Incomplete) == 0 {
		return again
	}
	for _, o := range v.Incomplete {
		if o.Status != audit.StatusPartial {
			return again
		}
	}
	out := "repair what could not be read, or leave it out of the package, and check again"
	if t.waive {
		out += "; if it is meant to be so: lambdagate waive unread --subject PATH --owner WHO --reason WHY --until DATE"
	}
	return out
}

func extras(v Verdict) string {
	var said []string
	if n := len(named(v.Warnings)); n > 0 {
		said = append(said, count(n, "warning", "warnings"))
	}
	if n := len(v.Waived); n > 0 {
		said = append(said, fmt.Sprintf("%d waived", n))
	}
	return strings.Join(said, ", ")
}

// named are the findings of reasons, each once however many clauses name
// it.
func named(reasons []Reason) map[key]bool {
	all := make(map[key]bool, len(reasons))
	for _, r := range reasons {
		all[key{r.Finding, r.Target}] = true
	}
	return all
}

// kinds counts what blocks by the family of its rule; advisories count by the
// package that has them.
func (t *text) kinds(reasons []Reason) string {
	blocking := named(reasons)
	packages := make(map[string]bool)
	counts := make(map[noun]int)
	var order []noun
	for _, f := range t.report.Findings {
		if !blocking[f.key()] {
			continue
		}
		kind := kindOf(f)
		if f.Package != nil {
			id := strings.Join([]string{kind.one, f.Target, f.Package.Ecosystem, f.Package.Name, f.Package.Version}, "\x00")
			if packages[id] {
				continue
			}
			packages[id] = true
		}
		if counts[kind] == 0 {
			order = append(order, kind)
		}
		counts[kind]++
	}
	said := make([]string, 0, len(order))
	for _, kind := range order {
		said = append(said, count(counts[kind], kind.one, kind.many))
	}
	return strings.Join(said, ", ")
}

type noun struct{ one, many string }

// kindOf goes by the family of the rule, which its id begins with; a malicious
// package is worth a word of its own.
func kindOf(f Finding) noun {
	family, _, _ := strings.Cut(f.Rule, "-")
	switch {
	case f.Rule == "osv-malicious":
		return noun{"malicious package", "malicious packages"}
	case family == "osv":
		return noun{"vulnerable package", "vulnerable packages"}
	case family == "secret":
		return noun{"credential", "credentials"}
	case family == "image":
		return noun{"image flaw", "image flaws"}
	case family == "function":
		return noun{"configuration flaw", "configuration flaws"}
	case family == "role":
		return noun{"permission flaw", "permission flaws"}
	case family == "code":
		return noun{"code flaw", "code flaws"}
	default:
		return noun{"other", "others"}
	}
}
