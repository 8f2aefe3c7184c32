package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// insideAvoided returns the artifact that has a say in what a path leads to, if
// any: the end or a link on the way to it lies in there. Folders are compared as
// the file system knows them, so that letter case, links and mounts make no
// difference.
func (l Loader) insideAvoided(path string) (string, error) {
	if len(l.Avoid) == 0 {
		return "", nil
	}
	decisive, err := stations(path)
	if err != nil {
		return "", err
	}
	for _, start := range decisive {
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

// stations returns the links on the way that the kernel takes along a path, and
// the end of it. It is taken as given: "a/.." is not ".", if a is a link.
func stations(path string) (found []string, err error) {
	const separator, maxHops = string(filepath.Separator), 255
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		dir, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		path = dir + separator + path
	}
	volume := filepath.VolumeName(path)
	done, rest := volume+separator, path[len(volume):]
	for rest != "" && len(found) < maxHops {
		var part string
		part, rest, _ = strings.Cut(rest, separator)
		switch part {
		case "", ".":
			continue
		case "..":
			done = filepath.Dir(done)
			continue
		}
		done = filepath.Join(done, part)
		target, err := os.Readlink(done)
		if err != nil {
			continue // no link
		}
		found = append(found, done)
		done = filepath.Dir(done)
		if filepath.IsAbs(target) {
			volume = filepath.VolumeName(target)
			done, target = volume+separator, target[len(volume):]
		}
		rest = target + separator + rest
	}
	return append(found, done), nil
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
