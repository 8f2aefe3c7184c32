package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// parallelLayers is how many layers are fetched at once.
const parallelLayers = 3

// pull is an image on its way.
type pull struct {
	options Options
	cancel  context.CancelFunc
	client  *client
	cache   *cache // nil without
	workers sync.WaitGroup
	blobs   []*blob

	mu     sync.Mutex // one call of Progress or Warn at a time
	warned bool
}

func (p *pull) begin(ctx context.Context, where reference, want *v1.Platform) (Resolved, error) {
	c, err := connect(ctx, where, p.options)
	if err != nil {
		return Resolved{}, err
	}
	p.client = c
	manifest, err := c.manifest(ctx, where.Identifier())
	if err != nil {
		return Resolved{}, err
	}
	doc, err := parseDocument(manifest)
	if err != nil {
		return Resolved{}, fmt.Errorf("%q: %w", where.given, err)
	}
	var platforms []string
	if doc.isIndex() {
		platforms = platformNames(doc.Manifests)
		if manifest, doc, err = p.descend(ctx, doc, want); err != nil {
			return Resolved{}, fmt.Errorf("%q: %w", where.given, err)
		}
	}
	if err := doc.check(p.options); err != nil {
		return Resolved{}, fmt.Errorf("%q: %w", where.given, err)
	}
	img, err := p.image(ctx, manifest, doc)
	if err != nil {
		return Resolved{}, fmt.Errorf("%q: %w", where.given, err)
	}
	digest, err := img.Digest()
	if err != nil {
		return Resolved{}, err
	}
	return Resolved{
		Image: img, Reference: where.given, Tag: where.tag(), ByDigest: where.byDigest(),
		Digest: digest.String(), Platforms: platforms, pull: p,
	}, nil
}

// descend goes from an index to the manifest for the platform.
func (p *pull) descend(ctx context.Context, index document, want *v1.Platform) ([]byte, document, error) {
	chosen, err := choose(index.Manifests, want)
	if err != nil {
		return nil, document{}, err
	}
	manifest, err := p.client.manifest(ctx, chosen.Digest.String())
	if err != nil {
		return nil, document{}, err
	}
	doc, err := parseDocument(manifest)
	if err == nil && doc.isIndex() {
		err = errors.New("the index names an index where an image should be")
	}
	return manifest, doc, err
}

// image fetches the configuration and sets the workers on the layers.
func (p *pull) image(ctx context.Context, manifest []byte, doc document) (v1.Image, error) {
	p.openCache()
	config, err := p.config(ctx, *doc.Config)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	var parsed v1.ConfigFile
	if err := json.Unmarshal(config, &parsed); err != nil {
		return nil, fmt.Errorf("the configuration is not JSON as the OCI image specification has it: %s", plain(err.Error()))
	}
	if got := len(parsed.RootFS.DiffIDs); got != len(doc.Layers) {
		return nil, fmt.Errorf("the manifest has %d layers, the configuration %d", len(doc.Layers), got)
	}
	image := &remoteImage{manifest: manifest, mediaType: doc.mediaType(), config: config, layers: map[v1.Hash]*blob{}}
	// The topmost layer is read first: only then is it known what it hides.
	for i := len(doc.Layers) - 1; i >= 0; i-- {
		d := doc.Layers[i]
		if image.layers[d.Digest] != nil {
			continue // fetched once
		}
		b := &blob{pull: p, ctx: ctx, desc: d, diffID: parsed.RootFS.DiffIDs[i], ready: make(chan struct{})}
		image.layers[d.Digest] = b
		p.blobs = append(p.blobs, b)
	}
	p.work(ctx)
	return partial.CompressedToImage(image)
}

func (p *pull) openCache() {
	if p.options.NoCache {
		return
	}
	dir := p.options.CacheDir
	if dir == "" {
		var err error
		if dir, err = DefaultCacheDir(); err != nil {
			p.warn(err)
			return
		}
	}
	p.cache = &cache{dir: dir, bound: p.options.CacheBytes}
}

// config returns the content of a small blob.
func (p *pull) config(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	b := &blob{pull: p, ctx: ctx, desc: d, quiet: true, ready: make(chan struct{})}
	p.blobs = append(p.blobs, b)
	b.prepare(ctx)
	r, err := b.Compressed()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// work brings the layers into the cache. A failure is its own layer's only, so
// that it doesn't depend on timing which one a reader meets first.
func (p *pull) work(ctx context.Context) {
	var next atomic.Int64
	for range min(parallelLayers, len(p.blobs)) {
		p.workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(p.blobs) {
					return
				}
				if b := p.blobs[i]; !b.quiet {
					b.prepare(ctx)
				}
			}
		})
	}
}

func (p *pull) close() {
	p.cancel()
	p.workers.Wait()
	for _, b := range p.blobs {
		if b.file != nil {
			_ = b.file.Close() // opened for reading: nothing to lose
		}
	}
	if p.client != nil {
		p.client.idle()
	}
}

func (p *pull) report(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.options.Progress(e)
}

func (p *pull) warn(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.warned {
		p.warned = true
		p.options.Warn(plain(err.Error()))
	}
}

// blob is a layer, or the configuration.
type blob struct {
	pull   *pull
	ctx    context.Context
	desc   v1.Descriptor
	diffID v1.Hash
	quiet  bool // tells no progress

	ready chan struct{} // closed when the fields below are final
	file  *os.File      // nil if it comes straight from the network
	err   error
}

// prepare takes the blob from the cache, else from the network into the cache.
// It leaves file nil if there is no cache, or none that can be written.
func (b *blob) prepare(ctx context.Context) {
	defer close(b.ready)
	cache := b.pull.cache
	if cache == nil {
		return
	}
	if file, ok := cache.get(ctx, b.desc); ok {
		b.file = file
		b.progress(b.desc.Size, true)
		return
	}
	s := b.stream(ctx)
	defer s.Close()
	file, err := cache.put(ctx, b.desc.Digest, s)
	if errors.Is(err, errCache) {
		b.pull.warn(err)
		return
	}
	b.file, b.err = file, err
}

func (b *blob) stream(ctx context.Context) *stream {
	return newStream(ctx, b.pull.client, b.desc, b.pull.options.Backoff, func(done int64) { b.progress(done, false) })
}

func (b *blob) progress(done int64, cached bool) {
	if !b.quiet {
		b.pull.report(Event{Layer: b.desc.Digest.String(), Done: done, Total: b.desc.Size, Cached: cached})
	}
}
