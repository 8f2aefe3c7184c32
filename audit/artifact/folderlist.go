package artifact

import (
	"cmp"
	"context"
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

// listing is what a folder holds, before any file is opened.
type listing struct {
	root   *os.Root
	real   string // the folder's path without links
	limits Limits

	files    []listed // by path
	links    []listed // by path
	inside   []string // the paths of links that lead to a place in the folder
	problems []audit.Problem
	entries  int
	names    int64 // bytes of all paths
	bytes    int64
}

// listed is a file or a link.
type listed struct {
	path   string
	size   int64
	mode   fs.FileMode
	target string // of a link
}

// list goes through all folders below root, following no link.
func list(ctx context.Context, root *os.Root, limits Limits) (*listing, error) {
	real, err := realPath(root.Name())
	if err != nil {
		return nil, err
	}
	l := &listing{root: root, real: real, limits: limits}
	for folders := []string{"."}; len(folders) > 0; {
		folder := folders[len(folders)-1]
		below, err := l.folder(ctx, folder)
		if err != nil {
			return nil, err
		}
		folders = append(folders[:len(folders)-1], below...)
	}
	byPath := func(a, b listed) int { return cmp.Compare(a.path, b.path) }
	slices.SortFunc(l.files, byPath)
	slices.SortFunc(l.links, byPath)
	slices.Sort(l.inside)
	return l, nil
}

// group is some files of one folder: what a worker takes at a time.
type group struct {
	first int // its place in the listing
	files []listed
}

// groups splits the files so that none has many files or many bytes.
func (l *listing) groups() []group {
	const maxFiles, maxBytes = 64, 4 << 20
	var groups []group
	var bytes int64
	for i, f := range l.files {
		last := len(groups) - 1
		if last < 0 || path.Dir(f.path) != path.Dir(groups[last].files[0].path) || len(groups[last].files) == maxFiles || bytes > maxBytes {
			groups, bytes = append(groups, group{first: i}), 0
			last++
		}
		groups[last].files = l.files[groups[last].first : i+1]
		bytes += f.size
	}
	return groups
}

func realPath(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// folder lists one folder and returns those in it. It reads in portions, so
// that the limits hold in a folder of millions, too.
func (l *listing) folder(ctx context.Context, folder string) (below []string, err error) {
	f, err := l.root.OpenFile(folder, readOnly, 0)
	if err != nil {
		l.problem(folder, fmt.Sprintf("is a folder that can't be listed: %v", cause(err)))
		return nil, nil
	}
	defer func() { _ = f.Close() }() // it was only read
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		portion, err := f.ReadDir(1024)
		for _, d := range portion {
			isFolder, err := l.add(path.Join(folder, d.Name()), d)
			if err != nil {
				return nil, err
			}
			if isFolder {
				below = append(below, path.Join(folder, d.Name()))
			}
		}
		if err == io.EOF {
			return below, nil
		}
		if err != nil {
			l.problem(folder, fmt.Sprintf("is a folder that can't be listed to its end: %v", cause(err)))
			return below, nil
		}
	}
}

func (l *listing) problem(path, reason string) {
	if path == "." {
		path = ""
	}
	l.problems = append(l.problems, audit.Problem{Path: path, Reason: reason})
}

// add sorts out one directory entry and says whether it is a folder to list.
func (l *listing) add(name string, d fs.DirEntry) (isFolder bool, err error) {
	l.entries++
	l.names += int64(len(name))
	if l.entries > l.limits.Entries || l.names > maxDirectory(l.limits) {
		return false, &LimitError{Limit: limitEntries, Value: int64(l.entries), Max: int64(l.limits.Entries)}
	}
	if len(name) > l.limits.PathBytes {
		e := &LimitError{Limit: limitPathBytes, Value: int64(len(name)), Max: int64(l.limits.PathBytes)}
		l.problem(path.Dir(name), fmt.Sprintf("has an entry that was not examined: its path, which ends in %q, %s", path.Base(name), e.reason()))
		return false, nil
	}
	info, err := d.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil // gone since it was listed
	case err != nil:
		l.problem(name, reason(err))
		return false, nil
	case info.IsDir():
		return true, nil
	case info.Mode()&fs.ModeSymlink != 0:
		l.link(name)
		return false, nil
	}
	if what := notRegular(info.Mode()); what != "" {
		l.problem(name, what)
		return false, nil
	}
	return false, l.file(name, info)
}

func (l *listing) file(name string, info fs.FileInfo) error {
	size := info.Size()
	if size > l.limits.FileBytes {
		return &LimitError{Limit: limitFileBytes, Value: size, Max: l.limits.FileBytes, Path: name}
	}
	if l.bytes += size; l.bytes > l.limits.TotalBytes {
		return &LimitError{Limit: limitTotalBytes, Value: l.bytes, Max: l.limits.TotalBytes}
	}
	l.files = append(l.files, listed{path: name, size: size, mode: info.Mode().Perm()})
	return nil
}

// link notes a symbolic link. What it points to is visited at its own place if
// it lies inside. One that leads nowhere is nothing that could be packaged.
func (l *listing) link(name string) {
	target, err := l.root.Readlink(name)
	if err != nil {
		l.problem(name, reason(err))
		return
	}
	l.links = append(l.links, listed{path: name, target: target})
	end, err := filepath.EvalSymlinks(filepath.Join(l.real, filepath.FromSlash(name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		l.problem(name, fmt.Sprintf("is a symbolic link to %s, which can't be resolved: %v", quote(target), cause(err)))
	case end != l.real && !strings.HasPrefix(end, strings.TrimSuffix(l.real, string(filepath.Separator))+string(filepath.Separator)):
		l.problem(name, outside(target))
	default:
		l.inside = append(l.inside, name)
	}
}
