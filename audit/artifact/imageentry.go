package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// whiteout deletes in the layers below. Its own content, and that of AUFS's
// left-overs, ships without being in any file system: it is offered as hidden
// by its own layer.
func (s *scan) whiteout(ctx context.Context, l *layer, name string, h *tar.Header, r io.Reader) error {
	folder, base := path.Split(name)
	folder = strings.TrimSuffix(folder, "/")
	deleted := strings.TrimPrefix(base, whiteoutPrefix)
	mark := func(n *node) { s.tree.note(n, makesFolder) }
	switch {
	case base == opaqueName:
		n, _ := s.tree.reach(folder, true, mark)
		mark(n)
		s.tree.note(n, hidesBelow)
	case strings.HasPrefix(base, metaPrefix):
	case deleted == "", deleted == ".", deleted == "..":
		return s.problem(name, "is a whiteout that names no file")
	default:
		n, _ := s.tree.reach(path.Join(folder, deleted), true, mark)
		s.tree.note(n, covers)
	}
	if h.Size == 0 || h.Typeflag != tar.TypeReg {
		return nil
	}
	return s.pack.add(ctx, s.info(l, name, h, l.DiffID), r)
}

// appear puts a visible entry, and the folders it lies in, into the final file
// system.
func (s *scan) appear(above []*node, n *node, name string, at place, h *tar.Header) error {
	for _, a := range above {
		switch {
		case a.final == nil:
			a.final = &final{layer: at.layer, mode: fs.ModeDir | 0o755, implied: true}
		case a.final.mode&fs.ModeSymlink != 0:
			return nil // it goes where the link of its own layer leads
		case !a.final.mode.IsDir():
			return s.problem(name, fmt.Sprintf("lies in what is no folder in layer %d", at.layer))
		}
	}
	folder := h.Typeflag == tar.TypeDir
	if n.final != nil && n.final.layer == at.layer && n.final.mode.IsDir() != folder {
		return s.problem(name, fmt.Sprintf("is both a file and a folder in layer %d: which of them Lambda sees is undefined", at.layer))
	}
	s.makeFinal(n, at, h)
	return nil
}

// makeFinal keeps the entry of the topmost layer, and of doubles in it the last,
// which is the one an extractor leaves.
func (s *scan) makeFinal(n *node, at place, h *tar.Header) {
	if n.final != nil && !n.final.implied && n.final.layer != at.layer {
		return
	}
	n.final = &final{layer: at.layer, mode: modeOf(h), size: h.Size, mtime: h.ModTime, target: h.Linkname}
	if h.Typeflag != tar.TypeLink { // whose content is yet to be found
		n.final.at = at
	}
}

// regular offers a file.
func (s *scan) regular(ctx context.Context, l *layer, n *node, name string, at place, hider int32, h *tar.Header, r io.Reader) error {
	n.file = at
	info := s.info(l, name, h, s.diffID(hider))
	if links, ok := s.dangling[name]; ok {
		var rest []hardLink
		for _, k := range links {
			// What lies between the two layers may have deleted the file.
			if hider != 0 && hider < k.layer {
				rest = append(rest, k)
				continue
			}
			s.resolve(k, at, h.Size, modeOf(h))
			if hider != 0 && k.node.final != nil && k.node.final.at == at {
				info.HiddenBy = ""
			}
		}
		if s.dangling[name] = rest; len(rest) == 0 {
			delete(s.dangling, name)
		}
	}
	if kept(name) && h.Size <= keptBytes && n.final != nil && n.final.at == at {
		data := make([]byte, h.Size)
		if err := readWhole(r, data); err != nil {
			return err
		}
		n.final.kept = data
		r = bytes.NewReader(data)
	}
	return s.pack.add(ctx, info, r)
}

// hardLink makes a name refer to the content of another one: a file of its own
// layer, or of one below.
func (s *scan) hardLink(n *node, name string, at place, hider int32, h *tar.Header) error {
	target, refused := layerName(h.Linkname, s.walk.limits)
	if refused != "" || target == "" {
		return s.problem(name, fmt.Sprintf("is a hard link to %q, which is no file of the image", h.Linkname))
	}
	link := hardLink{node: n, path: name, layer: at.layer}
	to := s.tree.find(target)
	if to == nil || to.file.layer != at.layer {
		if s.dangling == nil {
			s.dangling = map[string][]hardLink{}
		}
		s.dangling[target] = append(s.dangling[target], link)
		return nil
	}
	n.file = to.file
	if hider != 0 {
		return nil
	}
	switch source := to.final; {
	case source != nil && source.at == to.file:
		s.resolve(link, to.file, source.size, source.mode)
	default:
		// The file was offered as hidden; only a second reading can offer it as
		// what it is, a part of the final file system.
		s.revived[to.file.entry] = append(s.revived[to.file.entry], name)
	}
	return nil
}

// resolve gives a hard link that is part of the final file system its content.
func (s *scan) resolve(k hardLink, at place, size int64, mode fs.FileMode) {
	if f := k.node.final; f != nil && f.layer == k.layer && f.mode.IsRegular() {
		f.at, f.size, f.mode, f.target = at, size, mode, ""
	}
}

// offerRevived offers a file under the names of the hard links to it.
func (s *scan) offerRevived(ctx context.Context, l *layer, number int32, h *tar.Header, r io.Reader) error {
	names := s.revived[number]
	if len(names) == 0 {
		return nil
	}
	for _, name := range names {
		s.resolve(hardLink{node: s.tree.find(name), layer: int32(l.Number)}, place{int32(l.Number), number}, h.Size, modeOf(h))
	}
	// One name is enough: it is one file.
	return s.pack.add(ctx, s.info(l, names[0], h, ""), r)
}

func (s *scan) info(l *layer, name string, h *tar.Header, hiddenBy string) audit.FileInfo {
	return audit.FileInfo{
		Path: name, Size: h.Size, Mode: modeOf(h), Layer: l.DiffID, HiddenBy: hiddenBy, Origin: l.Origin,
	}
}

// diffID names a layer by its number.
func (s *scan) diffID(number int32) string {
	if number == 0 {
		return ""
	}
	return s.layers[number-1].DiffID
}
