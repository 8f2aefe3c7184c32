package gate

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a policy file. The parser's time grows with the square of the number
// of tokens and of blank lines in a row, and its stack with nesting, so all are
// bounded before it runs; there is room for a thousand waivers.
const (
	maxPolicyBytes = 1 << 20
	maxTokens      = 20_000
	maxNesting     = 32
	maxBlankLines  = 100
)

// byteOrderMark begins files that some editors on Windows write.
var byteOrderMark = []byte("\ufeff")

// parseYAML reads one YAML document (https://yaml.org/spec/1.2.2/) without
// anchors, aliases, tags, directives and merge keys, which a policy has no use
// for and a reviewer would have to expand in their head.
func parseYAML(file string, data []byte) (doc *ast.DocumentNode, problem *Error) {
	start := position{file, 1, 1}
	defer func() {
		if r := recover(); r != nil {
			doc, problem = nil, start.errorf("not readable as YAML: the parser crashed: %v", r)
		}
	}()
	if len(data) > maxPolicyBytes {
		return nil, start.errorf("policy is larger than %d bytes", maxPolicyBytes)
	}
	if err := checkText(file, data); err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(string(plainText(data)))
	if err := checkTokens(file, tokens); err != nil {
		return nil, err
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxError(file, err)
	}
	for _, d := range tree.Docs {
		if d.Body == nil || d.Body.Type() == ast.CommentType {
			continue
		}
		if doc != nil {
			return nil, positionOf(file, d.Body).errorf("a policy is one YAML document; this begins another")
		}
		doc = d
	}
	if doc == nil {
		return nil, start.errorf("policy is empty; it begins with %q", "version: 1")
	}
	return doc, nil
}

// plainText is a file's text without byte order mark and carriage returns, which
// the parser counts as lines of their own after a comment.
func plainText(data []byte) []byte {
	return bytes.ReplaceAll(bytes.TrimPrefix(data, byteOrderMark), []byte("\r\n"), []byte("\n"))
}

// checkText refuses bytes that no YAML file holds and that editors don't show,
// and long runs of blank lines.
func checkText(file string, data []byte) *Error {
	line, blank := 1, 0
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		at := position{file, line, 1}
		switch {
		case r == utf8.RuneError && size == 1:
			return at.errorf("line is not UTF-8 text")
		case r == '\n' && blank == maxBlankLines:
			return at.errorf("more than %d blank lines in a row", maxBlankLines)
		case r == '\n':
			line++
			blank++
		case r == ' ', r == '\t', r == '\r' && bytes.HasPrefix(rest, []byte("\r\n")):
		case r == '\r':
			return at.errorf("line holds a carriage return without a line feed")
		case r < ' ', r == 0x7f:
			return at.errorf("line holds the control character %q", r)
		default:
			blank = 0
		}
		rest = rest[size:]
	}
	return nil
}

// checkTokens refuses what the parser is not safe with and what a policy may
// not use.
func checkTokens(file string, tokens token.Tokens) *Error {
	if len(tokens) > maxTokens {
		return tokenPosition(file, tokens[maxTokens]).errorf("policy has more than %d YAML tokens", maxTokens)
	}
	var open, onLine, line int
	var content, ended bool
	for _, t := range tokens {
		at := tokenPosition(file, t)
		if at.line != line {
			line, onLine = at.line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open--
		case token.SequenceEntryType:
			onLine++ // "- - -" nests without indenting
		case token.CommentType:
			continue
		case token.DocumentHeaderType, token.DocumentEndType:
			ended = ended || content || t.Type == token.DocumentEndType
			continue
		}
		if what := unsupported(t); what != "" {
			return at.errorf("%s", what)
		}
		if open > maxNesting || onLine > maxNesting {
			return at.errorf("nested deeper than %d levels", maxNesting)
		}
		if ended {
			return at.errorf("a policy is one YAML document; this begins another")
		}
		content = true
	}
	return nil
}

// unsupported says why a policy may not hold a token, or nothing.
func unsupported(t *token.Token) string {
	switch t.Type {
	case token.AnchorType:
		return `anchors are not supported; quote a value that begins with "&"`
	case token.AliasType:
		return `aliases are not supported; quote a glob that begins with "*" or holds ":*"`
	case token.TagType:
		return `tags are not supported; quote a value that begins with "!"`
	case token.DirectiveType:
		return "directives are not supported"
	case token.MergeKeyType:
		return "merge keys are not supported"
	case token.MappingKeyType:
		return `explicit keys are not supported; quote a value that begins with "?"`
	default:
		return ""
	}
}

// syntaxError keeps the parser's sentence and place, without its excerpt.
func syntaxError(file string, err error) *Error {
	var e yaml.Error
	if !errors.As(err, &e) {
		return position{file, 1, 1}.errorf("not readable as YAML: %w", err)
	}
	return tokenPosition(file, e.GetToken()).errorf("not readable as YAML: %s", e.GetMessage())
}

func positionOf(file string, n ast.Node) position { return tokenPosition(file, n.GetToken()) }

func tokenPosition(file string, t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{file, 1, 1}
	}
	return position{file, t.Position.Line, t.Position.Column}
}

// kindOf names a node's kind for "must be …, not …".
func kindOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return fmt.Sprintf("the number %s", n.GetToken().Value)
	case *ast.BoolNode:
		return fmt.Sprintf("the boolean %s", n.GetToken().Value)
	default:
		return "nothing"
	}
}

// isImplicitNull says whether a key has no value at all, as opposed to "null".
func isImplicitNull(n ast.Node) bool {
	null, ok := n.(*ast.NullNode)
	return ok && null.Token.Type == token.ImplicitNullType
}
