package registry

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// client asks one repository of one registry, authenticated
// (https://github.com/opencontainers/distribution-spec).
type client struct {
	http      *http.Client
	where     reference
	anonymous bool
	idle      func() // closes connections that nobody uses
}

// connect finds credentials and shakes hands with the registry.
func connect(ctx context.Context, where reference, o Options) (*client, error) {
	auth, err := authn.Resolve(ctx, o.Keychain, where.Context())
	if err != nil {
		return nil, fmt.Errorf("no credentials for %s: %s", where.host(), plain(err.Error()))
	}
	c := &client{where: where, anonymous: auth == authn.Anonymous, idle: func() {}}
	base := o.Transport
	if base == nil {
		own := newTransport()
		base, c.idle = own, own.CloseIdleConnections
	}
	base = &retrying{&watching{&guarding{inner: base, insecure: o.Insecure}, o.IdleTimeout}, o.Backoff}
	authenticated, err := transport.NewWithContext(ctx, where.Context().Registry, auth,
		transport.NewUserAgent(base, o.UserAgent), []string{where.Context().Scope(transport.PullScope)})
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	c.http = &http.Client{Transport: authenticated, CheckRedirect: keepCredentials}
	return c, nil
}

const maxRedirects = 10

// keepCredentials lets a redirect to another host or port go without the
// credentials: registries hand out blobs from storage services that way.
func keepCredentials(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	return nil
}

// get asks for a manifest or a blob; the answer has one of the statuses.
func (c *client) get(ctx context.Context, kind, id string, header http.Header, statuses ...int) (*http.Response, error) {
	u := url.URL{Scheme: c.where.Context().Scheme(), Host: c.where.host(),
		Path: "/v2/" + c.where.repository() + "/" + kind + "/" + id}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(resp, statuses...); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// manifest fetches a manifest or an index and checks it against the digest if
// id is one.
func (c *client) manifest(ctx context.Context, id string) ([]byte, error) {
	accept := []string{string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
		string(types.OCIImageIndex), string(types.DockerManifestList)}
	resp, err := c.get(ctx, "manifests", id, http.Header{"Accept": {strings.Join(accept, ",")}}, http.StatusOK)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxManifest+1))
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	if len(data) > maxManifest {
		return nil, fmt.Errorf("%s sent a manifest of more than the %d bytes allowed", c.where.host(), maxManifest)
	}
	if h, err := v1.NewHash(id); err == nil {
		if err := verify(h, data); err != nil {
			return nil, fmt.Errorf("the manifest that %s sent: %w", c.where.host(), err)
		}
	}
	return data, nil
}

// errDigest marks content that is not what its digest says.
var errDigest = errors.New("does not match its digest")

func verify(want v1.Hash, data []byte) error {
	hasher, err := v1.Hasher(want.Algorithm)
	if err != nil {
		return err
	}
	hasher.Write(data)
	if got := hex.EncodeToString(hasher.Sum(nil)); got != want.Hex {
		return fmt.Errorf("%w: asked for %s, got %s:%s", errDigest, want, want.Algorithm, got)
	}
	return nil
}

// blob opens the content of a blob at offset or, if the server can't do that,
// at the start; skip says how many bytes come before offset.
func (c *client) blob(ctx context.Context, h v1.Hash, size, offset int64) (body io.ReadCloser, skip int64, err error) {
	// Without this header the transport might inflate what it gets.
	header := http.Header{"Accept-Encoding": {"identity"}}
	statuses := []int{http.StatusOK}
	if offset > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, size-1))
		statuses = append(statuses, http.StatusPartialContent)
	}
	resp, err := c.get(ctx, "blobs", h.String(), header, statuses...)
	if err != nil {
		return nil, 0, err
	}
	expected := size
	if resp.StatusCode == http.StatusPartialContent {
		expected = size - offset
		if !startsAt(resp.Header.Get("Content-Range"), offset, size) {
			resp.Body.Close()
			return nil, 0, fmt.Errorf("asked for the bytes from %d of %d, it sent %q", offset, size, plain(resp.Header.Get("Content-Range")))
		}
	} else {
		skip = offset
	}
	if resp.ContentLength >= 0 && resp.ContentLength != expected {
		resp.Body.Close()
		return nil, 0, fmt.Errorf("the manifest says %d bytes, it sends %d", size, resp.ContentLength+size-expected)
	}
	return resp.Body, skip, nil
}
