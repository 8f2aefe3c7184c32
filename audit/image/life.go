package image

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// notice is how long before its end something is reported as ending.
const notice = 90 * 24 * time.Hour

const dayFormat = "2006-01-02"

// verdictOn compares an end with the clock: over is true after the last day,
// soon within the notice before.
func verdictOn(end, now time.Time) (over, soon bool) {
	after := end.AddDate(0, 0, 1)
	return !now.Before(after), !now.Before(after.Add(-notice))
}

// osLife reports an operating system without security updates.
func (c *judging) osLife() {
	life, known := lifetimeOf(c.system.release())
	if !known {
		return
	}
	over, soon := verdictOn(life.end, c.now)
	finding := audit.Finding{
		Confidence: audit.ConfidenceHigh, Origin: c.system.info.Origin,
		Message:  fmt.Sprintf("%s has had no security updates since %s", life.name, life.end.Format(dayFormat)),
		Subject:  life.id,
		Location: place(c.system.info),
		Remedy:   "build on a base that is kept up, such as " + successor(c.system.id),
	}
	if !over {
		finding.Severity = audit.SeverityMedium
		finding.Message = fmt.Sprintf("%s gets no security updates after %s", life.name, life.end.Format(dayFormat))
	}
	if over || soon {
		c.add(ruleOSEndOfLife, finding)
	}
}

// lifetimeOf looks a release up. One older than the first that is listed of its
// system has ended no later than that.
func lifetimeOf(release string) (lifetime, bool) {
	all := osLifetimes()
	if i := slices.IndexFunc(all, func(l lifetime) bool { return l.id == release }); i >= 0 {
		return all[i], true
	}
	id, version, _ := strings.Cut(release, " ")
	i := slices.IndexFunc(all, func(l lifetime) bool { return strings.HasPrefix(l.id, id+" ") })
	if i < 0 || !older(version, strings.TrimPrefix(all[i].id, id+" ")) {
		return lifetime{}, false
	}
	return lifetime{id: release, name: quote(release), end: all[i].end}, true
}

// older compares versions of numbers and dots, part by part.
func older(a, b string) bool {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		m, _ := strconv.Atoi(x) // release let numbers through only
		n, _ := strconv.Atoi(y)
		return cmp.Compare(m, n)
	}) < 0
}

// successor names what to move to.
func successor(id string) string {
	switch id {
	case "debian":
		return "debian:13-slim"
	case "ubuntu":
		return "ubuntu:24.04"
	case "alpine":
		return "alpine:3.23"
	}
	return "public.ecr.aws/lambda/provided:al2023"
}

// runtimeLife reports a runtime of Lambda's own that is deprecated.
func (c *judging) runtimeLife() {
	all := runtimeLifetimes()
	i := slices.IndexFunc(all, func(l lifetime) bool { return c.aws && l.id == c.lang.id })
	if i < 0 {
		return
	}
	over, soon := verdictOn(all[i].end.AddDate(0, 0, -1), c.now) // deprecated on the day itself
	finding := audit.Finding{
		Confidence: audit.ConfidenceHigh, Origin: audit.OriginBase,
		Message: fmt.Sprintf("the base image holds %s, which AWS deprecated on %s: it gets no more security updates",
			c.lang.id, all[i].end.Format(dayFormat)),
		Subject:  c.lang.id,
		Location: audit.Location{Path: c.lang.path},
		Remedy:   fmt.Sprintf("build on a newer base, see https://gallery.ecr.aws/lambda/%s", c.lang.family),
	}
	if !over {
		finding.Severity = audit.SeverityMedium
		finding.Message = fmt.Sprintf("the base image holds %s, which AWS deprecates on %s", c.lang.id, all[i].end.Format(dayFormat))
	}
	if over || soon {
		c.add(ruleRuntimeDeprecated, finding)
	}
}

// staleTables says when the dates may have been overtaken: an old program must
// not look like a young image.
func (c *judging) staleTables() {
	if c.system.id == "" || c.now.Before(tablesDate().Add(tablesLast)) {
		return
	}
	c.add(ruleOSEndOfLife, audit.Finding{
		Severity: audit.SeverityInfo, Confidence: audit.ConfidenceHigh, Origin: audit.OriginBase,
		Message:  fmt.Sprintf("the dates that life times were held against are of %s, more than 12 months old", tablesDate().Format(dayFormat)),
		Subject:  "table of life times",
		Location: place(c.system.info),
		Remedy:   "update lambdagate",
	})
}
