// Package registry fetches container images: from a registry, layer by layer
// and with a cache, or from the Docker or Podman daemon as one archive. It
// looks at nothing inside a layer; package artifact does that.
//
// A registry is taken as hostile: every byte is checked against the digest that
// asked for it, and sizes, numbers, redirects and patience are bounded.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Defaults of [Options].
const (
	DefaultCacheBytes  = 5 << 30
	DefaultMaxBytes    = 12 << 30 // Lambda takes 10 GB, uncompressed
	DefaultMaxLayers   = 256
	DefaultTimeout     = 30 * time.Minute
	DefaultIdleTimeout = 30 * time.Second
	DefaultBackoff     = 500 * time.Millisecond
)

// ErrUsage is wrapped by errors about what the user gave: a reference, platform
// or name that is not one. Every other error means that the image could not be
// had.
var ErrUsage = errors.New("bad usage")

// ErrNotFound is wrapped when a registry or daemon answers that it has no such
// image.
var ErrNotFound = errors.New("no such image")

// Options say how to fetch. The zero value is right for most.
type Options struct {
	// Platform is what to take out of an index, "os/arch" or "os/arch/variant".
	// Empty takes the only runnable one, else linux/amd64.
	Platform string
	// Keychain finds credentials; nil takes [Keychain].
	Keychain authn.Keychain
	// CacheDir is the folder of the cache; empty takes [DefaultCacheDir].
	CacheDir string
	// CacheBytes bounds the cache: the layers used longest ago are removed.
	CacheBytes int64
	// NoCache neither reads nor writes the cache: layers come straight from the
	// network, one when it is read.
	NoCache bool
	// MaxBytes bounds the layers together, as they are stored, and the archive
	// that a daemon writes; MaxLayers bounds their number.
	MaxBytes  int64
	MaxLayers int
	// Timeout bounds everything from Resolve to the last byte of the last layer.
	Timeout time.Duration
	// IdleTimeout is how long a registry may send nothing.
	IdleTimeout time.Duration
	// Backoff is the pause before a second attempt; each further one doubles.
	Backoff time.Duration
	// Progress is told of the layers, in calls that don't overlap; may be nil.
	Progress func(Event)
	// Warn is told once, in a clause, if the cache can't be used; may be nil.
	Warn func(string)
	// Transport makes the requests; nil takes one that honours HTTPS_PROXY.
	Transport http.RoundTripper
	// Insecure allows plain http to a registry on this machine's loopback; no
	// other may be asked without TLS.
	Insecure bool
	// UserAgent is sent with every request, such as "lambdagate/1.2.3".
	UserAgent string
}

// Event is progress with one layer.
type Event struct {
	// Layer is the digest of the layer as it is stored.
	Layer string
	// Done and Total are in bytes, as stored. Done grows, and starts again only
	// if a layer that is not cached is read again.
	Done, Total int64
	// Cached is true if the layer was in the cache.
	Cached bool
}

func (o Options) withDefaults() Options {
	orInt64(&o.CacheBytes, DefaultCacheBytes)
	orInt64(&o.MaxBytes, DefaultMaxBytes)
	if o.MaxLayers <= 0 {
		o.MaxLayers = DefaultMaxLayers
	}
	orDuration(&o.Timeout, DefaultTimeout)
	orDuration(&o.IdleTimeout, DefaultIdleTimeout)
	orDuration(&o.Backoff, DefaultBackoff)
	if o.Keychain == nil {
		o.Keychain = Keychain()
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return o
}

func orInt64(v *int64, otherwise int64) {
	if *v <= 0 {
		*v = otherwise
	}
}

func orDuration(v *time.Duration, otherwise time.Duration) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Resolved is an image in a registry. Its layers may still be on their way:
// reading one waits for it.
type Resolved struct {
	// Image reads until Close, and as long as the context given to Resolve lives.
	Image v1.Image
	// Reference is as given; Tag is its tag ("latest" if it names none), empty if
	// it names a digest, and then ByDigest is true.
	Reference string
	Tag       string
	ByDigest  bool
	// Digest is that of the image's manifest, "sha256:…"; after an index, of the
	// chosen one.
	Digest string
	// Platforms are those of the index that the reference names, in its order,
	// "unknown/unknown" for an attestation and where none is stated. Empty for a
	// plain image.
	Platforms []string

	pull *pull
}

// Close ends what is still being fetched and waits for it. Readers of layers
// must not be used afterwards.
func (r Resolved) Close() error {
	if r.pull != nil {
		r.pull.close()
	}
	return nil
}

// Resolve finds the image that ref names and begins to fetch its layers, the
// topmost first. The caller closes the result.
//
// A reference is [HOST[:PORT]/]REPOSITORY[:TAG|@DIGEST] as Docker reads it:
// without a host it is Docker Hub's, without a tag or digest "latest". Errors
// are clauses for people; see [ErrUsage] and [ErrNotFound].
func Resolve(ctx context.Context, ref string, o Options) (Resolved, error) {
	o = o.withDefaults()
	where, err := parseReference(ref)
	if err != nil {
		return Resolved{}, err
	}
	want, err := parsePlatform(o.Platform)
	if err != nil {
		return Resolved{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout,
		fmt.Errorf("%q was not fetched within %s", where.host(), o.Timeout))
	p := &pull{cancel: cancel, options: o}
	resolved, err := p.begin(ctx, where, want)
	if err != nil {
		p.close()
		return Resolved{}, err
	}
	return resolved, nil
}
