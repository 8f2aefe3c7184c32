package gate

import (
	"fmt"
	"math"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/lambdagate/lambdagate/audit"
)

// unreadRule is the pseudo-rule of waivers for parts that could not be read.
const unreadRule = "unread"

// document is one policy file as it was written, before what it extends is
// worked in.
type document struct {
	source  Source
	policy  string // what its clauses are prefixed with
	version int64
	// extends is empty for a base.
	extends     string
	extendsAt   position
	description string
	require     []requirementEntry
	clauses     []clauseEntry
	// advisoriesAt is where the advisories are set, if they are.
	advisoriesAt     position
	advisoriesLocked bool
	// imageAt is where the section image stands, if there is one.
	imageAt     position
	imageLocked bool
	// settings apply single values to the policy.
	settings []func(*Policy)
	waivers  []Waiver
}

type requirementEntry struct {
	Requirement
	off bool
	at  position
}

type clauseEntry struct {
	Clause
	list string // "block" or "warn"
	off  bool
	at   position
}

// decodeDocument reads the tree of one file.
func (d *decoder) decodeDocument(root ast.Node, doc *document) {
	d.mapping(root, "the policy", d.documentFields(doc))
}

func (d *decoder) documentFields(doc *document) []field {
	return []field{
		{key: "version", required: true, read: func(n ast.Node) {
			d.integer("version", math.MaxInt64, func(v int64) {
				if doc.version = v; v != 1 {
					d.errorf(n, "version %d is not one that this release reads (allowed: 1)", v)
				}
			})(n)
		}},
		{key: "description", read: d.text("description", &doc.description)},
		{key: "extends", read: func(n ast.Node) {
			doc.extendsAt = d.at(n)
			d.text("extends", &doc.extends)(n)
		}},
		{key: "require", read: d.list("require", func(n ast.Node) { d.requirement(n, doc) })},
		{key: "block", read: d.list("block", func(n ast.Node) { d.clause(n, "block", doc) })},
		{key: "warn", read: d.list("warn", func(n ast.Node) { d.clause(n, "warn", doc) })},
		{key: "advisories", read: func(n ast.Node) {
			doc.advisoriesAt = d.at(n)
			d.mapping(n, "advisories", d.advisoryFields(doc))
		}},
		{key: "limits", read: func(n ast.Node) { d.mapping(n, "limits", d.limitFields(doc)) }},
		{key: "image", read: func(n ast.Node) {
			doc.imageAt = d.at(n)
			d.mapping(n, "image", d.imageFields(doc))
		}},
		{key: "waivers", read: d.list("waivers", func(n ast.Node) { d.waiver(n, doc) })},
	}
}

func (d *decoder) requirement(n ast.Node, doc *document) {
	e := requirementEntry{at: startOf(d.file, n)}
	if d.mapping(n, "a requirement", d.requirementFields(&e)) == nil {
		return
	}
	e.Source = e.at.String()
	if e.off && e.Locked {
		d.errs.add(e.at.errorf("a requirement that is off can't be locked"))
	}
	for _, other := range doc.require {
		if other.Inspector == e.Inspector && e.Inspector != "" {
			d.errs.add(e.at.errorf("inspector %q is required twice; the first is in line %d", e.Inspector, other.at.line))
		}
	}
	doc.require = append(doc.require, e)
}

func (d *decoder) requirementFields(e *requirementEntry) []field {
	return []field{
		{key: "inspector", required: true, read: d.parsed("inspector", func(s string) error {
			if !slices.Contains(d.inspectors, s) {
				return fmt.Errorf("unknown inspector %q%s %s", s, didYouMean(s, d.inspectors), allowed(d.inspectors))
			}
			e.Inspector = s
			return nil
		})},
		{key: "locked", read: d.boolean("locked", &e.Locked)},
		{key: "off", read: d.boolean("off", &e.off)},
	}
}

func (d *decoder) clause(n ast.Node, list string, doc *document) {
	e := clauseEntry{list: list, at: startOf(d.file, n)}
	keys := d.mapping(n, "a clause", d.clauseFields(&e))
	if keys == nil {
		return
	}
	e.Source, e.Policy = e.at.String(), doc.policy
	conditions := 0
	for _, key := range []string{"severity", "confidence", "origin", "rule"} {
		if _, has := keys[key]; has {
			conditions++
		}
	}
	if e.Fixable {
		conditions++
	}
	switch {
	case e.off && (conditions > 0 || e.Locked):
		d.errs.add(e.at.errorf("clause %q is off; beside its %q it can't have other keys", e.ID, "id"))
	case !e.off && conditions == 0:
		d.errs.add(e.at.errorf("clause %q has no condition and would match every finding (allowed: severity, confidence, fixable, origin, rule)", e.ID))
	}
	for _, other := range doc.clauses {
		if other.ID == e.ID && e.ID != "" {
			d.errs.add(e.at.errorf("clause id %q is used twice; the first is in line %d", e.ID, other.at.line))
		}
	}
	doc.clauses = append(doc.clauses, e)
}

func (d *decoder) clauseFields(e *clauseEntry) []field {
	return []field{
		{key: "id", required: true, read: d.parsed("id", func(s string) error {
			if !slugForm.MatchString(s) {
				return fmt.Errorf("%q is not a slug (form: lower-case letters, digits and hyphens, 64 at most)", s)
			}
			e.ID = s
			return nil
		})},
		{key: "severity", read: d.parsed("severity", func(s string) (err error) {
			e.Severity, err = parseMinimumSeverity(s)
			return err
		})},
		{key: "confidence", read: d.parsed("confidence", func(s string) (err error) {
			e.Confidence, err = audit.ParseConfidence(s)
			return err
		})},
		{key: "fixable", read: d.boolean("fixable", &e.Fixable)},
		{key: "origin", read: d.parsed("origin", func(s string) (err error) {
			e.Origin, err = parseOrigin(s)
			return err
		})},
		{key: "rule", read: d.clauseRules(e)},
		{key: "locked", read: d.boolean("locked", &e.Locked)},
		{key: "off", read: d.boolean("off", &e.off)},
	}
}

// parseMinimumSeverity reads a severity but unknown, which is not a minimum: a
// finding without a severity counts as high.
func parseMinimumSeverity(s string) (audit.Severity, error) {
	names := []string{"critical", "high", "medium", "low", "info"}
	if !slices.Contains(names, s) {
		return audit.SeverityUnknown, fmt.Errorf("unknown minimum %q%s %s", s, didYouMean(s, names), allowed(names))
	}
	return audit.ParseSeverity(s)
}

// clauseRules reads one rule or a list of rules.
func (d *decoder) clauseRules(e *clauseEntry) func(ast.Node) {
	one := d.parsed("rule", func(s string) error {
		e.Rules = append(e.Rules, s)
		return knownRule(s, d.rules)
	})
	return func(n ast.Node) {
		seq, ok := n.(*ast.SequenceNode)
		switch {
		case !ok:
			one(n)
		case len(seq.Values) == 0:
			d.errorf(n, "rule is an empty list and would match nothing")
		default:
			d.list("rule", one)(n)
		}
	}
}

// knownRule refuses an id or glob that matches no rule: it is a typo, or a rule
// that this release doesn't have, and would silently judge nothing.
func knownRule(glob string, known []string) error {
	for _, rule := range known {
		if matchGlob(glob, rule) {
			return nil
		}
	}
	return fmt.Errorf("%q matches no known rule%s (`lambdagate rules` lists them)", glob, didYouMean(glob, known))
}
