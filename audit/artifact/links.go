package artifact

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
)

const (
	// maxLinks bounds how many links of one archive are resolved, maxHops and
	// maxSteps (path components) how far each is followed. Linux gives up after
	// 40 links (path_resolution(7)).
	maxLinks = 10_000
	maxHops  = 40
	maxSteps = 1_000
)

// taskRoot is where Lambda unpacks a zip.
const taskRoot = "/var/task"

var (
	errOutside    = errors.New("leads outside the artifact")
	errProvided   = errors.New("leads to a place that Lambda provides")
	errNowhere    = errors.New("is a loop or a link that can't be read")
	errUnresolved = errors.New("can't be resolved")
)

// providedByLambda says whether an absolute path is one that the execution
// environment has of itself
// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html).
func providedByLambda(target string) bool {
	for _, root := range []string{"/opt", "/var/lang", "/var/runtime", taskRoot, "/tmp", "/usr", "/bin", "/lib", "/lib64", "/dev/null"} {
		if target == root || strings.HasPrefix(target, root+"/") {
			return true
		}
	}
	return false
}

// readLinks reads the targets of an archive's links and reports those that
// leave it.
func (ix *index) readLinks(ctx context.Context, prefix string, limits Limits) error {
	links := 0
	for i := range ix.entries {
		e := &ix.entries[i]
		if !e.link || e.unread {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if links++; links > maxLinks {
			e.unread = true
			ix.problem(prefix+e.path, fmt.Sprintf("is one of more than %d symbolic links: it was not followed", maxLinks))
			continue
		}
		var err error
		if e.target, err = ix.readTarget(ctx, e, limits); err != nil {
			e.unread = true
			ix.problem(prefix+e.path, "is a symbolic link whose target can't be read: it "+reason(err))
		}
	}
	if links == 0 {
		return nil
	}
	for i := range ix.entries {
		e := &ix.entries[i]
		if !e.link || e.unread {
			continue
		}
		switch _, err := ix.follow(e.path); {
		case errors.Is(err, errOutside):
			ix.problem(prefix+e.path, outside(e.target))
		case errors.Is(err, errUnresolved):
			ix.problem(prefix+e.path, fmt.Sprintf("is a symbolic link to %s, which can't be resolved", quote(e.target)))
		}
	}
	return ctx.Err()
}

// inside lists the links that lead to a place in the archive.
func (ix *index) inside() []string {
	var paths []string
	for _, e := range ix.entries {
		if !e.link || e.unread {
			continue
		}
		if _, err := ix.follow(e.path); err == nil {
			paths = append(paths, e.path)
		}
	}
	return paths
}

// outside is the reason of a link that leaves the artifact.
func outside(target string) string {
	return fmt.Sprintf("is a symbolic link to %s, outside the artifact: what it points to was not examined", quote(target))
}

func (ix *index) readTarget(ctx context.Context, e *entry, limits Limits) (string, error) {
	size := e.file.UncompressedSize64
	if size > uint64(limits.PathBytes) {
		return "", &LimitError{Limit: limitPathBytes, Value: int64(size), Max: int64(limits.PathBytes)}
	}
	r, err := zipContent{ctx: ctx, file: e.file, view: ix.view}.open()
	if err != nil {
		return "", err
	}
	target := make([]byte, size)
	if err := readWhole(r, target); err != nil {
		_ = r.Close() // the read error is the one to tell
		return "", err
	}
	return string(target), r.Close()
}

// follow resolves a path through the archive's links, component by component
// as a kernel does, to one that holds no link. The path need not exist.
func (ix *index) follow(name string) (string, error) {
	var done string
	rest, hops, steps := name, 0, 0
	for rest != "" {
		if steps++; steps > maxSteps {
			return "", errUnresolved
		}
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			if done == "" {
				return "", errOutside
			}
			done = parent(done)
			continue
		}
		next := path.Join(done, part)
		e, ok := ix.find(next)
		if !ok || !e.link {
			done = next
			continue
		}
		if hops++; hops > maxHops || e.unread {
			return "", errNowhere
		}
		target := e.target
		if strings.HasPrefix(target, "/") {
			target = path.Clean(target)
			below, inside := strings.CutPrefix(target+"/", taskRoot+"/")
			if !inside && providedByLambda(target) {
				return "", errProvided
			}
			if !inside {
				return "", errOutside
			}
			done, target = "", below
		}
		rest = target + "/" + rest
	}
	return done, nil
}

// parent is path.Dir with "" for the root.
func parent(name string) string {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return ""
	}
	return name[:i]
}
