package artifact

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const dockerManifest = "manifest.json"

// archived is an entry of a docker-archive's manifest.json
// (https://github.com/moby/docker-image-spec, "Combined Image JSON + Filesystem
// Changeset Format").
type archived struct {
	Config   string
	RepoTags []string
	Layers   []string

	raw    []byte         // the configuration
	config *v1.ConfigFile // parsed
}

// dockerArchive is the archive that docker save writes.
type dockerArchive struct{ store store }

func (d dockerArchive) list() ([]archived, error) {
	raw, err := readDocument(d.store, dockerManifest)
	if err != nil {
		return nil, err
	}
	var all []archived
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("has a damaged %q: %w", dockerManifest, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("has a %q that lists no image", dockerManifest)
	}
	if len(all) > maxManifests {
		return nil, fmt.Errorf("has a %q that lists more than %d images", dockerManifest, maxManifests)
	}
	return all, nil
}

// choose picks the image that the reference names, or the only one. Several
// that have the same names are one image for several platforms.
func (d dockerArchive) choose(reference, platform string) (*archived, error) {
	all, err := d.list()
	if err != nil {
		return nil, err
	}
	var matching []archived
	var labels []string
	for _, a := range all {
		labels = append(labels, append(slices.Clone(a.RepoTags), a.Config)[0])
		if reference == "" || slices.Contains(append(slices.Clone(a.RepoTags), a.Config), reference) ||
			slices.Contains(a.RepoTags, reference+":latest") {
			matching = append(matching, a)
		}
	}
	if len(matching) == 0 {
		return nil, noSuchImage(reference, labels)
	}
	var leaves []leaf
	for i := range matching {
		a := &matching[i]
		if !slices.Equal(a.RepoTags, matching[0].RepoTags) || len(matching) > 1 && len(a.RepoTags) == 0 {
			return nil, severalImages(labels)
		}
		if a.raw, err = readDocument(d.store, a.Config); err != nil {
			return nil, err
		}
		if a.config, err = parse(a.raw, v1.ParseConfigFile); err != nil {
			return nil, fmt.Errorf("has a damaged configuration: %w", err)
		}
		l := leaf{here: true, platform: v1.Platform{OS: a.config.OS, Architecture: a.config.Architecture, Variant: a.config.Variant}}
		l.Digest.Hex = a.Config
		leaves = append(leaves, l)
	}
	chosen, err := pick(leaves, platform)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(matching, func(a archived) bool { return a.Config == chosen.Digest.Hex })
	return &matching[i], nil
}

// load makes the image. Newer versions of docker save put an OCI layout around
// the same files; the manifest in it is the one that was or will be pushed, and
// so are the platforms of its index. Without one, a manifest is made.
func (d dockerArchive) load(ctx context.Context, a *archived) (*storedImage, []string, error) {
	image, platforms, err := d.twin(a)
	if err != nil || image != nil {
		return image, platforms, err
	}
	image = &storedImage{store: d.store, config: a.raw, mediaType: types.DockerManifestSchema2, layers: map[v1.Hash]storedLayer{}}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: image.mediaType, Config: v1.Descriptor{
		MediaType: types.DockerConfigJSON, Size: int64(len(a.raw)), Digest: hashOf(a.raw),
	}}
	if len(a.Layers) != len(a.config.RootFS.DiffIDs) {
		return nil, nil, fmt.Errorf("has a %q with %d layers and a configuration with %d", dockerManifest, len(a.Layers), len(a.config.RootFS.DiffIDs))
	}
	for i, name := range a.Layers {
		desc, err := d.describe(ctx, name, a.config.RootFS.DiffIDs[i])
		if err != nil {
			return nil, nil, fmt.Errorf("has a layer %d that can't be read: %w", i+1, cause(err))
		}
		manifest.Layers = append(manifest.Layers, desc)
		image.layers[desc.Digest] = storedLayer{store: d.store, name: name, desc: desc}
	}
	if image.manifest, err = json.Marshal(manifest); err != nil {
		return nil, nil, err
	}
	return image, nil, nil
}

// twin looks for the image in the OCI layout, if the archive has one.
func (d dockerArchive) twin(a *archived) (*storedImage, []string, error) {
	r, _, err := d.store.open(ociIndex)
	if err != nil {
		return nil, nil, nil // docker save before version 25, and Podman
	}
	_ = r.Close() // it was only opened
	o := layout(d)
	index, err := o.top()
	if err != nil {
		return nil, nil, err
	}
	for _, top := range index.Manifests {
		leaves, err := o.find([]v1.Descriptor{top}, 0, new(int))
		if err != nil {
			return nil, nil, err
		}
		for _, l := range leaves {
			if !l.here || !runs(l) {
				continue
			}
			image, err := o.load(l.Descriptor)
			if err != nil {
				return nil, nil, err
			}
			if !bytes.Equal(image.config, a.raw) {
				continue
			}
			if top.MediaType.IsIndex() {
				return image, platformNames(leaves), nil
			}
			return image, nil, nil
		}
	}
	return nil, nil, nil
}

// describe makes the descriptor of a layer. One that is not compressed, as they
// mostly are, has its diff id as its digest; a compressed one has to be hashed.
func (d dockerArchive) describe(ctx context.Context, name string, diffID v1.Hash) (v1.Descriptor, error) {
	r, size, err := d.store.open(name)
	if err != nil {
		return v1.Descriptor{}, err
	}
	defer func() { _ = r.Close() }() // it was only read
	desc := v1.Descriptor{MediaType: types.DockerUncompressedLayer, Size: size, Digest: diffID}
	in := bufio.NewReader(cancelled{ctx, r})
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return v1.Descriptor{}, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte(gzipMagic)):
		desc.MediaType = types.DockerLayer
	case string(magic) == zstdMagic:
		desc.MediaType = types.OCILayerZStd
	default:
		return desc, nil
	}
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{in}, make([]byte, layerChunk)); err != nil {
		return v1.Descriptor{}, err
	}
	desc.Digest, err = v1.NewHash(digestOf(sum))
	return desc, err
}

func hashOf(data []byte) v1.Hash {
	h, _, _ := v1.SHA256(bytes.NewReader(data)) // memory can be read
	return h
}
