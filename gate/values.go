package gate

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

var (
	slugForm        = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	fingerprintForm = regexp.MustCompile(`^[0-9a-f]{8,64}$`)
	ageForm         = regexp.MustCompile(`^([1-9][0-9]{0,3})(d|h)$`)
	sizeForm        = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})(|KiB|MiB|GiB|TiB)$`)
	// baseForm is a glob on an image name. Other characters, and an empty part
	// between slashes, are in no name, so that the glob would match nothing.
	baseForm   = regexp.MustCompile(`^[A-Za-z0-9*][A-Za-z0-9._:@*-]*(/[A-Za-z0-9._:@*-]+)*$`)
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// parseAge reads "14d" or "36h".
func parseAge(s string) (time.Duration, error) {
	m := ageForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not an age (form: days such as %q or hours such as %q, 9999 at most)", s, "14d", "36h")
	}
	n, err := parseDigits(m[1])
	if err != nil {
		return 0, err
	}
	unit := time.Hour
	if m[2] == "d" {
		unit = 24 * time.Hour
	}
	return time.Duration(n) * unit, nil
}

// parseSize reads bytes: "512MiB" or plain digits.
func parseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a size (form: bytes such as 1048576, or a whole number of KiB, MiB, GiB or TiB such as %q)", s, "512MiB")
	}
	n, err := parseDigits(m[1])
	if err != nil {
		return 0, err
	}
	shift := 10 * slices.Index([]string{"", "KiB", "MiB", "GiB", "TiB"}, m[2])
	if n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("size %q is out of range", s)
	}
	return n << shift, nil
}

func parseStaleness(s string) (Staleness, error) {
	i := slices.Index(stalenessNames(), s)
	if i < 0 {
		return StaleUndecided, fmt.Errorf("unknown value %q%s %s", s, didYouMean(s, stalenessNames()), allowed(stalenessNames()))
	}
	return Staleness(i), nil
}

func parseOrigin(s string) (audit.Origin, error) {
	names := []string{string(audit.OriginBase), string(audit.OriginOwn)}
	if !slices.Contains(names, s) {
		return "", fmt.Errorf("unknown origin %q%s %s", s, didYouMean(s, names), allowed(names))
	}
	return audit.Origin(s), nil
}

// parseBase reads a glob on the name of a base image.
func parseBase(s string) (string, error) {
	if !baseForm.MatchString(s) {
		return "", fmt.Errorf("%q is not a glob on an image name (form: registry/name, such as %q)", s, "public.ecr.aws/lambda/*")
	}
	return s, nil
}

// parseDay reads a calendar day as its first moment in UTC.
func parseDay(s string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil || day.Year() < 1 {
		return time.Time{}, fmt.Errorf("%q is not a date (form: 2027-01-31)", s)
	}
	return day, nil
}

// checkWaiver tells what a waiver lacks, by the key that is at fault. It is the
// one place that knows what a waiver must have; Decide lets no other waiver
// cover anything.
func checkWaiver(w Waiver) map[string]error {
	wrong := map[string]error{}
	switch {
	case w.Fingerprint == "" && w.Rule == "":
		wrong["fingerprint"] = fmt.Errorf("waiver names neither a %q nor a %q with a %q", "fingerprint", "rule", "subject")
	case w.Fingerprint != "" && (w.Rule != "" || w.Subject != ""):
		wrong["fingerprint"] = fmt.Errorf("waiver names a fingerprint and a rule or subject; it is one or the other")
	case w.Fingerprint != "" && !fingerprintForm.MatchString(w.Fingerprint):
		wrong["fingerprint"] = fmt.Errorf("fingerprint %q is not 8 to 64 lower-case hex digits", w.Fingerprint)
	case w.Rule != "" && w.Subject == "":
		wrong["rule"] = fmt.Errorf("waiver of rule %q lacks its %q: what exactly is accepted", w.Rule, "subject")
	case w.Rule != "" && matchesNearlyAll(w.Subject):
		wrong["subject"] = fmt.Errorf("subject %q matches nearly everything; name what is accepted", w.Subject)
	}
	for _, f := range []struct{ key, value string }{{"owner", w.Owner}, {"reason", w.Reason}} {
		if strings.TrimSpace(f.value) == "" {
			wrong[f.key] = fmt.Errorf("waiver lacks its %q", f.key)
		}
	}
	if w.Expires.IsZero() {
		wrong["expires"] = fmt.Errorf("waiver lacks its %q: the last day it holds", "expires")
	}
	return wrong
}
