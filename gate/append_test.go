package gate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/gate"
)

func newWaiver(t *testing.T) gate.Waiver {
	return gate.Waiver{Fingerprint: "12345678", Owner: "team@example.com", Reason: "not reachable", Expires: day(t, "2027-01-31")}
}

const (
	// The new waiver as it is written, and one that is there already.
	added = `- fingerprint: "12345678"
  owner: team@example.com
  reason: not reachable
  expires: 2027-01-31
`
	there = `- fingerprint: 1a2b3c4d
  owner: o # who
  reason: |
    a
    # not a comment
  expires: 2026-12-31
`
	flowAdded = `{fingerprint: "12345678", owner: team@example.com, reason: not reachable, expires: 2027-01-31}`
	flowThere = `{fingerprint: 1a2b3c4d, owner: o, reason: r, expires: 2026-12-31}`
)

func indented(by string, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + line)
	}
	return b.String()
}

func TestAppendWaiver(t *testing.T) {
	const head = "# kept\nversion: 1\nextends:   baseline   # kept too\n"
	for name, c := range map[string]struct{ before, after string }{
		"no key":          {head, head + "waivers:\n" + indented("  ", added)},
		"no last newline": {"version: 1\nextends: baseline", "version: 1\nextends: baseline\nwaivers:\n" + indented("  ", added)},
		"empty key":       {head + "waivers:\n", head + "waivers:\n" + indented("  ", added)},
		"empty key, commented": {head + "waivers: # soon\n  # - a\n\nblock:\n",
			head + "waivers: # soon\n" + indented("  ", added) + "  # - a\n\nblock:\n"},
		"empty key at the end": {head + "waivers:", head + "waivers:\n" + indented("  ", added)},
		"empty list":           {head + "waivers: [ ] # none\n", head + "waivers: [" + flowAdded + " ] # none\n"},
		"flow list":            {head + "waivers: [" + flowThere + "]\n", head + "waivers: [" + flowAdded + ", " + flowThere + "]\n"},
		"flow list, many lines": {head + "waivers: [ # all\n  " + flowThere + ", # one\n]\nblock:\n",
			head + "waivers: [" + flowAdded + ",  # all\n  " + flowThere + ", # one\n]\nblock:\n"},
		"indented list": {head + "waivers:\n" + indented("  ", there), head + "waivers:\n" + indented("  ", there+added)},
		"flush list":    {head + "waivers:\n" + there, head + "waivers:\n" + there + added},
		"deep list":     {head + "waivers:\n" + indented("      ", there), head + "waivers:\n" + indented("      ", there+added)},
		"in the middle": {"version: 1\nwaivers:\n" + indented("  ", there) + "\n# about extends\nextends: baseline\n",
			"version: 1\nwaivers:\n" + indented("  ", there+added) + "\n# about extends\nextends: baseline\n"},
		"comments and blank lines at the end": {head + "waivers:\n" + there + "  # of the last waiver\n# of the file\n\n",
			head + "waivers:\n" + there + "  # of the last waiver\n" + added + "# of the file\n\n"},
		"list without last newline": {head + "waivers:\n" + strings.TrimSuffix(there, "\n"), head + "waivers:\n" + there + added},
		"document end":              {"---\n" + head + "...\n# bye\n", "---\n" + head + "waivers:\n" + indented("  ", added) + "...\n# bye\n"},
		"list and document end":     {head + "waivers:\n" + there + "...\n", head + "waivers:\n" + there + added + "...\n"},
		"indented root":             {"  version: 1\n  extends: baseline\n", "  version: 1\n  extends: baseline\n  waivers:\n" + indented("    ", added)},
		"flow root":                 {"{version: 1, extends: baseline}\n", "{waivers: [" + flowAdded + "], version: 1, extends: baseline}\n"},
		"JSON":                      {`{"version": 1, "extends": "baseline", "waivers": []}`, `{"version": 1, "extends": "baseline", "waivers": [` + flowAdded + `]}`},
		"byte order mark":           {"\ufeff{version: 1, extends: baseline}\n", "\ufeff{waivers: [" + flowAdded + "], version: 1, extends: baseline}\n"},
		"wide characters before":    {`{description: "é𝄞", version: 1, extends: baseline, waivers: []}`, `{description: "é𝄞", version: 1, extends: baseline, waivers: [` + flowAdded + `]}`},
		"quoted key":                {head + "\"waivers\":\n" + there, head + "\"waivers\":\n" + there + added},
		"text after":                {head + "waivers:\n" + there + "description: |+\n  a\n\n", head + "waivers:\n" + there + added + "description: |+\n  a\n\n"},
	} {
		for _, eol := range []string{"\n", "\r\n"} {
			before, want := strings.ReplaceAll(c.before, "\n", eol), strings.ReplaceAll(c.after, "\n", eol)
			if eol == "\r\n" && !strings.Contains(c.before, "\n") {
				continue // one line has no line ending to keep
			}
			file := filepath.Join(write(t, map[string]string{gate.FileName: before}), gate.FileName)
			if err := newLoader().AppendWaiver(file, newWaiver(t)); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := read(t, file); got != want {
				t.Errorf("%s:\ngot\n%q\nwant\n%q", name, got, want)
			}
		}
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAppendWaiverQuotes(t *testing.T) {
	for _, text := range []string{
		"plain", "a: b # c", `"quoted" and 'quoted'`, "two\nlines", "true", "No", "null", "~", "1", "1e5", "0x1", "-", "- a", "? a", "*", "&a", "!a",
		"|", ">", "%", "@a", "`a`", "a]b}c,d", "#a", "a #b", " lead", "trail ", "back\\slash", "tab\there", "<b>&", "é 𝄞 日本", "\u2028", "\u0085",
		"2026-01-01", "{a: b}", "[a]", "...", "---", "a: ", "key:", "C:\\x", "r (see #12, JIRA-3)", "y", "ON", ".inf", "_", "\r\n", "fine - really (yes)",
	} {
		file := filepath.Join(write(t, nil), gate.FileName)
		w := newWaiver(t)
		w.Reason, w.Owner = text, text+"x"
		w.Fingerprint, w.Rule, w.Subject, w.Target = "", "osv-*", "s"+text, text
		if strings.TrimSpace(text) == "" {
			w.Reason, w.Target = "r"+text, "t"+text
		}
		for range 2 { // into a new file, then into a flow list
			if err := newLoader().AppendWaiver(file, w); err != nil {
				t.Errorf("%q: %v", text, err)
				break
			}
			p, err := newLoader().Load(file)
			if err != nil {
				t.Fatal(err)
			}
			got := p.Waivers[0]
			if got.Rule != w.Rule || got.Subject != w.Subject || got.Target != w.Target || got.Owner != w.Owner || got.Reason != w.Reason || !got.Expires.Equal(w.Expires) {
				t.Errorf("%q: read back as %+v", text, got)
			}
			if err := os.WriteFile(file, []byte("version: 1\nextends: baseline\nwaivers: []\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAppendWaiverCreatesTheFile(t *testing.T) {
	dir := write(t, nil)
	file := filepath.Join(dir, gate.FileName)
	if err := newLoader().AppendWaiver(file, newWaiver(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, file), "version: 1\nextends: baseline\nwaivers:\n"+indented("  ", added); got != want {
		t.Errorf("%q", got)
	}
	onlyFile(t, dir)
}

// onlyFile makes sure that no temporary file is left.
func onlyFile(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != gate.FileName {
		t.Errorf("in the folder: %v, %v", entries, err)
	}
}

func TestAppendWaiverKeepsModeAndLink(t *testing.T) {
	dir := write(t, map[string]string{"real/p.yaml": smallPolicy})
	real, linked := filepath.Join(dir, "real/p.yaml"), filepath.Join(dir, gate.FileName)
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	link(t, "real/p.yaml", linked)
	if err := newLoader().AppendWaiver(linked, newWaiver(t)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(linked)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if info, err = os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if !strings.Contains(read(t, real), "12345678") {
		t.Error("not written through the link")
	}
}

func TestAppendWaiverRefuses(t *testing.T) {
	const policy = "version: 1\nextends: baseline\nwaivers:\n" + there
	byRule := gate.Waiver{Rule: "osv-vulnerable", Subject: "CVE-1", Owner: "o", Reason: "r", Expires: today()}
	for name, c := range map[string]struct {
		policy string
		change func(*gate.Waiver)
		want   string
	}{
		"twice":             {policy, func(w *gate.Waiver) { w.Fingerprint = "1a2b3c4d" }, `it is waived already at lambdagate.yaml:4, until 2026-12-31; change that waiver`},
		"twice, longer":     {policy, func(w *gate.Waiver) { w.Fingerprint = "1a2b3c4d5e6f" }, `it is waived already at`},
		"twice by rule":     {"version: 1\nextends: baseline\nwaivers: [{rule: osv-vulnerable, subject: CVE-1, owner: x, reason: y, expires: 2020-01-01}]\n", func(w *gate.Waiver) { *w = byRule }, `it is waived already at`},
		"no owner":          {policy, func(w *gate.Waiver) { w.Owner = "" }, `waiver lacks its "owner"`},
		"unknown rule":      {policy, func(w *gate.Waiver) { *w = byRule; w.Rule = "osv-vulnerabel" }, `"osv-vulnerabel" matches no known rule; did you mean "osv-vulnerable"?`},
		"wild subject":      {policy, func(w *gate.Waiver) { *w = byRule; w.Subject = "*" }, `subject "*" matches nearly everything`},
		"not text":          {policy, func(w *gate.Waiver) { w.Reason = "a\xff" }, `reason "a\xff" holds bytes that are not text`},
		"control character": {policy, func(w *gate.Waiver) { w.Owner = "a\x1b[m" }, `owner "a\x1b[m" holds bytes that are not text`},
		"bad policy":        {policy + "blok: 1\n", func(*gate.Waiver) {}, `lambdagate.yaml:10:1: unknown key "blok"`},
		"odd list":          {"version: 1\nextends: baseline\nwaivers:\n  ? a\n", func(*gate.Waiver) {}, `explicit keys are not supported`},
		"literal at the end": {"version: 1\nextends: baseline\ndescription: |\n  no newline", func(*gate.Waiver) {},
			"can't add to the waivers in the way this file writes them; add this one by hand:\n  - fingerprint: \"12345678\"\n"},
		"empty key in a flow": {"{version: 1, extends: baseline, waivers: }", func(*gate.Waiver) {}, "add this one by hand"},
	} {
		dir := write(t, map[string]string{gate.FileName: c.policy})
		file := filepath.Join(dir, gate.FileName)
		w := newWaiver(t)
		c.change(&w)
		err := newLoader().AppendWaiver(file, w)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if got := (&shortened{err, dir}).Error(); !strings.Contains(got, c.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if pe := (*gate.Error)(nil); !errors.As(err, &pe) {
			t.Errorf("%s: not an Error: %#v", name, err)
		}
		if read(t, file) != c.policy {
			t.Errorf("%s: the file was changed", name)
		}
		onlyFile(t, dir)
	}
}

func TestAppendWaiverAgainForAnotherTarget(t *testing.T) {
	file := filepath.Join(write(t, nil), gate.FileName)
	for _, target := range []string{"a", "b", ""} {
		w := newWaiver(t)
		w.Target = target
		if err := newLoader().AppendWaiver(file, w); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := newLoader().Load(file); err != nil || len(p.Waivers) != 3 {
		t.Errorf("%+v, %v", p.Waivers, err)
	}
}

func TestAppendWaiverWritesNoBuiltIn(t *testing.T) {
	t.Chdir(write(t, nil))
	for name, want := range map[string]string{"baseline": `policy "baseline" is built in and can't be changed`, "basline": `unknown policy "basline"; did you mean "baseline"?`} {
		if err := newLoader().AppendWaiver(name, newWaiver(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 0 {
		t.Errorf("wrote %v, %v", entries, err)
	}
}
