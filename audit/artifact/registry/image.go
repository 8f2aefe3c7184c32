package registry

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// remoteImage is what package partial makes a v1.Image of.
type remoteImage struct {
	manifest  []byte
	mediaType types.MediaType
	config    []byte
	layers    map[v1.Hash]*blob
}

var _ partial.CompressedImageCore = (*remoteImage)(nil)

func (i *remoteImage) MediaType() (types.MediaType, error) { return i.mediaType, nil }
func (i *remoteImage) RawManifest() ([]byte, error)        { return i.manifest, nil }
func (i *remoteImage) RawConfigFile() ([]byte, error)      { return i.config, nil }

func (i *remoteImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	b, ok := i.layers[h]
	if !ok {
		return nil, fmt.Errorf("the image has no layer %s", h)
	}
	return b, nil
}

func (b *blob) Digest() (v1.Hash, error)            { return b.desc.Digest, nil }
func (b *blob) DiffID() (v1.Hash, error)            { return b.diffID, nil }
func (b *blob) Size() (int64, error)                { return b.desc.Size, nil }
func (b *blob) MediaType() (types.MediaType, error) { return b.desc.MediaType, nil }
func (b *blob) Descriptor() (*v1.Descriptor, error) { return &b.desc, nil }

// Compressed waits until the layer is there and reads it as it is stored.
func (b *blob) Compressed() (io.ReadCloser, error) {
	select {
	case <-b.ready:
	case <-b.ctx.Done():
		return nil, context.Cause(b.ctx)
	}
	switch {
	case b.err != nil:
		return nil, b.err
	case b.file != nil:
		return io.NopCloser(io.NewSectionReader(b.file, 0, b.desc.Size)), nil
	default:
		return b.stream(b.ctx), nil
	}
}
