package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// outcomes parses "inspector target status[=reason][!path…]", one a line.
func outcomes(t *testing.T, spec string) []audit.Outcome {
	t.Helper()
	var all []audit.Outcome
	for line := range strings.Lines(spec) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		status, paths, _ := strings.Cut(fields[2], "!")
		status, reason, _ := strings.Cut(status, "=")
		o := audit.Outcome{Inspector: fields[0], Target: fields[1], Reason: reason}
		if err := o.Status.UnmarshalText([]byte(status)); err != nil {
			t.Fatal(err)
		}
		if paths != "" {
			for _, p := range strings.Split(paths, "!") {
				o.Problems = append(o.Problems, audit.Problem{Path: p, Reason: "could not be read"})
			}
		}
		all = append(all, o)
	}
	return all
}

const unreadWaiver = `waivers:
  - {rule: unread, subject: test/*, owner: o, reason: r, expires: 2026-06-15}
  - {rule: unread, subject: old/*, owner: o, reason: r, expires: 2026-06-14}
  - {rule: unread, subject: other/*, target: g*, owner: o, reason: r, expires: 2027-01-01}
`

func TestCoverage(t *testing.T) {
	p := mustLoad(t, "version: 1\nextends: baseline\n"+unreadWaiver)
	for name, c := range map[string]struct {
		outcomes   string
		want       gate.Decision
		incomplete []string // inspector status reason
		undecided  string
		note       string
	}{
		"complete": {"osv f complete\nsecret f complete", gate.Pass, nil, "", ""},
		"missing":  {"osv f complete", gate.Undecided, []string{"secret failed it did not report"}, "", ""},
		"of another target": {"osv f complete\nsecret g complete", gate.Undecided,
			[]string{"secret failed it did not report"}, "", ""},
		"failed":  {"osv f failed=no index\nsecret f complete", gate.Undecided, []string{"osv failed no index"}, "", ""},
		"partial": {"osv f complete\nsecret f partial=x!a.zip", gate.Undecided, []string{"secret partial x"}, "", ""},
		"another outcome of it failed": {"osv f complete\nosv g failed=x\nsecret f complete", gate.Undecided,
			[]string{"osv failed x"}, "", ""},
		"partial without problems": {"osv f complete\nsecret f partial=x", gate.Undecided, []string{"secret partial x"}, "", ""},
		"complete with problems":   {"osv f complete\nsecret f complete!a", gate.Undecided, []string{"secret complete "}, "", ""},
		"skipped with a reason":    {"osv f skipped=nothing to do\nsecret f complete", gate.Pass, nil, "", ""},
		"skipped without one":      {"osv f skipped\nsecret f complete", gate.Undecided, []string{"osv skipped "}, "", ""},
		"not selected":             {"osv f skipped=not selected\nsecret f complete", gate.Pass, nil, "", `required inspector "osv" was not selected`},
		"none selected": {"osv f skipped=not selected\nsecret f skipped=not selected", gate.Undecided, nil,
			`no inspector examined all of target "f"`, `required inspector "osv" was not selected`},
		"nobody had anything to do": {"osv f skipped=a\nsecret f skipped=b", gate.Undecided, nil, `no inspector examined all of target "f"`, ""},
		"not required, failed": {"osv f complete\nsecret f complete\ncode f failed=crashed", gate.Pass, nil, "",
			`inspector "code" did not see all of target "f", which the policy doesn't require: crashed`},
		"only one that is not required, partial": {"osv f skipped=not selected\nsecret f skipped=not selected\ncode f partial=x", gate.Undecided, nil,
			`no inspector examined all of target "f"`, ""},

		"an image":                {"osv f complete\nsecret f complete\nimage f complete", gate.Pass, nil, "", ""},
		"an image, seen in part":  {"osv f complete\nsecret f complete\nimage f partial=x!a", gate.Undecided, []string{"image partial x"}, "", ""},
		"an image, nobody looked": {"osv f complete\nsecret f complete\nimage g complete", gate.Undecided, []string{"image failed it did not report"}, "", ""},

		"unread, accepted":            {"osv f complete\nsecret f partial=x!test/a!test/b", gate.Pass, nil, "", ""},
		"unread, one more":            {"osv f complete\nsecret f partial=x!src/a!test/b", gate.Undecided, []string{"secret partial x"}, "", ""},
		"unread, expired":             {"osv f complete\nsecret f partial=x!old/a", gate.Undecided, []string{"secret partial x"}, "", ""},
		"unread, other target":        {"osv f complete\nsecret f partial=x!other/a", gate.Undecided, []string{"secret partial x"}, "", ""},
		"unread, the whole of it":     {"osv f complete\nsecret f partial=x!test/a!", gate.Undecided, []string{"secret partial x"}, "", ""},
		"unread, failed all the same": {"osv f complete\nsecret f failed=x!test/a", gate.Undecided, []string{"secret failed x"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.outcomes, "image ") {
				c.outcomes += "\nimage f skipped=not an image"
			}
			v := gate.Decide(p, audit.Result{Targets: []audit.TargetResult{{Name: "f"}}, Outcomes: outcomes(t, c.outcomes)}, today())
			var got []string
			for _, o := range v.Incomplete {
				got = append(got, o.Inspector+" "+o.Status.String()+" "+o.Reason)
			}
			if v.Decision != c.want || !slices.Equal(got, c.incomplete) {
				t.Errorf("%v %q", v.Decision, got)
			}
			if strings.Join(v.Undecided, "") != c.undecided {
				t.Errorf("undecided: %q", v.Undecided)
			}
			if c.note != "" && !slices.Contains(v.Notes, c.note) {
				t.Errorf("notes: %q", v.Notes)
			}
		})
	}
}

func TestEveryTargetOfANameOwesAnOutcome(t *testing.T) {
	p := mustLoad(t, "version: 1\nextends: baseline\n")
	r := resultOf()
	r.Targets = append(r.Targets, r.Targets[0])
	if v := gate.Decide(p, r, today()); v.Decision != gate.Undecided || len(v.Incomplete) != 3 {
		t.Errorf("%+v", v)
	}
	r.Outcomes = append(r.Outcomes, r.Outcomes...)
	if v := gate.Decide(p, r, today()); v.Decision != gate.Pass {
		t.Errorf("%+v", v)
	}
}

func TestAcceptedUnreadPartsAreTold(t *testing.T) {
	p := mustLoad(t, "version: 1\nextends: baseline\n"+unreadWaiver)
	r := audit.Result{Targets: []audit.TargetResult{{Name: "f"}}, Outcomes: outcomes(t, "osv f complete\nsecret f partial=x!old/b!test/a")}
	v := gate.Decide(p, r, today())
	if len(v.Waived) != 0 || len(v.Expired) != 1 || v.Expired[0].Subject != "old/*" || len(v.Unused) != 1 || v.Unused[0].Target != "g*" {
		t.Errorf("%+v", v)
	}
	r.Outcomes = outcomes(t, "osv f complete\nsecret f partial=x!test/a")
	v = gate.Decide(p, r, today())
	if len(v.Waived) != 1 || v.Waived[0].Path != "test/a" || v.Waived[0].Inspector != "secret" || v.Waived[0].Target != "f" || v.Waived[0].Waiver.Subject != "test/*" {
		t.Errorf("%+v", v.Waived)
	}
	if len(v.Expired) != 0 {
		t.Errorf("nothing needs the expired one: %+v", v.Expired)
	}
}
