package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// labelWidth is the column of names, wide enough for "advisories".
	labelWidth = 12
	// maxProblems is how many unread parts of an outcome are named.
	maxProblems = 5
)

// lookedAt prints what the verdict rests on: each target with the outcome of
// each inspector, then what they all share.
func (t *text) lookedAt() {
	t.heading(bold, "Looked at")
	for _, name := range t.targetNames() {
		for _, target := range t.report.Targets {
			if target.Name == name {
				t.target(target)
			}
		}
		if ecosystems := t.ecosystems(name); ecosystems != "" {
			t.labelled(hangIndent, "packages", words(ecosystems))
		}
		for _, o := range t.outcomesOf(name) {
			t.outcome(o)
		}
	}
	if a := t.report.Advisories; a != nil {
		t.labelled(rowIndent, "advisories", advisorySpans(*a)...)
	}
	if p := t.report.Policy; p.Name != "" {
		t.labelled(rowIndent, "policy", digested(p.Name, p.Digest)...)
	}
	duration := time.Duration(t.report.Time.DurationMS) * time.Millisecond
	if duration >= time.Second {
		duration = duration.Round(10 * time.Millisecond)
	}
	t.labelled(rowIndent, "time", words(duration.String()))
}

// targetNames are the targets' names, and those that only an outcome has.
func (t *text) targetNames() []string {
	var names []string
	for _, target := range t.report.Targets {
		names = append(names, target.Name)
	}
	for _, o := range t.report.Outcomes {
		names = append(names, o.Target)
	}
	seen := make(map[string]bool, len(names))
	return slices.DeleteFunc(names, func(name string) bool {
		known := seen[name]
		seen[name] = true
		return known
	})
}

func (t *text) target(target Target) {
	about := fmt.Sprintf("%s, %s", count(int(target.Files), "file", "files"), size(target.Bytes))
	if target.Kind != "" {
		about = target.Kind + ", " + about
	}
	spans := []span{column(0, target.Name, bold), {text: about, gap: 2}}
	if target.Digest != "" {
		spans = append(spans, column(2, short(target.Digest), dim))
	}
	t.flow(rowIndent, deepIndent, spans...)
}

// ecosystems counts a target's packages, in the order they come in.
func (t *text) ecosystems(target string) string {
	counts := make(map[string]int)
	var names []string
	for _, p := range t.report.Packages {
		if p.Target != target {
			continue
		}
		if counts[p.Ecosystem] == 0 {
			names = append(names, p.Ecosystem)
		}
		counts[p.Ecosystem]++
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", counts[name], name)
	}
	return strings.Join(names, ", ")
}

// outcomesOf are a target's outcomes. Inspectors that fared badly in the same
// way share one, so that a broken artifact is explained once.
func (t *text) outcomesOf(target string) []Outcome {
	var all []Outcome
	for _, o := range t.report.Outcomes {
		if o.Target != target {
			continue
		}
		same := slices.IndexFunc(all, func(p Outcome) bool {
			return o.Status != audit.StatusComplete && p.Status == o.Status && p.Reason == o.Reason &&
				slices.Equal(p.Problems, o.Problems)
		})
		if same >= 0 {
			all[same].Inspector += ", " + o.Inspector
			continue
		}
		all = append(all, o)
	}
	return all
}

// outcome prints how an inspector fared. The reason of a partial outcome only
// sums up its problems, so they are shown instead of it.
func (t *text) outcome(o Outcome) {
	status := o.Status.String()
	s := plainText
	switch o.Status {
	case audit.StatusFailed, audit.StatusPartial:
		s = yellow
	case audit.StatusSkipped:
		s = dim
	}
	spans := []span{{text: status, style: s}}
	switch {
	case o.Status == audit.StatusPartial && len(o.Problems) > 0:
		spans = append(spans, words("("+count(len(o.Problems), "part", "parts")+" not examined)"))
	case o.Reason != "":
		spans[0].text += ":"
		spans = append(spans, words(o.Reason))
	}
	t.labelled(hangIndent, o.Inspector, spans...)
	const indent = hangIndent + labelWidth
	for i, p := range o.Problems {
		if i == maxProblems {
			t.flow(indent, indent, words(fmt.Sprintf("and %d more", len(o.Problems)-i)))
			return
		}
		about := []span{column(0, p.Path, plainText), words(p.Reason)}
		if p.Path == "" {
			about = about[1:] // it concerns the whole
		}
		t.flow(indent, indent+2, about...)
	}
}

// labelled prints a name and, in a column beside it, what there is to say.
func (t *text) labelled(indent int, name string, rest ...span) {
	const narrowest = 2
	rest[0].gap = max(narrowest, labelWidth-len([]rune(escape(name))))
	t.flow(indent, indent+labelWidth, append([]span{column(0, name, dim)}, rest...)...)
}

func advisorySpans(a Advisories) []span {
	what := []string{}
	if a.Live {
		what = append(what, "asked live")
	}
	if a.Date != "" {
		date, _, _ := strings.Cut(a.Date, "T")
		what = append(what, "of "+date)
	}
	spans := digested(a.Source, a.Digest)
	return slices.Insert(spans, 1, words(strings.Join(what, ", ")))
}

// digested is a name followed by the beginning of its digest.
func digested(name, digest string) []span {
	spans := []span{column(0, name, plainText)}
	if digest != "" {
		spans = append(spans, column(2, short(digest), dim))
	}
	return spans
}

// size is in KiB below a MiB, else in MiB.
func size(bytes int64) string {
	const kib, mib = 1 << 10, 1 << 20
	if bytes < mib {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/kib)
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
}

func (t *text) notes() {
	notes := t.report.Verdict.Notes
	if len(notes) == 0 {
		return
	}
	t.heading(bold, "Notes")
	for _, n := range notes {
		t.flow(rowIndent, hangIndent, words(n))
	}
}
