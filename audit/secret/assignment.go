package secret

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	// shortestSetPassword is less than a password in a file must have, because
	// here nothing else than a password is likely.
	shortestSetPassword = 6
	// mostAssignments bounds how many words of one command line are looked at.
	mostAssignments = 10_000
)

// namedMatch is a credential and the name that it is assigned to, if any.
type namedMatch struct {
	settled
	name string
}

// valueMatches are the credentials in a value or a command line.
type valueMatches struct {
	matches []namedMatch
	// exceeded is set if there were more than can be listed.
	exceeded bool
}

// span is an assignment in a text: bounds of the name and of the value.
type span struct{ name, nameEnd, start, end int }

// value scans a value that is known to belong to a name: an environment
// variable, a label. Name and value need no quotes, and the value has its whole
// length, spaces included.
func (e *engine) value(ctx context.Context, name, value string, hash func(audit.Secret) string) (valueMatches, error) {
	text := []byte(name + "=" + value)
	return e.assignments(ctx, text, []span{{0, len(name), len(name) + 1, len(text)}}, fileFacts{unquoted: true}, hash)
}

// assignment is a word NAME=value or --name=value of a command line.
var assignment = regexp.MustCompile("(?:^|[\\s\"'`;(\\[])-{0,2}([A-Za-z_][A-Za-z0-9_.-]*)=(\"[^\"]*\"|'[^']*'|[^\\s;&|\"']*)")

// command scans a command line or a build step, in which words may assign.
func (e *engine) command(ctx context.Context, text string, hash func(audit.Secret) string) (valueMatches, error) {
	var spans []span
	words := assignment.FindAllStringSubmatchIndex(text, mostAssignments)
	for _, m := range words {
		s := span{m[2], m[3], m[4], m[5]}
		if s.end-s.start >= 2 && isQuote(text[s.start]) && text[s.start] == text[s.end-1] {
			s.start, s.end = s.start+1, s.end-1
		}
		if v := text[s.start:s.end]; v != "" && v[0] != '$' && v[0] != '`' { // which the shell replaces
			spans = append(spans, s)
		}
	}
	found, err := e.assignments(ctx, []byte(text), spans, fileFacts{}, hash)
	found.exceeded = found.exceeded || len(words) == mostAssignments
	return found, err
}

// assignments scans a text of which it is known what it assigns.
func (e *engine) assignments(ctx context.Context, text []byte, spans []span, file fileFacts, hash func(audit.Secret) string) (valueMatches, error) {
	s := scanner{engine: e, file: file, claims: claims{hash: hash}}
	generic := slices.IndexFunc(e.detectors, func(d detector) bool { return d.specific == byName })
	judged := 0
	for _, a := range spans {
		m, ok := judge(text, a)
		if !ok || generic < 0 {
			continue
		}
		if judged++; judged > maxValues {
			s.claims.exceeded = true
			break
		}
		m.detector = &e.detectors[generic]
		s.claims.add(0, m)
	}
	err := s.whole(ctx, text)
	found := valueMatches{exceeded: s.claims.exceeded}
	for _, m := range s.claims.settled {
		found.matches = append(found.matches, namedMatch{m, nameOf(text, spans, m.start)})
	}
	return found, err
}

// judge weighs one assigned value by its name and shape.
func judge(text []byte, a span) (match, bool) {
	name := text[a.name:a.nameEnd]
	kind := kindOfName(name)
	start, end := passwordInURL(text, a.start, a.end)
	if start != a.start {
		kind = namePassword
	}
	v := text[start:end]
	if kind == nameOther || len(v) == 0 || len(v) > longestValue || weigh(v, kind) == noEvidence && (start != a.start || !setPassword(name, v)) {
		return match{}, false
	}
	return match{
		start: int64(start), end: int64(end), line: 1, column: start + 1, value: audit.NewSecret(string(v)),
		shown: shownName(string(name)) + "=", confidence: audit.ConfidenceMedium, strong: true,
	}, true
}

// setPassword accepts what is assigned to a name that ends in a word for
// password. In source such a name may be that of a form field or of a message;
// in an environment the value is the password, however weak it is.
func setPassword(name, v []byte) bool {
	words := splitName(name)
	last := words[len(words)-1]
	if !slices.ContainsFunc([]string{"password", "passwd", "passphrase"}, func(w string) bool { return strings.HasSuffix(last, w) }) {
		return false
	}
	return len(v) >= shortestSetPassword && all(v, isVisible) && count(v, isLetter) > 0 &&
		!placeholder(v) && !reference(v) && !slices.Contains([]string{"required", "optional", "disabled", "enabled", "default"}, strings.ToLower(string(v)))
}

// nameOf gives the name of the value that an offset lies in.
func nameOf(text []byte, spans []span, offset int64) string {
	i, found := slices.BinarySearchFunc(spans, offset, func(a span, offset int64) int {
		switch {
		case int64(a.end) <= offset:
			return -1
		case int64(a.start) > offset:
			return 1
		}
		return 0
	})
	if !found {
		return ""
	}
	return string(text[spans[i].name:spans[i].nameEnd])
}

// shownName is a name as a report may show it: printable, short, and nothing
// that may be a credential itself.
func shownName(name string) string {
	if randomLooking([]byte(name)) {
		return "(name not shown)"
	}
	if len(name) > nameShown {
		name = name[:nameShown] + "..."
	}
	return clean(name)
}
