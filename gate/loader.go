package gate

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// maxChain is how many policies a chain of extends may have, the base and the
// named one included.
const maxChain = 5

// Loader reads policies.
type Loader struct {
	// BuiltIn holds the built-in policies as NAME.yaml.
	BuiltIn fs.FS
	// Rules and Inspectors are all that this release knows; a policy that names
	// another is an error.
	Rules      []audit.Rule
	Inspectors []string
	// Avoid are the artifacts to be judged. A policy that lies inside one is
	// refused, since what is judged can't bring its own judge; only a
	// PinnedDigest lets it in.
	Avoid []string
	// PinnedDigest, when set, is the only digest that Load accepts.
	PinnedDigest string
}

// Load reads a built-in policy by its name (no slash, no extension) or a policy
// file, with all that it extends. Every error is an [Error].
func (l Loader) Load(nameOrFile string) (Policy, error) { return l.load(nameOrFile, nil) }

// load is Load with the content of the named file given, unless nil.
func (l Loader) load(nameOrFile string, content []byte) (Policy, error) {
	if l.PinnedDigest != "" && !digestForm.MatchString(l.PinnedDigest) {
		return Policy{}, &Error{Err: fmt.Errorf("pinned digest %q is not a digest (form: sha256: and 64 lower-case hex digits)", l.PinnedDigest)}
	}
	var errs errorList
	docs, whole := l.chain(nameOrFile, content, &errs)
	if whole {
		if digest := digestOf(docs); l.PinnedDigest != "" && digest != l.PinnedDigest {
			return Policy{}, &Error{File: nameOrFile, Err: fmt.Errorf("policy has digest %s, but %s is pinned", digest, l.PinnedDigest)}
		}
	}
	if !errs.empty() {
		return Policy{}, errs.join()
	}
	policy := resolve(docs, &errs)
	if !errs.empty() {
		return Policy{}, errs.join()
	}
	policy.Name = nameOrFile
	return policy, nil
}

// reference is one policy of a chain.
type reference struct {
	name string // built-in name or file, for messages
	file string // empty for a built-in
}

// clausePrefix is what the names of its clauses begin with.
func (r reference) clausePrefix() string {
	if r.file == "" {
		return r.name
	}
	return filepath.Base(r.file)
}

// identity is the same for two references to one policy.
func (r reference) identity() string {
	if r.file == "" {
		return "built-in " + r.name
	}
	file := r.file
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	return "file " + file
}

// chain reads the named policy and all it extends, base first. whole is false
// when a link could not be followed.
func (l Loader) chain(nameOrFile string, content []byte, errs *errorList) (docs []document, whole bool) {
	ref, err := l.refer(nameOrFile, nil)
	from := func(format string, args ...any) *Error { return &Error{Err: fmt.Errorf(format, args...)} }
	seen := map[string]bool{}
	for err == nil {
		if seen[ref.identity()] {
			err = fmt.Errorf("policies extend each other in a circle: %q is in its own chain", ref.name)
			break
		}
		seen[ref.identity()] = true
		if content == nil {
			content, err = l.read(ref)
		}
		if err != nil {
			break
		}
		doc, readable := l.document(ref, content, errs)
		docs = append([]document{doc}, docs...)
		if !readable {
			return docs, false
		}
		if doc.extends == "" {
			return docs, true
		}
		content, from = nil, doc.extendsAt.errorf
		if len(docs) == maxChain {
			err = fmt.Errorf("a chain of more than %d policies", maxChain)
			break
		}
		ref, err = l.refer(doc.extends, &ref)
	}
	errs.add(from("%w", err))
	return docs, false
}

// refer finds out what a name means; from is the policy that extends it.
func (l Loader) refer(name string, from *reference) (reference, error) {
	if filepath.Ext(name) == "" && !strings.ContainsAny(name, `/\`) {
		if names := l.builtInNames(); !slices.Contains(names, name) {
			return reference{}, fmt.Errorf("unknown policy %q%s (built in: %s; a file has a slash or an extension)",
				name, didYouMean(name, names), strings.Join(names, ", "))
		}
		return reference{name: name}, nil
	}
	if from == nil {
		return reference{name: name, file: name}, nil
	}
	if from.file == "" {
		return reference{}, fmt.Errorf("a built-in policy can't extend the file %q", name)
	}
	file := filepath.FromSlash(name)
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(from.file), file)
	}
	return reference{name: file, file: file}, nil
}

func (l Loader) builtInNames() []string {
	if l.BuiltIn == nil {
		return nil
	}
	files, err := fs.Glob(l.BuiltIn, "*.yaml")
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	return names
}

// read returns a policy's bytes.
func (l Loader) read(ref reference) ([]byte, error) {
	if ref.file == "" {
		return fs.ReadFile(l.BuiltIn, ref.name+".yaml")
	}
	if l.PinnedDigest == "" {
		if artifact, err := l.insideAvoided(ref.file); err != nil {
			return nil, err
		} else if artifact != "" {
			return nil, fmt.Errorf("policy %q lies inside the artifact %q; what is judged can't bring its own policy: move it out, or pin its digest", ref.file, artifact)
		}
	}
	return readRegular(ref.file)
}

// readRegular reads a file up to one byte over the bound. Anything but a regular
// file is refused: a named pipe would block for ever.
func readRegular(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("policy %q can't be read: %w", file, errors.Unwrap(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("policy %q is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("policy %q can't be read: %w", file, errors.Unwrap(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPolicyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("policy %q can't be read: %w", file, err)
	}
	return data, nil
}

// document parses and decodes one policy; readable is false when it isn't YAML.
func (l Loader) document(ref reference, content []byte, errs *errorList) (doc document, readable bool) {
	doc = document{source: Source{Name: ref.name, Content: content}, policy: ref.clausePrefix()}
	tree, err := parseYAML(ref.name, content)
	if err != nil {
		errs.add(err)
		return doc, false
	}
	d := decoder{file: ref.name, rules: l.ruleIDs(), inspectors: l.Inspectors, errs: errs}
	d.decodeDocument(tree.Body, &doc)
	return doc, true
}

func (l Loader) ruleIDs() []string {
	var ids []string
	for _, r := range l.Rules {
		ids = append(ids, r.ID)
	}
	return ids
}

func digestOf(docs []document) string {
	sum := sha256.New()
	for _, doc := range docs {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(doc.source.Content)))
		sum.Write(length[:])
		sum.Write(doc.source.Content)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
