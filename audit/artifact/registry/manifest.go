package registry

import (
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// maxManifest is the size that clients and registries should manage
	// (https://github.com/opencontainers/distribution-spec, "Pushing Manifests").
	maxManifest = 4 << 20
	// maxConfig bounds an image's configuration. It grows by a few hundred bytes
	// a build step.
	maxConfig = 8 << 20
)

// document is a manifest or an index.
type document struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     types.MediaType `json:"mediaType"`
	Config        *v1.Descriptor  `json:"config"`
	Layers        []v1.Descriptor `json:"layers"`
	Manifests     []v1.Descriptor `json:"manifests"`
}

func (d document) isIndex() bool { return d.Manifests != nil }

// parseDocument goes by the content and not by the media type that the server
// announces: a document that could be read as both is refused, since two
// readers might see two different images in it
// (https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh).
func parseDocument(data []byte) (document, error) {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return document{}, fmt.Errorf("the manifest is not JSON as the OCI image specification has it: %s", plain(err.Error()))
	}
	isImage := d.Config != nil || d.Layers != nil
	switch {
	case d.SchemaVersion == 1:
		return document{}, errors.New("the image has a Docker schema 1 manifest, which Lambda doesn't take; push it again with a current tool")
	case isImage && d.isIndex(), isImage && d.MediaType.IsIndex(), d.isIndex() && d.MediaType.IsImage():
		return document{}, errors.New("the manifest claims to be an image and an index at once")
	case d.isIndex():
		return d, nil
	case d.Config == nil:
		return document{}, errors.New("the manifest is neither an image's nor an index")
	case !d.Config.MediaType.IsConfig():
		return document{}, fmt.Errorf("it is not a container image: its configuration is of type %q", plain(string(d.Config.MediaType)))
	}
	return d, nil
}

// check holds the sizes that the manifest declares against the bounds.
func (d document) check(o Options) error {
	if d.Config.Size < 0 || d.Config.Size > maxConfig {
		return fmt.Errorf("the image's configuration has %d bytes, more than the %d allowed", d.Config.Size, maxConfig)
	}
	if len(d.Layers) > o.MaxLayers {
		return fmt.Errorf("the image has %d layers, more than the %d allowed", len(d.Layers), o.MaxLayers)
	}
	left, sizes := o.MaxBytes, map[v1.Hash]int64{}
	for i, l := range d.Layers {
		if size, known := sizes[l.Digest]; known && size != l.Size {
			return fmt.Errorf("layer %d (%s) has two sizes, %d and %d bytes", i+1, l.Digest, size, l.Size)
		}
		sizes[l.Digest] = l.Size
		if l.Size < 0 {
			return fmt.Errorf("layer %d (%s) has a size of %d bytes", i+1, l.Digest, l.Size)
		}
		if l.Size > left {
			return fmt.Errorf("the layers have more than the %d bytes allowed", o.MaxBytes)
		}
		left -= l.Size
	}
	return nil
}

func (d document) mediaType() types.MediaType {
	if d.MediaType == "" {
		return types.OCIManifestSchema1
	}
	return d.MediaType
}
