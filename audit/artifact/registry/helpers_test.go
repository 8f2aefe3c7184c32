package registry_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	inmemory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

// lab is a registry that speaks TLS, with a side door to push through.
type lab struct {
	*httptest.Server
	push *httptest.Server

	mu       sync.Mutex
	fault    func(http.ResponseWriter, *http.Request) bool
	requests []string
}

func newLab(t testing.TB) *lab {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DOCKER_CONFIG", "")
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("REGISTRY_AUTH_FILE", "")
	quiet := log.New(io.Discard, "", 0)
	store := inmemory.New(inmemory.Logger(quiet))
	l := &lab{push: httptest.NewServer(store)}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := l.note(r); fault == nil || !fault(w, r) {
			store.ServeHTTP(w, r)
		}
	}))
	l.Config.ErrorLog = quiet // handshakes and handlers fail on purpose
	l.StartTLS()
	t.Cleanup(l.Close)
	t.Cleanup(l.push.Close)
	return l
}

func (l *lab) note(r *http.Request) func(http.ResponseWriter, *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
	return l.fault
}

// broken has every request offered to fault first; if that returns true it has
// answered.
func (l *lab) broken(fault func(http.ResponseWriter, *http.Request) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// blobRequests returns the requests for blobs so far, and forgets them.
func (l *lab) blobRequests() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.DeleteFunc(l.requests, func(r string) bool { return !strings.Contains(r, "/blobs/") })
	l.requests = nil
	return all
}

func (l *lab) host() string { return strings.TrimPrefix(l.URL, "https://") }

func (l *lab) options(t testing.TB) registry.Options {
	return registry.Options{
		CacheDir: t.TempDir(), Keychain: as{}, Transport: l.Client().Transport,
		Backoff: time.Millisecond, Warn: func(s string) { t.Errorf("warning: %s", s) },
	}
}

// store pushes an image or index as repository:tag and returns the reference.
func (l *lab) store(t testing.TB, where string, what remote.Taggable) string {
	t.Helper()
	ref, err := name.ParseReference(strings.TrimPrefix(l.push.URL, "http://") + "/" + where)
	if err != nil {
		t.Fatal(err)
	}
	switch v := what.(type) {
	case v1.Image:
		err = remote.Write(ref, v)
	case v1.ImageIndex:
		err = remote.WriteIndex(ref, v)
	default:
		t.Fatalf("%T is neither an image nor an index", what)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l.host() + "/" + where
}

// as is a keychain with one user for everything; without a name it is nobody.
type as struct{ user, password string }

func (a as) Resolve(authn.Resource) (authn.Authenticator, error) {
	if a.user == "" {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(authn.AuthConfig{Username: a.user, Password: a.password}), nil
}

const layerSize = 90_000

// newImage has n layers of noise, and a history so that it is like a real one.
func newImage(t testing.TB, n int64) v1.Image {
	t.Helper()
	img, err := random.Image(layerSize, n)
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.ConfigFile(img, configOf(t, img))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func configOf(t testing.TB, img v1.Image) *v1.ConfigFile {
	t.Helper()
	cfg, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cfg = cfg.DeepCopy()
	cfg.OS, cfg.Architecture = "linux", "amd64"
	return cfg
}

func resolve(t testing.TB, ref string, o registry.Options) registry.Resolved {
	t.Helper()
	r, err := registry.Resolve(context.Background(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// contents reads every layer as it is stored, topmost first as a walk does.
func contents(img v1.Image) ([][]byte, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	all := make([][]byte, len(layers))
	for i := len(layers) - 1; i >= 0; i-- {
		r, err := layers[i].Compressed()
		if err != nil {
			return nil, err
		}
		all[i], err = io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// same fails the test unless both images have the same layers, byte by byte.
func same(t testing.TB, got, want v1.Image) {
	t.Helper()
	a, err := contents(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := contents(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) == 0 || !slices.EqualFunc(a, b, bytes.Equal) {
		t.Errorf("the layers differ")
	}
}

func topLayer(t testing.TB, img v1.Image) (v1.Hash, []byte) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	h, err := layers[len(layers)-1].Digest()
	if err != nil {
		t.Fatal(err)
	}
	all, err := contents(img)
	if err != nil {
		t.Fatal(err)
	}
	return h, all[len(all)-1]
}
