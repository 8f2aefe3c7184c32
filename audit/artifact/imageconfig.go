package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/lambdagate/lambdagate/audit"
)

// maxDocument is the size in bytes up to which a manifest, an index or a
// configuration is read. Registries take 4 MiB as the least that must be
// supported for a manifest
// (https://github.com/opencontainers/distribution-spec, "Pushing Manifests").
const maxDocument = 8 << 20

// errDocument means that a document is larger than maxDocument.
var errDocument = fmt.Errorf("is larger than %d bytes", maxDocument)

// read fills the image from its manifest and its configuration.
func (a *imageArtifact) read(img v1.Image, meta ImageMeta) error {
	raw, err := img.RawManifest()
	if err != nil {
		return fmt.Errorf("has a manifest that can't be read: %w", cause(err))
	}
	manifest, err := parse(raw, v1.ParseManifest)
	if err != nil {
		return fmt.Errorf("has a damaged manifest: %w", err)
	}
	if manifest.Config.Size > maxDocument {
		return fmt.Errorf("has a configuration that %w", errDocument)
	}
	config, err := readConfig(img, manifest)
	if err != nil {
		return err
	}
	if n := len(manifest.Layers); n > a.limits.Layers {
		return &LimitError{Limit: limitLayers, Value: int64(n), Max: int64(a.limits.Layers)}
	}
	a.image = audit.Image{
		Reference: meta.Reference, Digest: digestBytes(raw), Tag: meta.Tag, ByDigest: meta.ByDigest,
		Platforms: meta.Platforms, Annotations: maps.Clone(manifest.Annotations), Config: configOf(config),
		History: historyOf(config),
	}
	return a.readLayers(img, manifest, config)
}

func readConfig(img v1.Image, manifest *v1.Manifest) (*v1.ConfigFile, error) {
	raw, err := img.RawConfigFile()
	if err != nil {
		return nil, fmt.Errorf("has a configuration that can't be read: %w", cause(err))
	}
	if digestBytes(raw) != manifest.Config.Digest.String() {
		return nil, errors.New("has a configuration that doesn't match its digest")
	}
	config, err := parse(raw, v1.ParseConfigFile)
	if err != nil {
		return nil, fmt.Errorf("has a damaged configuration: %w", err)
	}
	return config, nil
}

// readLayers pairs the manifest's layers with the configuration's diff ids.
func (a *imageArtifact) readLayers(img v1.Image, manifest *v1.Manifest, config *v1.ConfigFile) error {
	stored, err := img.Layers()
	if err != nil {
		return fmt.Errorf("has layers that can't be found: %w", cause(err))
	}
	diffIDs := config.RootFS.DiffIDs
	if len(stored) != len(diffIDs) || len(stored) != len(manifest.Layers) {
		return fmt.Errorf("has a manifest with %d layers and a configuration with %d", len(manifest.Layers), len(diffIDs))
	}
	if len(stored) == 0 {
		return errors.New("has no layers")
	}
	made := makers(a.image.History, len(stored))
	base := baseLayers(a.image.History, len(stored))
	for i, l := range stored {
		d := manifest.Layers[i]
		if d.Digest.Algorithm != "sha256" || diffIDs[i].Algorithm != "sha256" {
			return fmt.Errorf("has a layer %d whose digest is not a SHA-256", i+1)
		}
		origin := audit.OriginOwn
		if i < base {
			origin = audit.OriginBase
		}
		a.packed += d.Size
		a.layers = append(a.layers, layer{size: d.Size, stored: l, ImageLayer: audit.ImageLayer{
			DiffID: diffIDs[i].String(), Digest: d.Digest.String(), Number: i + 1, CreatedBy: made[i], Origin: origin,
		}})
		a.image.Layers = append(a.image.Layers, a.layers[i].ImageLayer)
	}
	return nil
}

func configOf(c *v1.ConfigFile) audit.ImageConfig {
	config := audit.ImageConfig{
		OS: c.OS, Architecture: c.Architecture, Variant: c.Variant,
		Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd,
		WorkingDir: c.Config.WorkingDir, User: c.Config.User,
	}
	for _, pair := range c.Config.Env {
		name, value, _ := strings.Cut(pair, "=")
		config.Env = append(config.Env, audit.EnvVar{Name: name, Value: audit.NewSecret(value)})
	}
	if len(c.Config.Labels) > 0 {
		config.Labels = map[string]audit.Secret{}
	}
	for name, value := range c.Config.Labels {
		config.Labels[name] = audit.NewSecret(value)
	}
	return config
}

func historyOf(c *v1.ConfigFile) []audit.BuildStep {
	var steps []audit.BuildStep
	for _, h := range c.History {
		steps = append(steps, audit.BuildStep{CreatedBy: audit.NewSecret(h.CreatedBy), Empty: h.EmptyLayer})
	}
	return steps
}

// parse reads a document of bounded size.
func parse[T any](raw []byte, read func(io.Reader) (T, error)) (T, error) {
	if len(raw) > maxDocument {
		var none T
		return none, errDocument
	}
	return read(bytes.NewReader(raw))
}

func digestBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
