package osv

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRangesAgainstSets evaluates random ranges of a small line of versions
// and compares with the plain meaning: the set of versions between the events.
func TestRangesAgainstSets(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	version := func(i int) string { return fmt.Sprintf("1.%d.0", i) }
	const length = 12
	for range 2000 {
		var set [length]bool
		var list []string
		for from := random.IntN(4); from < length; {
			to := from + 1 + random.IntN(4)
			list = append(list, fmt.Sprintf(`{"introduced":%q}`, version(from)))
			switch end := random.IntN(3); {
			case to >= length:
			case end == 0:
				list = append(list, fmt.Sprintf(`{"fixed":%q}`, version(to)))
			default:
				list = append(list, fmt.Sprintf(`{"last_affected":%q}`, version(to-1)))
			}
			for i := from; i < min(to, length); i++ {
				set[i] = true
			}
			if to >= length {
				break
			}
			from = to + 1 + random.IntN(4)
		}
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := record(t, affectedEntry(npm, "thing", events("SEMVER", strings.Join(list, ","))))
		for i := range length {
			got, err := r.Affects(pkg(npm, "thing", version(i)))
			if err != nil || got != set[i] {
				t.Fatalf("%s: %s affected %v, %v; want %v", list, version(i), got, err, set[i])
			}
		}
	}
}

// TestCompareIsAnOrder holds the comparison to the laws of an order, as the
// sorting of events relies on them.
func TestCompareIsAnOrder(t *testing.T) {
	texts := []string{"0", "0.1", "1", "1.0", "1.0.0-alpha", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2b1", "1.2.post1", "1.10", "2", "2.0.0-SNAPSHOT", "10.0"}
	for _, ecosystem := range []string{npm, pypi, golang, maven, rubygems, nuget, packagist, cratesIO, "Debian:12", "Alpine:v3.20"} {
		for _, a := range texts {
			va, err := parseVersion(ecosystem, a)
			if err != nil {
				t.Fatalf("%s %q: %v", ecosystem, a, err)
			}
			for _, b := range texts {
				vb, _ := parseVersion(ecosystem, b)
				ab, err1 := va.compare(b)
				ba, err2 := vb.compare(a)
				if err1 != nil || err2 != nil {
					continue // Alpine and Debian refuse some of these
				}
				if ab != -ba || (a == b && ab != 0) {
					t.Errorf("%s: %q against %q is %d, the other way %d", ecosystem, a, b, ab, ba)
				}
				if ab == 0 && !sameRelease(a, b) {
					t.Errorf("%s: %q and %q are equal but sameRelease tells them apart", ecosystem, a, b)
				}
			}
		}
	}
}
