package gate

import (
	"math"
	"time"

	"github.com/goccy/go-yaml/ast"
)

func (d *decoder) advisoryFields(doc *document) []field {
	set := func(apply func(*Policy)) { doc.settings = append(doc.settings, apply) }
	staleness := func(what string, target func(*Policy) *Staleness) func(ast.Node) {
		return d.parsed(what, func(s string) error {
			v, err := parseStaleness(s)
			set(func(p *Policy) { *target(p) = v })
			return err
		})
	}
	return []field{
		{key: "max-age", read: d.parsed("max-age", func(s string) error {
			v, err := parseAge(s)
			set(func(p *Policy) { p.Advisories.MaxAge = v })
			return err
		})},
		{key: "own-index", read: staleness("own-index", func(p *Policy) *Staleness { return &p.Advisories.OwnIndex })},
		{key: "named", read: staleness("named", func(p *Policy) *Staleness { return &p.Advisories.Named })},
		{key: "locked", read: d.boolean("locked", &doc.advisoriesLocked)},
	}
}

func (d *decoder) limitFields(doc *document) []field {
	set := func(apply func(*Policy)) { doc.settings = append(doc.settings, apply) }
	// count reads an int on any platform.
	count := func(key string, use func(*Limits, int)) field {
		return field{key: key, read: d.integer(key, math.MaxInt32, func(v int64) {
			set(func(p *Policy) { use(&p.Limits, int(v)) })
		})}
	}
	size := func(key string, use func(*Limits, int64)) field {
		return field{key: key, read: func(n ast.Node) {
			keep := func(v int64) { set(func(p *Policy) { use(&p.Limits, v) }) }
			if _, plain := n.(*ast.IntegerNode); plain {
				d.integer(key, math.MaxInt64, keep)(n)
				return
			}
			d.parsed(key, func(s string) error {
				v, err := parseSize(s)
				keep(v)
				return err
			})(n)
		}}
	}
	return []field{
		size("total-bytes", func(l *Limits, v int64) { l.TotalBytes = v }),
		size("file-bytes", func(l *Limits, v int64) { l.FileBytes = v }),
		count("entries", func(l *Limits, v int) { l.Entries = v }),
		count("ratio", func(l *Limits, v int) { l.Ratio = int64(v) }),
		count("depth", func(l *Limits, v int) { l.Depth = v }),
		count("path-bytes", func(l *Limits, v int) { l.PathBytes = v }),
		count("layers", func(l *Limits, v int) { l.Layers = v }),
		size("image-total-bytes", func(l *Limits, v int64) { l.ImageTotalBytes = v }),
		size("image-file-bytes", func(l *Limits, v int64) { l.ImageFileBytes = v }),
		count("image-entries", func(l *Limits, v int) { l.ImageEntries = v }),
	}
}

func (d *decoder) imageFields(doc *document) []field {
	return []field{
		{key: "allowed-bases", read: func(n ast.Node) {
			// Elsewhere a key without a value is an empty list. Here that would
			// lift what the extended policy asks for.
			if isImplicitNull(n) {
				d.errorf(n, "allowed-bases has no value; write [] to allow every base")
				return
			}
			bases := []string{}
			d.list("allowed-bases", d.parsed("allowed-bases", func(s string) error {
				base, err := parseBase(s)
				bases = append(bases, base)
				return err
			}))(n)
			doc.settings = append(doc.settings, func(p *Policy) { p.Image.AllowedBases = bases })
		}},
		{key: "locked", read: d.boolean("locked", &doc.imageLocked)},
	}
}

// waiver reads one waiver. What is missing is told at the waiver, what is wrong
// at its key.
func (d *decoder) waiver(n ast.Node, doc *document) {
	at := startOf(d.file, n)
	w := Waiver{Source: at.String()}
	before := len(d.errs.list)
	keys := d.mapping(n, "a waiver", d.waiverFields(&w))
	if keys == nil || len(d.errs.list) > before {
		return // what is wrong with a value has been told; don't call it missing too
	}
	wrong := checkWaiver(w)
	for _, key := range []string{"fingerprint", "rule", "subject", "owner", "reason", "expires"} {
		if err, is := wrong[key]; is {
			place, written := keys[key]
			if !written {
				place = at
			}
			d.errs.add(place.errorf("%w", err))
		}
	}
	doc.waivers = append(doc.waivers, w)
}

func (d *decoder) waiverFields(w *Waiver) []field {
	return []field{
		{key: "fingerprint", read: d.text("fingerprint", &w.Fingerprint)},
		{key: "rule", read: d.parsed("rule", func(s string) error {
			w.Rule = s
			return knownWaiverRule(s, d.rules)
		})},
		{key: "subject", read: d.text("subject", &w.Subject)},
		{key: "target", read: d.text("target", &w.Target)},
		{key: "owner", read: d.text("owner", &w.Owner)},
		{key: "reason", read: d.text("reason", &w.Reason)},
		{key: "expires", read: d.parsed("expires", func(s string) error {
			return setDay(&w.Expires, s)
		})},
	}
}

func setDay(to *time.Time, s string) (err error) {
	*to, err = parseDay(s)
	return err
}

func knownWaiverRule(s string, rules []string) error {
	if s == unreadRule {
		return nil
	}
	return knownRule(s, rules)
}
