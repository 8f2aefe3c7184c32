package artifact

import (
	"io/fs"
	"strings"
	"time"
)

// tree is what is known of an image's names while its layers are read from the
// top down, and afterwards its final file system. It follows the layer chapter
// of the OCI image specification
// (https://github.com/opencontainers/image-spec/blob/main/layer.md) and, where
// that is silent, overlayfs: a folder of an upper layer, even one that only
// its content implies, takes the place of a file or a link of a lower one.
type tree struct {
	root  node
	nodes int
	// changes are what the layer at hand does to the ones below it. They take
	// effect when it has been read: a whiteout is not for its own layer.
	changes []change
}

func newTree() *tree {
	t := &tree{}
	t.root.final = &final{mode: fs.ModeDir | 0o755, implied: true}
	return t
}

// node is a name. Layers are numbered from 1, the lowest; 0 means none. Of
// several layers that hide something the lowest is kept: it is the one that hid
// it first.
type node struct {
	children map[string]*node
	cover    int32 // deletes or replaces whatever is here and below
	opaque   int32 // hides everything below
	folder   int32 // has a folder here, which hides a file
	// file is where the latest layer that was read has a file here, visible or
	// not; a hard link may point to it.
	file place
	// final is what is here in the final file system, nil for nothing.
	final *final
}

// place is an entry of a layer, counting from 1; layer 0 means none.
type place struct{ layer, entry int32 }

// final is a name of the final file system.
type final struct {
	at      place // of the content, for a file
	layer   int32 // that has the name
	mode    fs.FileMode
	size    int64
	mtime   time.Time
	target  string // of a link
	implied bool   // a folder that has no entry of its own, so far
	kept    []byte // the content, of the few files that are held
}

type effect uint8

const (
	covers effect = iota
	hidesBelow
	makesFolder
)

type change struct {
	node   *node
	effect effect
}

// reach finds or makes the node of a clean path and says which layer hides a
// file, or a folder, of a lower layer there; 0 for none. It calls each for
// every folder on the way.
func (t *tree) reach(name string, folder bool, each func(*node)) (n *node, hider int32) {
	n = &t.root
	for rest := name; rest != ""; {
		each(n)
		hider = nearest(hider, n.opaque)
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		child := n.children[part]
		if child == nil {
			child = t.add(n, part)
		}
		n = child
		hider = nearest(hider, n.cover)
	}
	if !folder {
		hider = nearest(hider, n.folder)
	}
	return n, hider
}

func (t *tree) add(parent *node, name string) *node {
	if parent.children == nil {
		parent.children = map[string]*node{}
	}
	child := &node{}
	// The name is a part of a longer one, which need not stay in memory.
	parent.children[strings.Clone(name)] = child
	t.nodes++
	return child
}

// nearest gives the lower of two layers, either of which may be none.
func nearest(a, b int32) int32 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// note keeps what the layer at hand does to lower ones.
func (t *tree) note(n *node, e effect) { t.changes = append(t.changes, change{n, e}) }

// leave applies the changes of a layer that has been read.
func (t *tree) leave(layer int32) {
	for _, c := range t.changes {
		switch c.effect {
		case covers:
			c.node.cover = layer
		case hidesBelow:
			c.node.opaque = layer
		case makesFolder:
			c.node.folder = layer
		}
	}
	t.changes = t.changes[:0]
}

// find gives the node of a path without following links.
func (t *tree) find(name string) *node {
	n := &t.root
	for rest := name; rest != "" && n != nil; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		n = n.children[part]
	}
	return n
}

// follow resolves a path through links as a kernel does for a process whose
// root is the image's: ".." stops there. It gives nil if nothing is there.
func (t *tree) follow(name string) *node {
	at := []*node{&t.root}
	rest, hops, steps := name, 0, 0
	for rest != "" {
		if steps++; steps > maxSteps {
			return nil
		}
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			at = at[:max(1, len(at)-1)]
			continue
		}
		next := at[len(at)-1].children[part]
		if next == nil || next.final == nil {
			return nil
		}
		if next.final.mode&fs.ModeSymlink == 0 {
			at = append(at, next)
			continue
		}
		if hops++; hops > maxHops {
			return nil
		}
		if strings.HasPrefix(next.final.target, "/") {
			at = at[:1]
		}
		rest = next.final.target + "/" + rest
	}
	return at[len(at)-1]
}
