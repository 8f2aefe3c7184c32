package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/lambdagate/lambdagate/audit"
)

// ImageMeta is what is known of an image apart from the image itself.
type ImageMeta struct {
	// Reference is as the user gave it: a path, or a reference of a registry.
	Reference string
	// Path is the file or folder that holds the image, if there is one. The
	// artifact is named after it, or else after the reference.
	Path string
	// Tag is the reference's, empty for a file and for a digest.
	Tag      string
	ByDigest bool
	// Platforms are those of the index that the reference resolved to.
	Platforms []string
	// Close, if set, is called when the artifact is closed.
	Close func() error
}

// OpenImage makes an artifact of an image, however it was come by. Only the
// manifest and the configuration are read now; the context is also that of
// later reads through FS.
//
// The walk reads every layer once, from the top down, and compares it with its
// digest, its size and its diff id: one that differs or ends early fails the
// walk. Files of lower layers that are deleted or replaced are offered too, with
// FileInfo.HiddenBy, so that a path may be offered once for each layer. Of hard
// links the first name is offered. If an upper layer deletes that name and not
// the others, the layer is read a second time to offer the file as what it
// still is. Nothing is unpacked, but for one thing: a file larger than
// [WholeFile] lies in a temporary file while it is visited. Device nodes and
// named pipes have no content and are not offered; FS shows them. The names of
// all files stay in memory.
//
// FS is the final file system, known after a walk that read everything. Looking
// something up in it is fast; reading a file inflates its layer up to there.
//
// The digest is the image manifest's. A docker-archive that has no manifest is
// given the one of the Docker image manifest, version 2 schema 2, over its
// layers as they are stored.
func OpenImage(ctx context.Context, img v1.Image, meta ImageMeta, limits Limits) (audit.Artifact, error) {
	a := &imageArtifact{identity: identity{path: cmp.Or(meta.Path, meta.Reference)}, limits: limits.forImage(), closer: meta.Close}
	if err := a.read(img, meta); err != nil {
		return nil, fmt.Errorf("%q %w", a.path, hideNotExist{err})
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a, nil
}

// imageArtifact implements audit.ImageArtifact.
type imageArtifact struct {
	identity
	limits Limits
	layers []layer
	// packed is the size of all layers as they are stored.
	packed int64
	ctx    context.Context // for FS, which has none; ended by Close
	cancel context.CancelFunc
	closer func() error

	state sync.Mutex
	image audit.Image
	tree  *tree // nil before a whole walk
}

func (a *imageArtifact) Kind() audit.Kind { return audit.KindImage }

// Image is what the image says of itself. Its slices and maps are shared: don't
// change them.
func (a *imageArtifact) Image() audit.Image {
	a.state.Lock()
	defer a.state.Unlock()
	return a.image
}

var errNotRead = errors.New("the layers have not been read entirely, so the final file system is not known")

func (a *imageArtifact) FS() fs.FS {
	a.state.Lock()
	defer a.state.Unlock()
	if a.tree == nil {
		return noFS{errNotRead}
	}
	return imageFS{image: a, tree: a.tree}
}

func (a *imageArtifact) Close() error {
	a.cancel()
	if a.closer == nil {
		return nil
	}
	return a.closer()
}

// Walk reads the layers. One goroutine inflates, one takes the layer's files
// apart, and several visit.
func (a *imageArtifact) Walk(ctx context.Context, visit func(context.Context, audit.File) error, problem func(audit.Problem)) error {
	a.setDigest(audit.Digest{})
	w := &walk{limits: a.limits, meter: &meter{limits: a.limits}, visit: visit, problem: problem}
	s := &scan{walk: w, layers: a.layers, tree: newTree(), bill: &account{packed: a.packed}}
	err := w.stream(ctx, func(ctx context.Context, pack *packer) error { return a.describe(s.run(ctx, pack)) })
	if err != nil {
		return err
	}
	a.state.Lock()
	a.tree, a.image.Size = s.tree, s.size
	digest := a.image.Digest
	a.state.Unlock()
	a.setDigest(audit.Digest{SHA256: digest})
	return nil
}

// describe names the image in an error about all of it.
func (a *imageArtifact) describe(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%q: %w", a.path, err)
}
