package gate

import "slices"

// resolve works a chain of files, base first, into one policy.
func resolve(docs []document, errs *errorList) Policy {
	p := Policy{Advisories: defaultAdvisoryRules(), Digest: digestOf(docs)}
	r := resolver{errs: errs}
	for level, doc := range docs {
		p.Sources = append(p.Sources, doc.source)
		p.Description = doc.description
		r.requirements(doc, level)
		r.clauses(doc, level)
		r.advisories(doc)
		r.image(doc)
		for _, apply := range doc.settings {
			apply(&p)
		}
		for _, w := range doc.waivers {
			w.level = level
			p.Waivers = append(p.Waivers, w)
		}
	}
	for _, e := range r.require {
		p.Require = append(p.Require, e.Requirement)
	}
	for _, e := range r.standing {
		if e.list == "block" {
			p.Block = append(p.Block, e.Clause)
		} else {
			p.Warn = append(p.Warn, e.Clause)
		}
	}
	if decidesNothing(p) && len(docs) > 0 {
		last := docs[len(docs)-1]
		errs.add(position{last.source.Name, 1, 1}.errorf("policy requires nothing, blocks nothing and warns of nothing; add %q or clauses", "extends: baseline"))
	}
	return p
}

func decidesNothing(p Policy) bool { return len(p.Require)+len(p.Block)+len(p.Warn) == 0 }

// resolver holds what stands so far while files are worked in.
type resolver struct {
	require  []requirementEntry
	standing []clauseEntry
	// advisoriesLockedAt is where the advisories were locked, if they were.
	advisoriesLockedAt *position
	// imageLockedAt is where the section image was locked, if it was.
	imageLockedAt *position
	errs          *errorList
}

func (r *resolver) requirements(doc document, level int) {
	for _, e := range doc.require {
		e.level = level
		i := slices.IndexFunc(r.require, func(o requirementEntry) bool { return o.Inspector == e.Inspector })
		switch {
		case i < 0 && e.off:
			r.errs.add(e.at.errorf("inspector %q is not required, so it can't be switched off", e.Inspector))
		case i < 0:
			r.require = append(r.require, e)
		case e.off && r.require[i].Locked:
			r.errs.add(e.at.errorf("inspector %q is locked at %s and can't be switched off", e.Inspector, r.require[i].at))
		case e.off:
			r.require = slices.Delete(r.require, i, i+1)
		case !r.require[i].Locked: // requiring it once more loses no lock
			r.require[i] = e
		}
	}
}

func (r *resolver) clauses(doc document, level int) {
	for _, e := range doc.clauses {
		e.level = level
		i := slices.IndexFunc(r.standing, func(o clauseEntry) bool { return o.ID == e.ID })
		switch {
		case i < 0 && e.off:
			r.errs.add(e.at.errorf("clause %q is not inherited, so it can't be switched off%s", e.ID, didYouMean(e.ID, r.ids())))
		case i < 0:
			r.standing = append(r.standing, e)
		case r.standing[i].Locked:
			r.errs.add(e.at.errorf("clause %q is locked at %s and can't be replaced or switched off", e.ID, r.standing[i].at))
		case e.off && e.list != r.standing[i].list:
			r.errs.add(e.at.errorf("clause %q is a %s clause; switch it off under %q", e.ID, r.standing[i].list, r.standing[i].list))
		case e.off:
			r.standing = slices.Delete(r.standing, i, i+1)
		default: // also when it moves from one list to the other
			r.standing[i] = e
		}
	}
}

func (r *resolver) ids() []string {
	var ids []string
	for _, e := range r.standing {
		ids = append(ids, e.ID)
	}
	return ids
}

func (r *resolver) advisories(doc document) {
	if doc.advisoriesAt == (position{}) {
		return
	}
	if r.advisoriesLockedAt != nil {
		r.errs.add(doc.advisoriesAt.errorf("advisories are locked at %s and can't be set again", *r.advisoriesLockedAt))
		return
	}
	if doc.advisoriesLocked {
		r.advisoriesLockedAt = &doc.advisoriesAt
	}
}

func (r *resolver) image(doc document) {
	if doc.imageAt == (position{}) {
		return
	}
	if r.imageLockedAt != nil {
		r.errs.add(doc.imageAt.errorf("image is locked at %s and can't be set again", *r.imageLockedAt))
		return
	}
	if doc.imageLocked {
		r.imageLockedAt = &doc.imageAt
	}
}
