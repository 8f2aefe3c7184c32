package report

import "strings"

// waivers prints a line for each finding or unread part that was waived, and
// for each waiver that no longer does its work.
func (t *text) waivers() {
	v := t.report.Verdict
	if len(v.Waived) > 0 {
		t.heading(bold, "Waived")
		findings := make(map[key]Finding, len(t.report.Findings))
		for _, f := range t.report.Findings {
			findings[f.key()] = f
		}
		for _, w := range v.Waived {
			t.waived(w, findings[key{w.Finding, w.Target}])
		}
	}
	if len(v.Expired) > 0 {
		t.heading(yellow, "Expired waivers")
		for _, w := range v.Expired {
			fate := "expired " + w.Expires + ", no longer holds"
			if t.blocks(w) {
				fate = "expired " + w.Expires + ", blocks again"
			}
			t.waiver(w, span{text: fate, style: red, gap: 2})
		}
	}
	if len(v.Unused) > 0 {
		t.heading(bold, "Unused waivers")
		for _, w := range v.Unused {
			t.waiver(w, span{text: "covers no finding, can be removed", gap: 2})
		}
	}
}

func (t *text) waived(w Waived, f Finding) {
	id, about := short(w.Finding), label(f)
	if w.Finding == "" {
		id, about = "unread", w.Path+" by "+w.Inspector
		if w.Path == "" {
			about = "parts, by " + w.Inspector
		}
	}
	if len(t.report.Targets) > 1 {
		about = w.Target + ": " + about
	}
	t.flow(rowIndent, hangIndent, column(0, id, plainText), span{text: about, gap: 2},
		span{text: "until " + w.Waiver.Expires + ", " + w.Waiver.Owner, gap: 2})
}

// label names a finding in a few words.
func label(f Finding) string {
	switch {
	case f.Package != nil && f.Advisory != nil:
		return strings.TrimSpace(f.Advisory.ID + " in " + f.Package.Name + " " + f.Package.Version)
	case f.Rule != "":
		return f.Rule + " in " + f.Location.Path
	default:
		return ""
	}
}

// waiver prints what a waiver is for, where it stands and what became of it.
func (t *text) waiver(w Waiver, fate span) {
	about := short(w.Fingerprint)
	if w.Rule != "" {
		about = strings.TrimSpace(w.Rule + " " + w.Subject)
	}
	whose := w.Owner
	if w.Source != "" {
		whose += ", " + w.Source
	}
	t.flow(rowIndent, hangIndent, column(0, about, plainText), fate, span{text: "(" + whose + ")", style: dim, gap: 2})
}

// blocks says whether a finding that the waiver names by fingerprint is among
// those that block. What a waiver by rule would have covered is not in the
// report, and not guessed at.
func (t *text) blocks(w Waiver) bool {
	if w.Fingerprint == "" {
		return false
	}
	for _, r := range t.report.Verdict.Reasons {
		if strings.HasPrefix(r.Finding, w.Fingerprint) {
			return true
		}
	}
	return false
}

// waiveHint shows once, on a real finding, how to accept one.
func (t *text) waiveHint() {
	reasons := t.report.Verdict.Reasons
	if len(reasons) == 0 {
		reasons = t.report.Verdict.Warnings
	}
	if len(reasons) == 0 || !isHex(reasons[0].Finding) {
		return
	}
	t.heading(dim, "To accept a finding for a time:")
	t.flow(rowIndent, hangIndent,
		column(0, "lambdagate waive "+short(reasons[0].Finding)+" --owner WHO --reason WHY --until DATE", plainText))
}
