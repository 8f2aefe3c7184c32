package audit

import "fmt"

// Rule is one thing that can be wrong. A rule is a value that carries its own
// documentation: `lambdagate rules`, `explain`, docs/rules and every report are
// made from it.
type Rule struct {
	// ID is a readable slug that begins with its family, such as
	// "secret-aws-access-key".
	ID string
	// Title names the flaw in a few words.
	Title string
	// Severity is the default; a finding may carry another (an advisory's).
	Severity Severity
	// Since is the first release that had the rule, such as "0.1.0".
	Since string
	// Inspector is the name of the inspector that reports it.
	Inspector string
	// Doc explains the rule.
	Doc Doc
	// CWE numbers, most specific first (https://cwe.mitre.org).
	CWE []int
	// Refs are the same check elsewhere: Security Hub, Checkov, Prowler ids, or
	// the document the rule follows.
	Refs []Ref
}

// Doc is a rule's page. Every field but Limits is required.
type Doc struct {
	What   string // what the rule reports
	Why    string // what goes wrong if it is shipped
	Before string // an example that fires
	After  string // the same example, fixed
	Remedy string // what to do, in the imperative
	Limits string // what the rule does not see
}

// Ref points to the same check in another tool or document.
type Ref struct {
	Name string // "Checkov CKV_AWS_45"
	URL  string // optional
}

// Validate says what a rule lacks; a rule without its documentation is not
// a rule.
func (r Rule) Validate() error {
	for _, f := range []struct{ name, value string }{
		{"id", r.ID}, {"title", r.Title}, {"since", r.Since}, {"inspector", r.Inspector},
		{"doc.what", r.Doc.What}, {"doc.why", r.Doc.Why}, {"doc.before", r.Doc.Before},
		{"doc.after", r.Doc.After}, {"doc.remedy", r.Doc.Remedy},
	} {
		if f.value == "" {
			return fmt.Errorf("rule %q lacks its %s", r.ID, f.name)
		}
	}
	return nil
}
