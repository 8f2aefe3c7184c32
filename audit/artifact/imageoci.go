package artifact

import (
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	ociIndex = "index.json"
	ociMark  = "oci-layout"
	// maxManifests bounds the entries of an index with everything below, and
	// maxIndexes how deep one may lie in another.
	maxManifests = 1000
	maxIndexes   = 4
)

// layout is an OCI image layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md), as
// a folder or as a tar archive.
type layout struct{ store store }

// leaf is an image manifest in a layout.
type leaf struct {
	v1.Descriptor
	platform v1.Platform
	// here is false for one that an index names and whose content was not saved.
	here bool
}

// top reads index.json.
func (o layout) top() (*v1.IndexManifest, error) {
	raw, err := readDocument(o.store, ociIndex)
	if err != nil {
		return nil, err
	}
	index, err := parse(raw, v1.ParseIndexManifest)
	if err != nil {
		return nil, fmt.Errorf("has a damaged %q: %w", ociIndex, err)
	}
	if len(index.Manifests) == 0 {
		return nil, fmt.Errorf("has an %q that lists no image", ociIndex)
	}
	if len(index.Manifests) > maxManifests {
		return nil, fmt.Errorf("has an %q that lists more than %d images", ociIndex, maxManifests)
	}
	return index, nil
}

// namesOf are what an entry of index.json may be asked for by. The second one
// is containerd's, and so docker save's.
func namesOf(d v1.Descriptor) []string {
	var names []string
	for _, key := range []string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
		if name := d.Annotations[key]; name != "" {
			names = append(names, name)
		}
	}
	return append(names, d.Digest.String())
}

// choose picks what the reference means, or the only image. With no reference,
// an index.json that lists one image for several platforms is itself the index.
func (o layout) choose(reference string) (from []v1.Descriptor, isIndex bool, err error) {
	index, err := o.top()
	if err != nil {
		return nil, false, err
	}
	var labels []string
	forPlatforms := true
	for _, d := range index.Manifests {
		names := namesOf(d)
		labels = append(labels, names[0])
		forPlatforms = forPlatforms && d.Platform != nil && len(names) == 1
		if reference == "" || slices.Contains(names, reference) {
			from = append(from, d)
		}
	}
	switch {
	case len(from) == 0:
		return nil, false, noSuchImage(reference, labels)
	case len(from) == 1:
		return from, false, nil
	case forPlatforms && reference == "":
		return from, true, nil
	}
	return nil, false, severalImages(labels)
}

// find resolves descriptors to image manifests and says for which platforms
// they are, attestations included.
func (o layout) find(from []v1.Descriptor, depth int, seen *int) ([]leaf, error) {
	var leaves []leaf
	for _, d := range from {
		if *seen++; *seen > maxManifests {
			return nil, fmt.Errorf("has an index with more than %d images", maxManifests)
		}
		if !d.MediaType.IsIndex() {
			l, err := o.leaf(d)
			if err != nil {
				return nil, err
			}
			leaves = append(leaves, l)
			continue
		}
		if depth == maxIndexes {
			return nil, fmt.Errorf("has indexes more than %d levels deep", maxIndexes)
		}
		raw, err := o.blob(d)
		if err != nil {
			return nil, err
		}
		index, err := parse(raw, v1.ParseIndexManifest)
		if err != nil {
			return nil, fmt.Errorf("has a damaged index %s: %w", d.Digest, err)
		}
		below, err := o.find(index.Manifests, depth+1, seen)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, below...)
	}
	return leaves, nil
}

// leaf finds out the platform of a manifest: from its descriptor, or else from
// its configuration.
func (o layout) leaf(d v1.Descriptor) (leaf, error) {
	l := leaf{Descriptor: d, here: o.has(d)}
	switch {
	case d.Platform != nil:
		l.platform = *d.Platform
	case l.here && (d.MediaType.IsImage() || d.MediaType == ""):
		image, err := o.load(d)
		if err != nil {
			return leaf{}, err
		}
		config, err := parse(image.config, v1.ParseConfigFile)
		if err != nil {
			return leaf{}, fmt.Errorf("has a damaged configuration: %w", err)
		}
		l.platform = v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}
	}
	return l, nil
}

func (o layout) has(d v1.Descriptor) bool {
	r, _, err := o.store.open(blobName(d.Digest))
	if err != nil {
		return false
	}
	_ = r.Close() // it was only opened
	return true
}

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// blob reads a document and verifies it.
func (o layout) blob(d v1.Descriptor) ([]byte, error) {
	data, err := readDocument(o.store, blobName(d.Digest))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != d.Size || digestBytes(data) != d.Digest.String() {
		return nil, fmt.Errorf("has a %q that doesn't match its digest and size", blobName(d.Digest))
	}
	return data, nil
}

// load reads the documents of one image.
func (o layout) load(d v1.Descriptor) (*storedImage, error) {
	raw, err := o.blob(d)
	if err != nil {
		return nil, err
	}
	manifest, err := parse(raw, v1.ParseManifest)
	if err != nil {
		return nil, fmt.Errorf("has a damaged manifest %s: %w", d.Digest, err)
	}
	if !manifest.MediaType.IsImage() && manifest.MediaType != "" || !manifest.Config.MediaType.IsConfig() {
		return nil, fmt.Errorf("has a manifest %s that is not a container image's", d.Digest)
	}
	config, err := o.blob(manifest.Config)
	if err != nil {
		return nil, err
	}
	image := &storedImage{
		store: o.store, manifest: raw, config: config, mediaType: manifest.MediaType, layers: map[v1.Hash]storedLayer{},
	}
	if image.mediaType == "" {
		image.mediaType = types.OCIManifestSchema1
	}
	for _, l := range manifest.Layers {
		image.layers[l.Digest] = storedLayer{store: o.store, name: blobName(l.Digest), desc: l}
	}
	return image, nil
}
