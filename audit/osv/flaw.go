package osv

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/lambdagate/lambdagate/audit"
)

// flaw is what one or more records say of one flaw in one package.
type flaw struct {
	id      string
	aliases []string // every other id, sorted
	records []*Record
}

// malicious says that the package itself is the attack. The ids are the
// OpenSSF's (https://github.com/ossf/malicious-packages).
func (f flaw) malicious() bool { return strings.HasPrefix(f.id, malPrefix) }

// spares says whether a version of the package is certainly without the flaw.
func (f flaw) spares(p audit.Package, text string) bool {
	v, err := parseVersion(p.Ecosystem, text)
	return err == nil && spares(p, v, f.records)
}

const malPrefix = "MAL-"

// flaws groups the records that an alias ties together, however indirectly.
// The records are those of one version of one package; the order of the result
// depends on their ids only.
func flaws(records []*Record) []flaw {
	group := make(map[string]int) // id → index of its group
	var groups [][]*Record
	for _, r := range records {
		into := -1
		for _, id := range r.ids() {
			g, known := group[id]
			if !known || g == into {
				continue
			}
			if into >= 0 {
				for _, moved := range groups[into] {
					for _, id := range moved.ids() {
						group[id] = g
					}
				}
				groups[g] = append(groups[g], groups[into]...)
				groups[into] = nil
			}
			into = g
		}
		if into < 0 {
			into = len(groups)
			groups = append(groups, nil)
		}
		for _, id := range r.ids() {
			group[id] = into
		}
		groups[into] = append(groups[into], r)
	}
	var all []flaw
	for _, g := range groups {
		if len(g) > 0 {
			all = append(all, newFlaw(g))
		}
	}
	slices.SortFunc(all, func(a, b flaw) int { return strings.Compare(a.id, b.id) })
	return all
}

func newFlaw(records []*Record) flaw {
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ids()...)
	}
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	f := flaw{id: ids[0], aliases: ids[1:], records: records}
	slices.Sort(f.aliases)
	slices.SortStableFunc(f.records, func(a, b *Record) int { return compareIDs(a.ID, b.ID) })
	return f
}

// compareIDs puts the id that a flaw is best known by first: that of a
// malicious package, then CVE, then GHSA, then by the alphabet.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(idRank(a), idRank(b)), strings.Compare(a, b))
}

func idRank(id string) int {
	order := []string{malPrefix, "CVE-", "GHSA-"}
	for i, prefix := range order {
		if strings.HasPrefix(id, prefix) {
			return i
		}
	}
	return len(order)
}

// maxHeadline bounds the part of a message that comes from a record, in
// characters.
const maxHeadline = 120

// headline is one short sentence on the flaw, or empty.
func (f flaw) headline() string {
	for _, r := range f.records {
		if s := plain(r.Summary, maxHeadline); s != "" {
			return s
		}
	}
	for _, r := range f.records {
		for line := range strings.Lines(r.Details) {
			if strings.HasPrefix(line, "#") {
				continue // a heading ("### Impact") says nothing
			}
			sentence, _, _ := strings.Cut(line, ". ")
			if s := plain(sentence, maxHeadline); s != "" {
				return s
			}
		}
	}
	return ""
}

// plain makes hostile text fit for one line: nothing that is not graphic,
// single spaces, no full stop at the end, at most limit characters.
func plain(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
	if runes := []rune(text); len(runes) > limit {
		text = strings.TrimSpace(string(runes[:limit-1])) + "…"
	}
	return text
}

// nameAndVersion is how messages call a package, with the source package that
// the advisory names if that is another.
func nameAndVersion(p audit.Package) string {
	text := plain(p.Name, maxHeadline) + " " + plain(p.Version, maxHeadline)
	if source := asAdvised(p); source.Name != p.Name {
		text += " (source " + plain(source.Name, maxHeadline) + ")"
	}
	return text
}
