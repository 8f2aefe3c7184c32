package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Find looks for [FileName] in dir and every folder above it, up to the root of
// the repository (the first folder with a .git in it) or of the file system,
// and returns the first one, or an empty path. One that lies inside an artifact
// to be judged is returned in skipped and the search goes on; a .git inside an
// artifact doesn't end the search, or an artifact could hide the policy above it.
func (l Loader) Find(dir string) (path string, skipped []string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", nil, &Error{File: dir, Err: fmt.Errorf("folder can't be searched for a policy: %w", err)}
	}
	for {
		candidate := filepath.Join(dir, FileName)
		there, artifact, err := l.look(candidate)
		if err != nil {
			return "", skipped, &Error{File: candidate, Err: err}
		}
		if there && artifact == "" {
			return candidate, skipped, nil
		}
		if there {
			skipped = append(skipped, candidate)
		}
		root := filepath.Join(dir, ".git")
		there, artifact, err = l.look(root)
		if err != nil {
			return "", skipped, &Error{File: root, Err: err}
		}
		parent := filepath.Dir(dir)
		if there && artifact == "" || parent == dir {
			return "", skipped, nil
		}
		dir = parent
	}
}

// look says whether a path is there, even as a link that leads nowhere, and
// which artifact it lies in.
func (l Loader) look(path string) (there bool, artifact string, err error) {
	_, err = os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, "", nil
	}
	if err != nil {
		return false, "", err
	}
	artifact, err = l.insideAvoided(path)
	return true, artifact, err
}

// insideAvoided returns the artifact that a path lies in, if any: as it is named,
// or where its links lead. Folders are compared as the file system knows them,
// so that letter case, links and mounts make no difference.
func (l Loader) insideAvoided(path string) (string, error) {
	if len(l.Avoid) == 0 {
		return "", nil
	}
	named, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	starts := []string{named}
	for _, link := range []string{filepath.Dir(named), named} {
		if real, err := filepath.EvalSymlinks(link); err == nil {
			starts = append(starts, real)
		}
	}
	for _, start := range starts {
		for at := start; ; at = filepath.Dir(at) {
			if artifact, err := l.isAvoided(at); err != nil || artifact != "" {
				return artifact, err
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	return "", nil
}

// isAvoided returns the artifact that a path is.
func (l Loader) isAvoided(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil // not there to be an artifact; reading it will say so
	}
	for _, artifact := range l.Avoid {
		other, err := os.Stat(artifact)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("artifact %q can't be told from the policy's place: %w", artifact, err)
		}
		if os.SameFile(info, other) {
			return artifact, nil
		}
	}
	return "", nil
}
