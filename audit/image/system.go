package image

import (
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// system is the operating system as os-release tells it
// (https://www.freedesktop.org/software/systemd/man/latest/os-release.html).
type system struct {
	id, version string
	info        audit.FileInfo // where it says so
}

// system reads os-release: the one in /etc wins over the vendor's.
func (f *collected) system() system {
	for _, name := range []string{osReleaseEtc, osReleaseUsr} {
		if t, ok := f.read(name); ok {
			fields := assignments(t.content)
			return system{id: fields["ID"], version: fields["VERSION_ID"], info: t.info}
		}
	}
	return system{}
}

// assignments reads NAME=value lines, the value bare or in quotes. Of a name
// that comes twice the last value counts, as in a shell.
func assignments(data []byte) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || name == "" || name[0] == '#' {
			continue
		}
		fields[name] = unquote(value)
	}
	return fields
}

func unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
}

// release is the key of the system in the table of life times: as much of its
// version as decides, so "alpine 3.19" for 3.19.1. Empty for a rolling release
// and for one of which nothing is known.
func (s system) release() string {
	parts := strings.Split(s.version, ".")
	count := 1
	switch s.id {
	case "alpine", "ubuntu":
		count = 2
	case "amzn":
		// "2018.03", but "2" and "2023"; a minor release of 2023 is in another
		// field.
		count = len(parts)
	}
	if len(parts) < count {
		return ""
	}
	for _, part := range parts {
		if !isNumber(part) {
			return ""
		}
	}
	return s.id + " " + strings.Join(parts[:count], ".")
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == ""
}
