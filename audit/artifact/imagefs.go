package artifact

import (
	"archive/tar"
	"bytes"
	"cmp"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"
)

// imageFS is the final file system of an image. Links are followed inside it,
// as for a process whose root it is. Only names that fs.ValidPath accepts are
// in it.
type imageFS struct {
	image *imageArtifact
	tree  *tree
}

// Open finds a file without reading it; that begins with the first Read.
func (f imageFS) Open(name string) (fs.File, error) {
	fail := func(err error) (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	n := f.tree.follow(name)
	if n == nil || n.final == nil {
		return fail(fs.ErrNotExist)
	}
	info := n.final.info(path.Base(name))
	if info.IsDir() {
		return &zipFolder{info: info, children: n.list()}, nil
	}
	return &layerFile{image: f.image, final: n.final, info: info}, nil
}

func (f *final) info(name string) zipInfo {
	mtime := f.mtime
	if f.implied {
		mtime = time.Time{}
	}
	return zipInfo{name: name, size: f.size, mode: f.mode, mtime: mtime}
}

// list gives the children of a folder, by name.
func (n *node) list() []fs.DirEntry {
	var children []fs.DirEntry
	for name, child := range n.children {
		if child.final != nil && fs.ValidPath(name) {
			children = append(children, fs.FileInfoToDirEntry(child.final.info(name)))
		}
	}
	slices.SortFunc(children, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return children
}

// layerFile implements fs.File on an entry of a layer.
type layerFile struct {
	image  *imageArtifact
	final  *final
	info   zipInfo
	reader io.Reader
	layer  *layerReader // nil before the first Read, and for a kept file
	closed bool
}

func (f *layerFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *layerFile) Read(p []byte) (int, error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	if f.reader == nil {
		if err := f.open(); err != nil {
			return 0, &fs.PathError{Op: "read", Path: f.info.name, Err: err}
		}
	}
	return f.reader.Read(p)
}

// open begins to read the file's layer and goes to its entry. The walk has
// verified the layer.
func (f *layerFile) open() error {
	switch {
	case !f.info.mode.IsRegular():
		return errNotRegular
	case f.final.kept != nil:
		f.reader = bytes.NewReader(f.final.kept)
		return nil
	case f.final.at.layer == 0:
		return fs.ErrNotExist
	}
	l := &f.image.layers[f.final.at.layer-1]
	r, err := openLayer(f.image.ctx, l, func(int64) error { return nil })
	if err != nil {
		return err
	}
	f.layer = r
	archive := tar.NewReader(r)
	for range f.final.at.entry {
		if _, err := archive.Next(); err != nil {
			return r.explain(err)
		}
	}
	f.reader = archive
	return nil
}

func (f *layerFile) Close() error {
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	if f.layer == nil {
		return nil
	}
	return f.layer.Close()
}
