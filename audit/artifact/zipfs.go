package artifact

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// zipFS is an archive as an fs.FS. Only entries with a name that fs.ValidPath
// accepts are in it. Of doubles it has the last, which is what an extractor
// leaves. Links are followed inside the archive.
type zipFS struct{ index *index }

// Open opens a file, or a folder that some file lies in.
func (z zipFS) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	resolved, err := z.index.follow(name)
	if err != nil {
		return fail(fs.ErrNotExist)
	}
	if e, ok := z.index.find(resolved); ok && !e.link {
		if e.unread {
			return fail(fs.ErrPermission)
		}
		r, err := e.file.Open()
		if err != nil {
			return fail(err)
		}
		return &zipFile{ReadCloser: r, info: e.info(path.Base(name))}, nil
	}
	children := z.index.children(resolved)
	if len(children) == 0 {
		return fail(fs.ErrNotExist)
	}
	return &zipFolder{info: folderInfo(path.Base(name)), children: children}, nil
}

// children lists a folder: "" is the root.
func (ix *index) children(folder string) []fs.DirEntry {
	var children []fs.DirEntry
	prefix := folder + "/"
	if folder == "" {
		prefix = ""
	}
	i, _ := ix.search(prefix)
	for i < len(ix.entries) && strings.HasPrefix(ix.entries[i].path, prefix) {
		name, _, isFolder := strings.Cut(ix.entries[i].path[len(prefix):], "/")
		if !fs.ValidPath(name) {
			i++
			continue
		}
		if isFolder {
			children = append(children, fs.FileInfoToDirEntry(folderInfo(name)))
			// "0" is the byte after "/", so this is the first path behind the folder.
			i, _ = ix.search(prefix + name + "0")
			continue
		}
		e, _ := ix.find(prefix + name)
		children = append(children, fs.FileInfoToDirEntry(e.info(name)))
		i, _ = ix.search(prefix + name + "\x00")
	}
	slices.SortStableFunc(children, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return slices.CompactFunc(children, func(a, b fs.DirEntry) bool { return a.Name() == b.Name() })
}

// zipInfo implements fs.FileInfo.
type zipInfo struct {
	name  string
	size  int64
	mode  fs.FileMode
	mtime time.Time
}

func folderInfo(name string) zipInfo { return zipInfo{name: name, mode: fs.ModeDir | 0o755} }

func (e *entry) info(name string) zipInfo {
	info := zipInfo{name: name, size: int64(e.file.UncompressedSize64), mode: e.mode(), mtime: e.file.Modified}
	if e.link {
		info.mode |= fs.ModeSymlink
	}
	return info
}

func (i zipInfo) Name() string       { return i.name }
func (i zipInfo) Size() int64        { return i.size }
func (i zipInfo) Mode() fs.FileMode  { return i.mode }
func (i zipInfo) ModTime() time.Time { return i.mtime }
func (i zipInfo) IsDir() bool        { return i.mode.IsDir() }
func (i zipInfo) Sys() any           { return nil }

// zipFile implements fs.File.
type zipFile struct {
	io.ReadCloser
	info zipInfo
}

func (f *zipFile) Stat() (fs.FileInfo, error) { return f.info, nil }

var errIsFolder = errors.New("is a folder")

// zipFolder implements fs.ReadDirFile.
type zipFolder struct {
	info     zipInfo
	children []fs.DirEntry
}

func (f *zipFolder) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *zipFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.info.name, Err: errIsFolder}
}

func (f *zipFolder) Close() error { return nil }

// ReadDir returns the next n children, or all that are left.
func (f *zipFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.children)
	} else if len(f.children) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.children))
	list := slices.Clone(f.children[:n])
	f.children = f.children[n:]
	return list, nil
}
