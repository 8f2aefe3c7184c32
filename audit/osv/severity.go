package osv

import (
	"cmp"
	"math"
	"slices"
	"strings"

	cvss20 "github.com/pandatix/go-cvss/20"
	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss40 "github.com/pandatix/go-cvss/40"

	"github.com/lambdagate/lambdagate/audit"
)

// debianUnimportant is the urgency of what Debian holds to be no security
// problem of its package, whatever a score says of the flaw
// (https://security-team.debian.org/security_tracker.html#severity-levels).
const debianUnimportant = "unimportant"

// rating is how bad a flaw is and how that is known.
type rating struct {
	severity audit.Severity
	vector   string // CVSS, empty if the rating is a mere word
	score    float64
}

// rate finds the rating of one record for a package: a CVSS vector (the newest
// version of CVSS first) from the record or else from the affected entry, then
// a word of the database.
func (r *Record) rate(p audit.Package) rating {
	entries := r.entries(p)
	scores := [][]Severity{r.Severity}
	texts := []words{r.DatabaseSpecific}
	for _, a := range entries {
		scores = append(scores, a.Severity)
		texts = append(texts, a.DatabaseSpecific, a.EcosystemSpecific)
	}
	if slices.ContainsFunc(entries, func(a *Affected) bool { return a.EcosystemSpecific.urgency == debianUnimportant }) {
		return rating{severity: audit.SeverityInfo}
	}
	for _, s := range scores {
		if best, ok := rateVectors(s); ok {
			return best
		}
	}
	for _, w := range texts {
		if s := rateWord(w); s != audit.SeverityUnknown {
			return rating{severity: s}
		}
	}
	for _, s := range slices.Concat(scores...) {
		// Ubuntu's priority stands in a score's place.
		if word := rateWord(words{severity: s.Score}); s.Type == ubuntu && word != audit.SeverityUnknown {
			return rating{severity: word}
		}
	}
	return rating{}
}

// rateVectors rates by the first valid vector in the order of CVSS versions.
func rateVectors(scores []Severity) (rating, bool) {
	for _, prefix := range []string{"CVSS:4.0/", "CVSS:3.1/", "CVSS:3.0/", ""} {
		for _, s := range scores {
			if !strings.HasPrefix(s.Score, prefix) {
				continue
			}
			score, err := baseScore(prefix, s.Score)
			if err == nil && !math.IsNaN(score) {
				return rating{severity: qualitative(prefix, score), vector: s.Score, score: score}, true
			}
		}
	}
	return rating{}, false
}

// baseScore computes a vector's score; a vector without a prefix is CVSS 2.
func baseScore(prefix, vector string) (float64, error) {
	switch prefix {
	case "CVSS:4.0/":
		v, err := cvss40.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.Score(), nil
	case "CVSS:3.1/":
		v, err := cvss31.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.BaseScore(), nil
	case "CVSS:3.0/":
		v, err := cvss30.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.BaseScore(), nil
	default:
		v, err := cvss20.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.BaseScore(), nil
	}
}

// qualitative turns a score into a rating by the scale of CVSS 3 and 4
// (https://www.first.org/cvss/specification-document), and by NVD's for CVSS 2
// (https://nvd.nist.gov/vuln-metrics/cvss), which has no critical.
func qualitative(prefix string, score float64) audit.Severity {
	switch {
	case score >= 9 && prefix != "":
		return audit.SeverityCritical
	case score >= 7:
		return audit.SeverityHigh
	case score >= 4:
		return audit.SeverityMedium
	case score > 0 || prefix == "":
		return audit.SeverityLow
	default:
		return audit.SeverityInfo
	}
}

// rateWord reads a database's own word. RustSec calls a record informational
// when it tells of the state of a project and not of a flaw in it; "unsound"
// does tell of a flaw, and is left unrated.
func rateWord(w words) audit.Severity {
	switch strings.ToLower(cmp.Or(w.severity, w.urgency)) {
	case "critical":
		return audit.SeverityCritical
	case "high", "important":
		return audit.SeverityHigh
	case "moderate", "medium":
		return audit.SeverityMedium
	case "low", "negligible":
		return audit.SeverityLow
	}
	if w.informational == "unmaintained" || w.informational == "notice" {
		return audit.SeverityInfo
	}
	return audit.SeverityUnknown
}

// rateAll rates records that tell of one flaw: the worst of those with a CVSS
// vector, or else the worst of the others.
func rateAll(p audit.Package, records []*Record) rating {
	var ratings []rating
	for _, r := range records {
		ratings = append(ratings, r.rate(p))
	}
	return slices.MaxFunc(ratings, func(a, b rating) int {
		switch {
		case a.vector != "" && b.vector == "":
			return 1
		case a.vector == "" && b.vector != "":
			return -1
		case a.severity != b.severity:
			return int(a.severity) - int(b.severity)
		case a.score > b.score:
			return 1
		case a.score < b.score:
			return -1
		}
		return strings.Compare(b.vector, a.vector)
	})
}
