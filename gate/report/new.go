package report

import (
	"reflect"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

// Input is what a report is made of.
type Input struct {
	Tool    Tool
	Policy  Policy
	Result  audit.Result
	Verdict gate.Verdict
	// Rules are all rules; the report keeps those that have findings, in this
	// order.
	Rules    []audit.Rule
	Started  time.Time
	Duration time.Duration
}

// New makes the report of one check. It keeps the order of the result, which
// is deterministic, and holds nothing of in afterwards. Bytes that are not
// UTF-8, which JSON can't carry, are spelled \xNN, so that a report reads the
// same before it is saved and after.
func New(in Input) Report {
	r := Report{
		Schema: Schema,
		Tool:   in.Tool,
		Time: Time{
			Generated:  in.Started.Add(in.Duration).UTC().Format(time.RFC3339),
			DurationMS: in.Duration.Milliseconds(),
		},
		Policy:     in.Policy,
		Advisories: newAdvisories(in.Result.Advisories),
		Outcomes:   convert(in.Result.Outcomes, newOutcome),
		Rules:      newRules(in.Rules, in.Result.Findings),
		Verdict:    newVerdict(in.Verdict),
	}
	for _, t := range in.Result.Targets {
		r.Targets = append(r.Targets, Target{
			Name: t.Name, Kind: string(t.Kind), Digest: t.Digest.SHA256,
			CodeSHA256: t.Digest.CodeSHA256, Files: t.Files, Bytes: t.Bytes,
		})
		for _, p := range t.Packages {
			r.Packages = append(r.Packages, newPackage(p, t.Name))
		}
	}
	waivers := make(map[key]*Waiver, len(in.Verdict.Waived))
	for _, w := range in.Verdict.Waived {
		waiver := newWaiver(w.Waiver)
		waivers[key{w.Finding, w.Target}] = &waiver
	}
	for _, f := range in.Result.Findings {
		finding := newFinding(f)
		finding.Waiver = waivers[finding.key()]
		r.Findings = append(r.Findings, finding)
	}
	eachString(reflect.ValueOf(&r).Elem(), spellInvalid)
	return r
}

// key tells the findings of a report apart.
type key struct{ finding, target string }

func (f Finding) key() key { return key{f.Fingerprint, f.Target} }

func convert[A, B any](all []A, one func(A) B) List[B] {
	list := make(List[B], 0, len(all))
	for _, a := range all {
		list = append(list, one(a))
	}
	return list
}

func newAdvisories(a audit.Advisories) *Advisories {
	if a.Source == "" {
		return nil
	}
	advisories := Advisories{Source: a.Source, Digest: a.Digest, Live: a.Live, Named: a.Named}
	if !a.Live && !a.Date.IsZero() {
		advisories.Date = a.Date.UTC().Format(time.RFC3339)
	}
	return &advisories
}

func newOutcome(o audit.Outcome) Outcome {
	return Outcome{
		Inspector: o.Inspector, Target: o.Target, Status: o.Status, Reason: o.Reason,
		Problems: convert(o.Problems, func(p audit.Problem) Problem { return Problem{Path: p.Path, Reason: p.Reason} }),
	}
}

func newFinding(f audit.Finding) Finding {
	finding := Finding{
		Fingerprint: f.Fingerprint, Rule: f.Rule, Inspector: f.Inspector,
		Severity: f.Severity, Confidence: f.Confidence, Message: f.Message,
		Target: f.Target, Origin: string(f.Origin), Subject: f.Subject,
		Location: newLocation(f.Location), Related: convert(f.Related, newLocation),
		Evidence: f.Evidence, Remedy: f.Remedy,
	}
	if p := f.Package; p != nil {
		finding.Package = &PackageRef{PURL: p.PURL, Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version}
	}
	if a := f.Advisory; a != nil {
		finding.Advisory = &Advisory{
			ID: a.ID, Aliases: convert(a.Aliases, strings.Clone),
			Fixed: a.Fixed, CVSS: a.CVSS, Score: a.Score,
		}
	}
	return finding
}

func newLocation(l audit.Location) Location {
	return Location{Path: l.Path, Line: l.Line, Column: l.Column, Layer: l.Layer}
}

func newPackage(p audit.Package, target string) Package {
	return Package{
		PURL: p.PURL, Ecosystem: p.Ecosystem, Name: p.Name, Version: p.Version, Target: target,
		Locations: convert(p.Locations, newLocation), Origin: string(p.Origin), How: string(p.How),
	}
}

func newRules(rules []audit.Rule, findings []audit.Finding) List[Rule] {
	found := make(map[string]bool)
	for _, f := range findings {
		found[f.Rule] = true
	}
	list := List[Rule]{}
	for _, r := range rules {
		if !found[r.ID] {
			continue
		}
		found[r.ID] = false
		list = append(list, Rule{
			ID: r.ID, Title: r.Title, Severity: r.Severity,
			CWE:  convert(r.CWE, func(n int) int { return n }),
			Help: help(r.Doc),
			Refs: convert(r.Refs, func(ref audit.Ref) Ref { return Ref{Name: ref.Name, URL: ref.URL} }),
		})
	}
	return list
}

// help joins the parts of a rule's page that are prose; the examples stay with
// `lambdagate explain`.
func help(d audit.Doc) string {
	var parts []string
	for _, part := range []string{d.What, d.Why, d.Remedy, d.Limits} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n")
}

func newVerdict(v gate.Verdict) Verdict {
	reason := func(r gate.Reason) Reason { return Reason{Finding: r.Finding, Target: r.Target, Clause: r.Clause} }
	return Verdict{
		Decision: v.Decision,
		Reasons:  convert(v.Reasons, reason),
		Warnings: convert(v.Warnings, reason),
		Waived:   convert(v.Waived, newWaived),
		Expired:  convert(v.Expired, newWaiver),
		Unused:   convert(v.Unused, newWaiver),
		Incomplete: convert(v.Incomplete, func(o audit.Outcome) Incomplete {
			return Incomplete{Inspector: o.Inspector, Target: o.Target, Status: o.Status, Reason: o.Reason}
		}),
		Undecided: convert(v.Undecided, strings.Clone),
		Notes:     convert(v.Notes, strings.Clone),
	}
}

func newWaived(w gate.Waived) Waived {
	return Waived{
		Finding: w.Finding, Target: w.Target, Inspector: w.Inspector, Path: w.Path, Waiver: newWaiver(w.Waiver),
	}
}

func newWaiver(w gate.Waiver) Waiver {
	waiver := Waiver{
		Fingerprint: w.Fingerprint, Rule: w.Rule, Subject: w.Subject, Target: w.Target,
		Owner: w.Owner, Reason: w.Reason, Source: w.Source,
	}
	if !w.Expires.IsZero() {
		waiver.Expires = w.Expires.UTC().Format(time.DateOnly)
	}
	return waiver
}

// eachString replaces every string inside v, so that no field can be
// forgotten.
func eachString(v reflect.Value, replace func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(replace(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			eachString(v.Elem(), replace)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), replace)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachString(v.Field(i), replace)
		}
	}
}
