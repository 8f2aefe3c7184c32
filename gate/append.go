package gate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// newPolicyFile is what AppendWaiver begins a missing file with.
const newPolicyFile = "version: 1\nextends: baseline\n"

// AppendWaiver adds a waiver to a policy file, and creates the file, as an
// extension of baseline, if there is none. Every byte that was there stays:
// comments, order, indentation and line endings. The new content must load, with
// one waiver more and nothing else changed, before it replaces the old in one
// step. A waiver of the same finding and target that is already in the file is an
// error, also when it has expired: renew that one. Source is ignored, and so is
// the Loader's pinned digest, since the change gives the policy a new one.
func (l Loader) AppendWaiver(file string, w Waiver) error {
	l.PinnedDigest = ""
	if ref, err := l.refer(file, nil); err != nil {
		return &Error{Err: err}
	} else if ref.file == "" {
		return &Error{Err: fmt.Errorf("policy %q is built in and can't be changed; a waiver goes into a file that extends it", file)}
	}
	if err := l.checkNewWaiver(file, w); err != nil {
		return err
	}
	// Writing goes where a link leads, so that the link stays one.
	real, err := filepath.EvalSymlinks(file)
	var old []byte
	mode := fs.FileMode(0o644)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		real, old = file, []byte(newPolicyFile)
	case err != nil:
		return &Error{File: file, Err: fmt.Errorf("can't be read: %w", err)}
	default:
		if old, err = readRegular(real); err != nil {
			return &Error{File: file, Err: err}
		}
		info, err := os.Stat(real)
		if err != nil {
			return &Error{File: file, Err: fmt.Errorf("can't be read: %w", err)}
		}
		mode = info.Mode().Perm()
	}
	changed, err := l.withWaiver(file, old, w)
	if err != nil {
		return err
	}
	if err := replaceFile(real, changed, mode); err != nil {
		return &Error{File: file, Err: fmt.Errorf("can't be written: %w", err)}
	}
	return nil
}

// checkNewWaiver refuses a waiver that would not be read back as it is.
func (l Loader) checkNewWaiver(file string, w Waiver) error {
	var errs errorList
	wrong := checkWaiver(w)
	for _, key := range []string{"fingerprint", "rule", "subject", "owner", "reason", "expires"} {
		if err, is := wrong[key]; is {
			errs.add(&Error{File: file, Err: err})
		}
	}
	if w.Rule != "" {
		if err := knownWaiverRule(w.Rule, l.ruleIDs()); err != nil {
			errs.add(&Error{File: file, Err: fmt.Errorf("rule: %w", err)})
		}
	}
	for _, e := range waiverPairs(w) {
		if err := checkText(file, []byte(e.value)); err != nil {
			errs.add(&Error{File: file, Err: fmt.Errorf("%s %q holds bytes that are not text", e.key, e.value)})
		}
	}
	return errs.join()
}

// withWaiver returns the file's content with one waiver more.
func (l Loader) withWaiver(file string, old []byte, w Waiver) ([]byte, error) {
	before, err := l.load(file, old)
	if err != nil {
		return nil, err
	}
	top := len(before.Sources) - 1
	for _, other := range before.Waivers {
		if other.level == top && sameAcceptance(other, w) {
			return nil, &Error{File: file, Err: fmt.Errorf("it is waived already at %s, until %s; change that waiver", other.Source, other.Expires.Format(time.DateOnly))}
		}
	}
	tree, problem := parseYAML(file, old)
	if problem != nil {
		return nil, problem
	}
	changed, ok := insertWaiver(old, tree, w)
	if ok {
		_, err = l.load(file, changed)
		ok = err == nil && onlyAdds(old, changed, w)
	}
	if !ok {
		return nil, &Error{File: file, Err: fmt.Errorf("can't add to the waivers in the way this file writes them; add this one by hand:\n%s", blockEntry(w, "  ", "\n"))}
	}
	return changed, nil
}

// sameAcceptance says whether two waivers accept the same thing.
func sameAcceptance(a, b Waiver) bool {
	if a.Target != b.Target || a.Rule != b.Rule || a.Subject != b.Subject {
		return false
	}
	return strings.HasPrefix(a.Fingerprint, b.Fingerprint) && b.Fingerprint != "" ||
		strings.HasPrefix(b.Fingerprint, a.Fingerprint) && a.Fingerprint != "" ||
		a.Fingerprint == b.Fingerprint
}

// onlyAdds compares the two contents as plain YAML: all that was there is there,
// and the list of waivers has the new one at its beginning or end.
func onlyAdds(old, changed []byte, w Waiver) bool {
	var before, after map[string]any
	if yaml.Unmarshal(plainText(old), &before) != nil || yaml.Unmarshal(plainText(changed), &after) != nil {
		return false
	}
	had, _ := before["waivers"].([]any)
	has, _ := after["waivers"].([]any)
	delete(before, "waivers")
	delete(after, "waivers")
	if len(has) != len(had)+1 || !reflect.DeepEqual(before, after) {
		return false
	}
	added := map[string]any{}
	for _, e := range waiverPairs(w) {
		added[e.key] = e.value
	}
	last := len(has) - 1
	for _, i := range []int{last, 0} {
		rest := slices.Delete(slices.Clone(has), i, i+1)
		if reflect.DeepEqual(has[i], any(added)) && (len(had) == 0 || reflect.DeepEqual(rest, had)) {
			return true
		}
	}
	return false
}

// replaceFile writes beside the file and renames, so that no reader ever sees
// half of it.
func replaceFile(file string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(data)
	if err := cmp.Or(werr, f.Chmod(mode), f.Sync()); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
