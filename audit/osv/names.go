package osv

import "strings"

// OSV's names of ecosystems that need treatment of their own
// (https://ossf.github.io/osv-schema/#defined-ecosystems).
const (
	npm       = "npm"
	pypi      = "PyPI"
	golang    = "Go"
	maven     = "Maven"
	rubygems  = "RubyGems"
	nuget     = "NuGet"
	packagist = "Packagist"
	cratesIO  = "crates.io"
)

// baseEcosystem drops the release or registry behind the colon: "Debian" of
// "Debian:12".
func baseEcosystem(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

// sameEcosystem compares a record's ecosystem with a package's. Two different
// suffixes differ (Debian 11 has not the flaws of Debian 12); one that is
// missing stands for all.
func sameEcosystem(a, b string) bool {
	if a == b {
		return true
	}
	baseA, suffixA, _ := strings.Cut(a, ":")
	baseB, suffixB, _ := strings.Cut(b, ":")
	return baseA == baseB && (suffixA == "" || suffixB == "" || release(baseA, suffixA) == release(baseB, suffixB))
}

// normalName gives the form of a name under which the ecosystem knows a
// package: PEP 503 for Python, without regard to case for NuGet and Packagist,
// as written elsewhere.
func normalName(ecosystem, name string) string {
	return string(appendNormalName(nil, baseEcosystem(ecosystem), []byte(name)))
}

// appendNormalName appends the normal form of a name; base is an ecosystem
// without its suffix.
func appendNormalName(dst []byte, base string, name []byte) []byte {
	switch base {
	case pypi:
		separator := false
		for _, c := range name {
			if c == '-' || c == '_' || c == '.' {
				separator = true
				continue
			}
			if separator {
				dst, separator = append(dst, '-'), false
			}
			dst = append(dst, lower(c))
		}
		if separator {
			dst = append(dst, '-')
		}
		return dst
	case nuget, packagist:
		for _, c := range name {
			dst = append(dst, lower(c))
		}
		return dst
	default:
		return append(dst, name...)
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
