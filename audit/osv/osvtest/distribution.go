package osvtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// Case is an advisory on one package of a Linux distribution, made so that it
// is known whether the package has the flaw.
type Case struct {
	ID       string
	Affected bool
	// Record is in the OSV format.
	Record string
}

// Path is where the record lies in a folder of exports.
func (c Case) Path(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base + "/" + c.ID + ".json"
}

// Cases makes advisories on a package, which has to be of dpkg, apk or rpm:
// fixed after, in and before its version, of another epoch, release or name.
// Their ids begin with the prefix.
func Cases(prefix string, p audit.Package) []Case {
	name, version := cmp.Or(p.SourceName, p.Name), cmp.Or(p.SourceVersion, p.Version)
	above, below := neighbours(p.Ecosystem, version)
	base, _, _ := strings.Cut(p.Ecosystem, ":")
	type event map[string]string
	cases := []Case{}
	add := func(kind string, affected bool, ecosystem, name string, versions []string, events ...event) {
		id := fmt.Sprintf("%s-%s", prefix, kind)
		entry := map[string]any{"package": map[string]string{"ecosystem": ecosystem, "name": name}, "versions": versions}
		if len(events) > 0 {
			entry["ranges"] = []any{map[string]any{"type": "ECOSYSTEM", "events": events}}
		}
		text, _ := json.Marshal(map[string]any{ // it holds nothing that JSON can't
			"schema_version": "1.6.0", "id": id, "modified": "2024-01-01T00:00:00Z", "published": "2024-01-01T00:00:00Z", "affected": []any{entry},
		})
		cases = append(cases, Case{ID: id, Affected: affected, Record: string(text)})
	}
	zero := event{"introduced": "0"}
	add("fixed-above", true, p.Ecosystem, name, nil, zero, event{"fixed": above})
	add("fixed-equal", false, p.Ecosystem, name, nil, zero, event{"fixed": version})
	add("fixed-below", false, p.Ecosystem, name, nil, zero, event{"fixed": below})
	add("unfixed", true, p.Ecosystem, name, nil, zero)
	add("from-here", true, p.Ecosystem, name, nil, event{"introduced": version})
	add("from-above", false, p.Ecosystem, name, nil, event{"introduced": above})
	add("last-equal", true, p.Ecosystem, name, nil, zero, event{"last_affected": version})
	add("last-below", false, p.Ecosystem, name, nil, zero, event{"last_affected": below})
	add("listed", true, p.Ecosystem, name, []string{version})
	add("other-listed", false, p.Ecosystem, name, []string{above})
	add("all-releases", true, base, name, nil, zero, event{"fixed": above})
	add("other-release", false, base+":0", name, nil, zero, event{"fixed": above})
	add("other-name", false, p.Ecosystem, "x-"+name, nil, zero)
	if base != "Alpine" {
		add("epoch", true, p.Ecosystem, name, nil, zero, event{"fixed": "99:0.1-1"})
	}
	if p.Name != name {
		add("binary-name", false, p.Ecosystem, p.Name, nil, zero)
	}
	return cases
}

// neighbours gives a version right after and one before: a tilde sorts before
// the end for dpkg and rpm; apk counts builds.
func neighbours(ecosystem, version string) (above, below string) {
	if build := regexp.MustCompile(`-r(\d+)$`).FindStringSubmatchIndex(version); build != nil && strings.HasPrefix(ecosystem, "Alpine") {
		n, _ := strconv.Atoi(version[build[2]:])
		return version[:build[2]] + strconv.Itoa(n+1), "0_alpha-r0"
	}
	return version + ".1", version + "~1"
}
