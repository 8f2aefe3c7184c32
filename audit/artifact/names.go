package artifact

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// cleanName turns the raw name of a zip entry into a relative path without
// doubled or dotted components. For a name that no extractor should honour it
// gives a reason instead. A name that is nothing but the root cleans to ".".
//
// Section 4.4.17 of the ZIP specification (APPNOTE.TXT) wants relative names
// with forward slashes. A backslash is a legal byte of a Linux file name and is
// kept, but a name that would escape if it were a separator is refused.
func cleanName(raw string, limits Limits) (name, refused string) {
	name = path.Clean(raw)
	slashed := strings.ReplaceAll(name, `\`, "/")
	outside := path.Clean(slashed)
	switch {
	case len(raw) > limits.PathBytes:
		e := &LimitError{Limit: limitPathBytes, Value: int64(len(raw)), Max: int64(limits.PathBytes)}
		return "", fmt.Sprintf("has an entry that was not examined: its name %s %s", quote(raw), e.reason())
	case strings.Contains(raw, "\x00"):
		return "", fmt.Sprintf("has an entry that was not examined: its name %s holds a NUL byte", quote(raw))
	case strings.HasPrefix(slashed, "/"), hasDrive(slashed):
		return "", fmt.Sprintf("has an entry that was not examined: its name %s is absolute", quote(raw))
	case outside == "..", strings.HasPrefix(outside, "../"):
		return "", fmt.Sprintf("has an entry that was not examined: its name %s leads outside the archive", quote(raw))
	}
	return name, ""
}

// quote is a string in quotes, cut where it gets longer than a person reads: a
// hostile artifact can have very many very long ones.
func quote(s string) string {
	const most = 200
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:most]) + "…"
}

// hasDrive says whether a name begins like "C:/".
func hasDrive(slashed string) bool {
	if len(slashed) < 3 || slashed[1] != ':' || slashed[2] != '/' {
		return false
	}
	letter := slashed[0] | 0x20
	return letter >= 'a' && letter <= 'z'
}

// hasArchiveExtension says whether a name ends like that of a zip archive, or
// of something that is one by another name.
func hasArchiveExtension(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".zip", ".jar", ".war", ".ear", ".whl", ".egg", ".nupkg", ".aar":
		return true
	}
	return false
}
