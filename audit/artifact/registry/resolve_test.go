package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

func TestResolve(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 4)
	ref := l.store(t, "team/fn:v1", img)
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, ref, tag string
		byDigest       bool
	}{
		{"by tag", ref, "v1", false},
		{"by digest", l.host() + "/team/fn@" + digest.String(), "", true},
	} {
		for _, noCache := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, no cache %t", tt.name, noCache), func(t *testing.T) {
				o := l.options(t)
				o.NoCache = noCache
				done := map[string]int64{}
				o.Progress = func(e registry.Event) {
					// Without a cache, reading a layer again fetches it again.
					if (e.Done < done[e.Layer] && !noCache) || e.Done > e.Total {
						t.Errorf("progress goes back or too far: %+v", e)
					}
					done[e.Layer] = e.Done
				}
				r := resolve(t, tt.ref, o)
				if r.Reference != tt.ref || r.Tag != tt.tag || r.ByDigest != tt.byDigest || r.Digest != digest.String() || r.Platforms != nil {
					t.Errorf("got %+v", r)
				}
				same(t, r.Image, img)
				// Of the stored content, the compression, the diff ids and the configuration.
				if err := validate.Image(r.Image); err != nil {
					t.Error(err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if len(done) != 4 {
					t.Errorf("progress of %d layers, want 4", len(done))
				}
			})
		}
	}
}

func TestSameLayerTwiceIsFetchedOnce(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.AppendLayers(img, layers...)
	if err != nil {
		t.Fatal(err)
	}
	r := resolve(t, l.store(t, "fn:twice", img), l.options(t))
	same(t, r.Image, img)
	if got := l.blobRequests(); len(got) != 3 {
		t.Errorf("want two layers and the configuration fetched, got %q", got)
	}
}

func index(t *testing.T, platforms ...string) (v1.ImageIndex, map[string]v1.Image) {
	t.Helper()
	images := map[string]v1.Image{}
	idx := v1.ImageIndex(empty.Index)
	for _, p := range platforms {
		parts := append(strings.Split(p, "/"), "")
		images[p] = newImage(t, 1)
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: images[p],
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}}})
	}
	return idx, images
}

func TestIndex(t *testing.T) {
	l := newLab(t)
	all := []string{"linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "unknown/unknown"}
	for _, tt := range []struct {
		name string
		has  []string
		want string // the platform asked for
		gets string // the image chosen, empty for an error
		err  string
	}{
		{name: "default", has: all, gets: "linux/amd64"},
		{name: "asked", has: all, want: "linux/arm64", gets: "linux/arm64"},
		{name: "v8 is what arm64 is", has: all, want: "linux/arm64/v8", gets: "linux/arm64"},
		{name: "the first that fits", has: all, want: "linux/arm", gets: "linux/arm/v7"},
		{name: "variant", has: all, want: "linux/arm/v6", gets: "linux/arm/v6"},
		{name: "the only one that runs", has: []string{"linux/arm64", "unknown/unknown"}, gets: "linux/arm64"},
		{name: "no default", has: []string{"linux/arm64", "linux/arm/v7"}, err: "no image for linux/amd64 (it has: linux/arm64, linux/arm/v7)"},
		{name: "not there", has: all, want: "linux/s390x", err: "no image for linux/s390x"},
		{name: "only attestations", has: []string{"unknown/unknown"}, err: "no image that can run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			idx, images := index(t, tt.has...)
			o := l.options(t)
			o.Platform = tt.want
			ref := l.store(t, "fn:index", idx)
			r, err := registry.Resolve(t.Context(), ref, o)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if !slices.Equal(r.Platforms, tt.has) {
				t.Errorf("platforms %q, want %q", r.Platforms, tt.has)
			}
			same(t, r.Image, images[tt.gets])
			if d, err := images[tt.gets].Digest(); err != nil || d.String() != r.Digest {
				t.Errorf("digest %s, want %s (%v)", r.Digest, d, err)
			}
		})
	}
}

func TestBadUsage(t *testing.T) {
	for _, tt := range []struct{ ref, platform string }{
		{"", ""}, {"UPPER/case", ""}, {"https://example.com/fn", ""}, {"fn@sha256:12", ""}, {"a b", ""}, {"fn:", ""},
		{"fn", "amd64"}, {"fn", "linux/"}, {"fn", "linux/arm/v7/x"}, {"fn", "/"},
	} {
		_, err := registry.Resolve(t.Context(), tt.ref, registry.Options{Platform: tt.platform})
		if !errors.Is(err, registry.ErrUsage) {
			t.Errorf("%q %q: got %v", tt.ref, tt.platform, err)
		}
	}
	password := "s3" + "cret-word"
	if _, err := registry.Resolve(t.Context(), "https://me:"+password+"@example.com/fn", registry.Options{}); err == nil || strings.Contains(err.Error(), password) {
		t.Errorf("want an error without the password, got %v", err)
	}
}

func basicAuth(user, password string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if u, p, _ := r.BasicAuth(); u == user && p == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}

// bearerAuth gives a token to one user, and to the anonymous if open is true.
func bearerAuth(l *lab, user, password string, open bool) func(http.ResponseWriter, *http.Request) bool {
	const token = "a-token"
	return func(w http.ResponseWriter, r *http.Request) bool {
		u, p, known := r.BasicAuth()
		switch {
		case r.URL.Path == "/token" && ((u == user && p == password) || (!known && open)):
			_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
		case r.URL.Path == "/token":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, l.URL))
			w.WriteHeader(http.StatusUnauthorized)
		default:
			return false
		}
		return true
	}
}

func TestCredentials(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	ref := l.store(t, "team/fn:v1", img)
	password := "right" + "-one"
	for _, tt := range []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request) bool
		as    as
		err   string
	}{
		{"basic", basicAuth("me", password), as{"me", password}, ""},
		{"basic, wrong", basicAuth("me", password), as{"me", "wrong"}, "refuses the credentials"},
		{"basic, none", basicAuth("me", password), as{}, "no credentials for it are known"},
		{"bearer", bearerAuth(l, "me", password, false), as{"me", password}, ""},
		{"bearer, wrong", bearerAuth(l, "me", password, true), as{"me", "wrong"}, "refuses the credentials"},
		{"bearer, none", bearerAuth(l, "me", password, false), as{}, "no credentials for it are known"},
		{"bearer, open to all", bearerAuth(l, "me", password, true), as{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l.broken(tt.fault)
			o := l.options(t)
			o.Keychain = tt.as
			r, err := registry.Resolve(t.Context(), ref, o)
			if tt.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				same(t, r.Image, img)
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "docker login "+l.host()) {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

func TestDockerConfig(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 1)
	ref := l.store(t, "fn:v1", img)
	l.broken(basicAuth("me", "pass"))
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + "pass"))
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, l.host(), auth)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := l.options(t)
	o.Keychain = nil
	same(t, resolve(t, ref, o).Image, img)
}

// A registry may hand its blobs out from elsewhere; elsewhere must not see the
// credentials.
func TestRedirectDropsCredentials(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 1)
	ref := l.store(t, "fn:v1", img)
	password := "right" + "-one"
	storage := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("the storage got credentials for %s", r.URL.Path)
		}
		http.Redirect(w, r, l.push.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer storage.Close()
	auth := basicAuth("me", password)
	l.broken(func(w http.ResponseWriter, r *http.Request) bool {
		if auth(w, r) {
			return true
		}
		if strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, storage.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		return false
	})
	o := l.options(t)
	o.Keychain = as{"me", password}
	if _, err := registry.Resolve(t.Context(), ref, o); err == nil || !strings.Contains(err.Error(), "plain http is refused") {
		t.Errorf("the redirect to plain http must be refused, got %v", err)
	}
	o.Insecure = true // the last stop is on the loopback
	same(t, resolve(t, ref, o).Image, img)
}

func TestPlainHTTP(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 1)
	l.store(t, "fn:v1", img)
	ref := strings.TrimPrefix(l.push.URL, "http://") + "/fn:v1"
	o := l.options(t)
	o.Transport = nil
	if _, err := registry.Resolve(t.Context(), ref, o); err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("plain http without being asked for: %v", err)
	}
	o.Insecure = true
	same(t, resolve(t, ref, o).Image, img)
}
