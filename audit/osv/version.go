package osv

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/osv-scalibr/semantic"
)

// errNotComparable marks a version that can't be placed in a range: a
// placeholder, a range, a URL, or an ecosystem whose order is not known.
var errNotComparable = errors.New("can't be compared")

// maxVersion bounds the length of a version in bytes; comparing takes more
// than linear time.
const maxVersion = 256

var (
	versionChars = regexp.MustCompile(`^[0-9A-Za-z.+_~!:^-]+$`)
	goPrerelease = regexp.MustCompile(`^(\d+\.\d+)(\.\d+)?(rc|beta)(\d+)$`)
	gemPlatform  = regexp.MustCompile(`-(?:x86|x64|amd64|arm|aarch64|i[3-6]86|universal|powerpc|ppc|s390|riscv|java|jruby|mswin|mingw|ruby).*$`)
)

// version is a package's version, ready to be compared.
type version struct {
	ecosystem string
	text      string
	parsed    semantic.Version
}

// parseVersion reads the version of a package. The order of versions is
// osv-scalibr's; since that accepts any text, what is no version is refused
// here.
func parseVersion(ecosystem, text string) (version, error) {
	v := version{ecosystem: ecosystem, text: cleanVersion(ecosystem, text)}
	if !isVersion(ecosystem, v.text) {
		return v, fmt.Errorf("version %q of ecosystem %q %w", text, ecosystem, errNotComparable)
	}
	var err error
	v.parsed, err = parse(ecosystem, v.text)
	return v, err
}

// compare places v before (-1), at (0) or after (+1) a version named by
// a record.
func (v version) compare(other string) (order int, err error) {
	defer recovered(&err, other)
	if v.parsed == nil || len(other) > maxVersion {
		return 0, fmt.Errorf("version %q %w", other, errNotComparable)
	}
	return v.parsed.CompareStr(cleanVersion(v.ecosystem, other))
}

func parse(ecosystem, text string) (v semantic.Version, err error) {
	defer recovered(&err, text)
	if len(text) > maxVersion {
		return nil, fmt.Errorf("version %.32q… %w", text, errNotComparable)
	}
	v, err = semantic.Parse(cleanVersion(ecosystem, text), ecosystem)
	if err != nil {
		return nil, fmt.Errorf("version %q %w: %w", text, errNotComparable, err)
	}
	return v, nil
}

// recovered turns a crash in the comparison of a hostile version into an
// error.
func recovered(err *error, text string) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("version %q %w: %v", text, errNotComparable, r)
	}
}

// cleanVersion brings the spellings of a version that tools use to the one
// that advisories use.
func cleanVersion(ecosystem, text string) string {
	text = strings.TrimSpace(text)
	switch baseEcosystem(ecosystem) {
	case golang:
		return cleanGo(text)
	case npm:
		return strings.TrimPrefix(strings.TrimPrefix(text, "="), "v")
	case rubygems:
		return gemPlatform.ReplaceAllString(text, "")
	case packagist:
		return cleanComposer(text)
	default:
		return text
	}
}

// newest stands in a version of Composer for "later than all".
const newest = "9999999"

// cleanComposer writes the version of a branch as Composer does to compare it
// (https://getcomposer.org/doc/articles/versions.md#branches): "2.x-dev" is
// after every release of 2, and the usual names of a repository's default branch
// are after all releases. Any other branch has no place among them.
func cleanComposer(text string) string {
	switch text {
	case "dev-master", "dev-main", "dev-trunk", "dev-default":
		return newest + "-dev"
	}
	if branch, ok := strings.CutSuffix(text, ".x-dev"); ok {
		return branch + "." + newest + "." + newest + "-dev"
	}
	return text
}

// cleanGo drops the prefix "v" of a module's version and "go" of a
// toolchain's, the experiments behind it ("go1.22.4 X:boringcrypto"), and
// writes "1.22rc1" as "1.22.0-rc.1" as the Go vulnerability database does.
func cleanGo(text string) string {
	text, toolchain := strings.CutPrefix(text, "go")
	if toolchain {
		text, _, _ = strings.Cut(text, " ")
	}
	if m := goPrerelease.FindStringSubmatch(text); m != nil {
		patch := m[2]
		if patch == "" {
			patch = ".0"
		}
		return m[1] + patch + "-" + m[3] + "." + m[4]
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, "v"), "+incompatible")
}

// isVersion says whether a text names one exact version, and not a range
// ("^1.2", "1.x"), a placeholder ("${v}"), a branch or a URL.
func isVersion(ecosystem, text string) bool {
	if text == "" || len(text) > maxVersion || !versionChars.MatchString(text) || text[0] == '^' || text[0] == '~' {
		return false
	}
	// Distributions take whatever upstream calls a version: "r12", "2.x".
	if isDistribution(ecosystem) {
		return true
	}
	// Maven allows any word in front: "r09", "Finchley.SR1".
	digits := strings.ContainsAny(text, "0123456789")
	if baseEcosystem(ecosystem) != maven {
		first := strings.TrimLeft(text, "vV")
		digits = first != "" && first[0] >= '0' && first[0] <= '9' && len(text)-len(first) <= 1
	}
	release, _, _ := strings.Cut(text, "-")
	for _, part := range strings.Split(release, ".") {
		if part == "x" || part == "X" {
			return false
		}
	}
	return digits
}

// sameRelease says whether the numbers that two versions begin with are equal,
// leading and trailing zeros aside. Versions that are equal pass; most others
// are told apart without parsing them.
func sameRelease(a, b string) bool {
	a, b = strings.TrimLeft(a, "vV="), strings.TrimLeft(b, "vV=")
	for moreA, moreB := true, true; moreA || moreB; {
		var numberA, numberB string
		numberA, a, moreA = nextNumber(a)
		numberB, b, moreB = nextNumber(b)
		if numberA != numberB {
			return false
		}
	}
	return true
}

// nextNumber splits off the number at the start, without leading zeros; empty
// stands for zero. More is false at the end of the numbers.
func nextNumber(s string) (number, rest string, more bool) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	number = strings.TrimLeft(s[:end], "0")
	if end < len(s) && s[end] == '.' {
		return number, s[end+1:], true
	}
	return number, "", false
}
