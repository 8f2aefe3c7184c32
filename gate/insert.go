package gate

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// insertWaiver returns a policy file's content with a waiver put in at the end of
// its block-style list, or at the beginning of its flow-style one. It works on
// the text, by the places the tree knows; ok is false when the file is written in
// a way it can't extend. The caller checks the result.
func insertWaiver(data []byte, doc *ast.DocumentNode, w Waiver) (changed []byte, ok bool) {
	text := newPolicyText(data)
	root, ok := doc.Body.(*ast.MappingNode)
	if !ok {
		return nil, false
	}
	var waivers *ast.MappingValueNode
	for _, pair := range root.Values {
		if pair.Key.GetToken().Value == "waivers" {
			waivers = pair
		}
	}
	switch {
	case waivers == nil && root.IsFlowStyle:
		return text.insertAfter(root.Start, "waivers: ["+flowEntry(w)+"], ")
	case waivers == nil:
		indent := strings.Repeat(" ", root.Values[0].Key.GetToken().Position.Column-1)
		return text.insertLines(text.end(doc), indent+"waivers:"+text.eol+blockEntry(w, indent+"  ", text.eol)), true
	case isImplicitNull(waivers.Value) && !root.IsFlowStyle:
		key := waivers.Key.GetToken().Position
		return text.insertLines(text.lineStart(key.Line+1), blockEntry(w, strings.Repeat(" ", key.Column+1), text.eol)), true
	}
	seq, ok := waivers.Value.(*ast.SequenceNode)
	switch {
	case !ok:
		return nil, false
	case seq.IsFlowStyle && len(seq.Values) == 0:
		return text.insertAfter(seq.Start, flowEntry(w))
	case seq.IsFlowStyle:
		return text.insertAfter(seq.Start, flowEntry(w)+", ")
	}
	indent := seq.Start.Position.Column - 1
	end := text.skipBack(text.after(doc, root, waivers), indent)
	return text.insertLines(end, blockEntry(w, strings.Repeat(" ", indent), text.eol)), true
}

// policyText is a file's bytes with what is needed to find places in them.
type policyText struct {
	data  []byte
	lines []int // offset of each line
	eol   string
}

func newPolicyText(data []byte) policyText {
	t := policyText{data: data, lines: []int{0}, eol: "\n"}
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.HasSuffix(first, []byte("\r")) {
		t.eol = "\r\n"
	}
	for i, b := range data {
		if b == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// lineStart is the offset of a line, counted from 1, or the end of the data.
func (t policyText) lineStart(line int) int {
	if line > len(t.lines) {
		return len(t.data)
	}
	return t.lines[line-1]
}

// end is where the document ends: its end marker or the end of the data.
func (t policyText) end(doc *ast.DocumentNode) int {
	if doc.End != nil {
		return t.lineStart(doc.End.Position.Line)
	}
	return len(t.data)
}

// after is where whatever follows a key of the root begins.
func (t policyText) after(doc *ast.DocumentNode, root *ast.MappingNode, key *ast.MappingValueNode) int {
	for i, pair := range root.Values {
		if pair == key && i+1 < len(root.Values) {
			return t.lineStart(root.Values[i+1].Key.GetToken().Position.Line)
		}
	}
	return t.end(doc)
}

// skipBack goes back over blank lines, and over comments that are not indented
// deeper than the list: those are about what follows.
func (t policyText) skipBack(at, indent int) int {
	for at > 0 {
		start := bytes.LastIndexByte(t.data[:at-1], '\n') + 1
		line := string(t.data[start:at])
		content := strings.TrimLeft(line, " ")
		blank := strings.TrimSpace(line) == ""
		comment := strings.HasPrefix(content, "#") && len(line)-len(content) <= indent
		if !blank && !comment {
			return at
		}
		at = start
	}
	return at
}

func (t policyText) insert(at int, s string) []byte {
	changed := make([]byte, 0, len(t.data)+len(s))
	changed = append(changed, t.data[:at]...)
	changed = append(changed, s...)
	return append(changed, t.data[at:]...)
}

// insertAfter inserts behind a bracket; ok is false if it isn't where the parser
// says. Columns count characters, and a byte order mark is none of them.
func (t policyText) insertAfter(bracket *token.Token, s string) (changed []byte, ok bool) {
	at := t.lineStart(bracket.Position.Line)
	if at == 0 && bytes.HasPrefix(t.data, byteOrderMark) {
		at = len(byteOrderMark)
	}
	for range bracket.Position.Column - 1 {
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	if !bytes.HasPrefix(t.data[at:], []byte(bracket.Value)) {
		return nil, false
	}
	return t.insert(at+len(bracket.Value), s), true
}

// insertLines inserts whole lines, ending the line before them if it has no end.
func (t policyText) insertLines(at int, s string) []byte {
	if at > 0 && t.data[at-1] != '\n' {
		s = t.eol + s
	}
	return t.insert(at, s)
}

// waiverPair is a key of a waiver and its value.
type waiverPair struct{ key, value string }

// waiverPairs are the keys that a waiver is written with, in their order.
func waiverPairs(w Waiver) []waiverPair {
	var pairs []waiverPair
	for _, p := range []waiverPair{
		{"fingerprint", w.Fingerprint}, {"rule", w.Rule}, {"subject", w.Subject}, {"target", w.Target},
		{"owner", w.Owner}, {"reason", w.Reason}, {"expires", w.Expires.UTC().Format(time.DateOnly)},
	} {
		if p.value != "" {
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// blockEntry writes a waiver as an item of a block-style list.
func blockEntry(w Waiver, indent, eol string) string {
	var b strings.Builder
	for i, p := range waiverPairs(w) {
		lead := "- "
		if i > 0 {
			lead = "  "
		}
		b.WriteString(indent + lead + p.key + ": " + scalar(p.value) + eol)
	}
	return b.String()
}

// flowEntry writes a waiver as an item of a flow-style list.
func flowEntry(w Waiver) string {
	var items []string
	for _, p := range waiverPairs(w) {
		items = append(items, p.key+": "+scalar(p.value))
	}
	return "{" + strings.Join(items, ", ") + "}"
}

var (
	// plainForm is text that every YAML reader takes for the same text without
	// quotes, in block and in flow style, unless it is one of the plainWords.
	plainForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_@/.-]*( [A-Za-z0-9_@/.(-][A-Za-z0-9_@/.()-]*)*$`)
	plainWords = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n)$`)
	dayForm    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// scalar writes text as a YAML scalar. A JSON string is a double-quoted one
// (https://yaml.org/spec/1.2.2/#13-relation-to-json).
func scalar(s string) string {
	if plainForm.MatchString(s) && !plainWords.MatchString(s) || dayForm.MatchString(s) {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // neither a string nor a strings.Builder can fail
	return strings.TrimSuffix(b.String(), "\n")
}
