package osv

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// Record is the part of an OSV record (https://ossf.github.io/osv-schema/)
// that decides which packages are affected, how badly, and what cures them.
type Record struct {
	ID        string     `json:"id"`
	Aliases   []string   `json:"aliases"`
	Withdrawn string     `json:"withdrawn"`
	Summary   string     `json:"summary"`
	Details   string     `json:"details"`
	Severity  []Severity `json:"severity"`
	Affected  []Affected `json:"affected"`
	// DatabaseSpecific is free-form; a rating in words may be in it.
	DatabaseSpecific words `json:"database_specific"`
}

// Severity is a score of some type, for CVSS a vector.
type Severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

// Affected names a package and the versions of it that have the flaw.
type Affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges            []Range    `json:"ranges"`
	Versions          []string   `json:"versions"`
	Severity          []Severity `json:"severity"`
	DatabaseSpecific  words      `json:"database_specific"`
	EcosystemSpecific words      `json:"ecosystem_specific"`
}

// Range is a stretch of versions, told by the events that begin and end it.
type Range struct {
	Type   string  `json:"type"`
	Events []Event `json:"events"`
}

// Event has one of its fields set.
type Event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// words are the strings that matter in a free-form object. Whatever has
// another type there is ignored, as every database may put there what it likes.
type words struct {
	severity      string
	informational string
	urgency       string // Debian's, in ecosystem_specific
}

// UnmarshalJSON takes the known strings and never fails on a JSON value.
func (w *words) UnmarshalJSON(data []byte) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		return nil
	}
	for key, field := range map[string]*string{"severity": &w.severity, "informational": &w.informational, "urgency": &w.urgency} {
		var s string
		if json.Unmarshal(object[key], &s) == nil {
			*field = s
		}
	}
	return nil
}

// detailsKept bounds, in bytes, what is kept of a record's details: the first
// sentence serves where a summary is missing.
const detailsKept = 2048

// ParseRecord reads one record. Unknown fields, types and values are
// tolerated; a record without an id is not.
func ParseRecord(data []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("not an OSV record: %w", err)
	}
	if r.ID == "" {
		return nil, errors.New("not an OSV record: it has no id")
	}
	if len(r.Details) > detailsKept {
		r.Details = strings.Clone(r.Details[:detailsKept])
	}
	return &r, nil
}

// Mentions says whether the record is about the package, whatever its version.
func (r *Record) Mentions(p audit.Package) bool {
	return len(r.entries(p)) > 0
}

// entries are the affected entries for a package; a record may have several
// for one package.
func (r *Record) entries(p audit.Package) []*Affected {
	var found []*Affected
	name := normalName(p.Ecosystem, p.Name)
	for i := range r.Affected {
		a := &r.Affected[i]
		if sameEcosystem(a.Package.Ecosystem, p.Ecosystem) && normalName(p.Ecosystem, a.Package.Name) == name {
			found = append(found, a)
		}
	}
	return found
}

// ids are the record's own id and its aliases. Ids of related or upstream
// flaws are other flaws and are not among them.
func (r *Record) ids() []string {
	return append([]string{r.ID}, r.Aliases...)
}
