package packages

import (
	"strings"

	"github.com/google/osv-scalibr/semantic"
	"github.com/package-url/packageurl-go"
)

// sameVersion compares as the ecosystem does: "1.0" is "1.0.0" for pip. For
// PyPI a local label ("2.0+cpu") is a build of the version declared without
// one (https://peps.python.org/pep-0440/#version-matching).
func sameVersion(ecosystem, declared, installed string) bool {
	if declared == installed {
		return true
	}
	if ecosystem == ecosystemPyPI && !strings.Contains(declared, "+") {
		installed, _, _ = strings.Cut(installed, "+")
	}
	v, err := semantic.Parse(declared, ecosystem)
	if err != nil {
		return false
	}
	order, err := v.CompareStr(installed)
	return err == nil && order == 0
}

// normalName gives a name as OSV writes it; empty for a placeholder.
func normalName(ecosystem, name string) string {
	if strings.Contains(name, "${") {
		return ""
	}
	switch ecosystem {
	case ecosystemPyPI:
		return normalPython(name)
	case ecosystemPackagist:
		return strings.ToLower(name)
	}
	return name
}

// normalPython lower-cases and makes every run of -, _ and . one hyphen
// (https://packaging.python.org/en/latest/specifications/name-normalization/).
func normalPython(name string) string {
	var out strings.Builder
	separator := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			separator = true
			continue
		}
		if separator {
			out.WriteByte('-')
			separator = false
		}
		out.WriteRune(r)
	}
	if separator {
		out.WriteByte('-')
	}
	return out.String()
}

// normalVersion gives a version as OSV writes it; empty for what is none:
// a placeholder, or a URL, a folder or a repository in a version's place.
func normalVersion(ecosystem, version string) string {
	if strings.Contains(version, "${") || strings.Contains(version, ":") {
		return ""
	}
	switch ecosystem {
	case ecosystemGo:
		if version == "(devel)" {
			return ""
		}
		return strings.TrimPrefix(version, "v")
	case ecosystemNPM:
		// npm takes "v1.0.0" and "=1.0.0" for "1.0.0".
		return strings.TrimLeft(version, "=v ")
	}
	return version
}

// purlOf gives the canonical package URL
// (https://github.com/package-url/purl-spec/tree/main/types-doc).
func purlOf(s sighting) string {
	namespace, name := "", s.name
	cut := func(separator string) {
		if i := strings.LastIndex(name, separator); i >= 0 {
			namespace, name = name[:i], name[i+1:]
		}
	}
	var kind string
	switch s.ecosystem {
	case ecosystemNPM:
		kind = packageurl.TypeNPM
		cut("/")
	case ecosystemPyPI:
		kind = packageurl.TypePyPi
	case ecosystemGo:
		kind = packageurl.TypeGolang
		name = strings.ToLower(name)
		cut("/")
	case ecosystemMaven:
		kind = packageurl.TypeMaven
		cut(":")
	case ecosystemRubyGems:
		kind = packageurl.TypeGem
	case ecosystemNuGet:
		kind = packageurl.TypeNuget
	case ecosystemPackagist:
		kind = packageurl.TypeComposer
		cut("/")
	case ecosystemCrates:
		kind = packageurl.TypeCargo
	}
	return packageurl.NewPackageURL(kind, namespace, name, s.version, nil, "").ToString()
}
