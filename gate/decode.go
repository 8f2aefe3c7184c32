package gate

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder reads the YAML tree of one policy file into values and gathers what
// is wrong with it. Every read function leaves its target alone when the node
// is not what it should be.
type decoder struct {
	file       string
	rules      []string
	inspectors []string
	errs       *errorList
}

// field is a key that a mapping may have and what to do with its value.
type field struct {
	key      string
	required bool
	read     func(ast.Node)
}

func (d *decoder) at(n ast.Node) position { return positionOf(d.file, n) }

func (d *decoder) errorf(n ast.Node, format string, args ...any) {
	d.errs.add(d.at(n).errorf(format, args...))
}

// mapping reads a mapping that has these keys and no other, and returns where
// each one stands.
func (d *decoder) mapping(n ast.Node, what string, fields []field) map[string]position {
	pairs, ok := pairsOf(n)
	if !ok {
		d.errorf(n, "%s must be a mapping, not %s", what, kindOf(n))
		return nil
	}
	known := make(map[string]field, len(fields))
	var keys []string
	for _, f := range fields {
		known[f.key] = f
		keys = append(keys, f.key)
	}
	seen := map[string]position{}
	for _, pair := range pairs {
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			d.errorf(pair.Key, "a key of %s must be a word %s", what, allowed(keys))
			continue
		}
		f, ok := known[key.Value]
		if !ok {
			d.errorf(key, "unknown key %q in %s%s %s", key.Value, what, didYouMean(key.Value, keys), allowed(keys))
			continue
		}
		if first, twice := seen[f.key]; twice {
			d.errorf(key, "key %q is in %s twice; the first is in line %d", f.key, what, first.line)
			continue
		}
		seen[f.key] = d.at(key)
		f.read(pair.Value)
	}
	for _, f := range fields {
		if _, has := seen[f.key]; f.required && !has {
			d.errs.add(startOf(d.file, n).errorf("%s lacks its %q", what, f.key))
		}
	}
	return seen
}

func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

// startOf is where a node begins; a block mapping's own token is the colon after
// its first key.
func startOf(file string, n ast.Node) position {
	if m, ok := n.(*ast.MappingNode); ok && m.IsFlowStyle {
		return positionOf(file, n)
	}
	if pairs, ok := pairsOf(n); ok && len(pairs) > 0 {
		return positionOf(file, pairs[0].Key)
	}
	return positionOf(file, n)
}

// list reads each item of a list. A key without a value is an empty list, so
// that all items can be commented out.
func (d *decoder) list(what string, item func(ast.Node)) func(ast.Node) {
	return func(n ast.Node) {
		if isImplicitNull(n) {
			return
		}
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			d.errorf(n, "%s must be a list, not %s", what, kindOf(n))
			return
		}
		for _, v := range seq.Values {
			item(v)
		}
	}
}

// text reads a string that says something, as it is.
func (d *decoder) text(what string, to *string) func(ast.Node) {
	return func(n ast.Node) {
		var s string
		switch v := n.(type) {
		case *ast.StringNode:
			s = v.Value
		case *ast.LiteralNode:
			s = v.Value.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			d.errorf(n, "%s must be text, not %s; put it in quotes", what, kindOf(n))
			return
		default:
			d.errorf(n, "%s must be text, not %s", what, kindOf(n))
			return
		}
		if strings.TrimSpace(s) == "" {
			d.errorf(n, "%s is empty", what)
			return
		}
		*to = s
	}
}

func (d *decoder) boolean(what string, to *bool) func(ast.Node) {
	return func(n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.errorf(n, "%s must be true or false, not %s", what, kindOf(n))
			return
		}
		*to = b.Value
	}
}

// integer reads a whole number from 0 to most.
func (d *decoder) integer(what string, most int64, use func(int64)) func(ast.Node) {
	return func(n ast.Node) {
		if _, ok := n.(*ast.IntegerNode); !ok {
			d.errorf(n, "%s must be a whole number, not %s", what, kindOf(n))
			return
		}
		v, err := parseDigits(n.GetToken().Value)
		if err != nil || v > most {
			d.errorf(n, "%s must be a whole number from 0 to %d, not %s", what, most, n.GetToken().Value)
			return
		}
		use(v)
	}
}

// parsed reads text in a form of its own. A number or a boolean is no text even
// if its characters would do, but what the form is says more than that.
func (d *decoder) parsed(what string, parse func(string) error) func(ast.Node) {
	return func(n ast.Node) {
		switch n.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			if err := parse(n.GetToken().Value); err != nil {
				d.errorf(n, "%s: %w", what, err)
				return
			}
		}
		var s string
		if d.text(what, &s)(n); s == "" {
			return
		}
		if err := parse(s); err != nil {
			d.errorf(n, "%s: %w", what, err)
		}
	}
}

// parseDigits reads plain decimal digits; YAML's octal, hexadecimal and
// underscored numbers would only hide a value from a reviewer.
func parseDigits(s string) (int64, error) {
	if len(s) > 1 && s[0] == '0' {
		return 0, strconv.ErrSyntax
	}
	v, err := strconv.ParseUint(s, 10, 63)
	return int64(v), err
}
