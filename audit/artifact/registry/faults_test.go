package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

// on answers requests whose path contains part.
func on(part string, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, part) {
			answer(w, r)
			return true
		}
		return false
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func send(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }
}

// fetch resolves and reads everything.
func fetch(ctx context.Context, ref string, o registry.Options) error {
	r, err := registry.Resolve(ctx, ref, o)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = contents(r.Image)
	return err
}

func TestFaults(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 3)
	ref := l.store(t, "team/fn:v1", img)
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	layer, data := topLayer(t, img)
	config, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Repeat([]byte{'x'}, len(data))
	for _, tt := range []struct {
		name  string
		ref   string
		fault func(http.ResponseWriter, *http.Request) bool
		want  []string
		is    error
	}{
		{name: "unknown tag", ref: l.host() + "/team/fn:v2", want: []string{`has no tag "v2" in "team/fn"`}, is: registry.ErrNotFound},
		{name: "unknown repository", ref: l.host() + "/team/other:v1", want: []string{`has no repository "team/other"`}, is: registry.ErrNotFound},
		{name: "unknown digest", ref: l.host() + "/team/fn@sha256:" + strings.Repeat("0", 64), want: []string{"has no sha256:000"}, is: registry.ErrNotFound},
		{name: "wrong digest", ref: l.host() + "/team/fn@" + digest.String(), fault: on("/manifests/", send([]byte(`{"schemaVersion":2}`))),
			want: []string{"does not match its digest", digest.String()}},
		{name: "500", fault: on("/v2/", status(500)), want: []string{l.host(), "answered 500 Internal Server Error"}},
		{name: "503 of a manifest", fault: on("/manifests/", status(503)), want: []string{"answered 503"}},
		{name: "500 of a layer", fault: on(layer.Hex, status(500)), want: []string{layer.String(), "answered 500"}},
		{name: "404 of a layer", fault: on(layer.Hex, status(404)), want: []string{layer.String(), "lacks a part"}, is: registry.ErrNotFound},
		{name: "too many requests", fault: on("/manifests/", status(429)), want: []string{"allows no more requests"}},
		{name: "denied", fault: on("/manifests/", status(403)), want: []string{"does not show"}},
		{name: "silent", fault: on("/v2/", hang), want: []string{"sent nothing for 300ms"}},
		{name: "silent about a layer", fault: on(layer.Hex, hang), want: []string{layer.String(), "sent nothing for 300ms"}},
		{name: "silent in a layer", fault: on(layer.Hex, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data[:100])
			w.(http.Flusher).Flush()
			hang(w, r)
		}), want: []string{layer.String(), "sent nothing for 300ms"}},
		{name: "lying digest of a layer", fault: on(layer.Hex, send(other)), want: []string{layer.String(), "does not match its digest"}},
		{name: "lying digest of the configuration", fault: on(config.Hex, send(other)), want: []string{"configuration"}},
		{name: "lying size", fault: on(layer.Hex, send(data[:1000])), want: []string{layer.String(), "it sends 1000"}},
		{name: "layer cut short", fault: on(layer.Hex, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data[:1000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}), want: []string{layer.String(), "cut short: 1000 of"}},
		{name: "endless manifest", fault: on("/manifests/", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write(other)
			}
		}), want: []string{"more than the 4194304 bytes"}},
		{name: "not JSON", fault: on("/manifests/", send([]byte("<html>"))), want: []string{"not JSON"}},
		{name: "wrong part", fault: on(layer.Hex, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)))
				w.WriteHeader(http.StatusPartialContent)
				return
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data[:1000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}), want: []string{layer.String(), "asked for the bytes from 1000"}},
		{name: "escape sequences in words", fault: on("/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"errors":[{"code":"X","message":"\u001b[2Jgone\n::error::"}]}`))
		}), want: []string{`it says "X  [2Jgone ::error::"`}},
	} {
		for _, noCache := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, no cache %t", tt.name, noCache), func(t *testing.T) {
				l.broken(tt.fault)
				o := l.options(t)
				o.NoCache = noCache
				if strings.HasPrefix(tt.name, "silent") {
					o.IdleTimeout = 300 * time.Millisecond
				}
				if tt.ref == "" {
					tt.ref = ref
				}
				err := fetch(t.Context(), tt.ref, o)
				if err == nil {
					t.Fatal("no error")
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("got %q, want %q", err, want)
					}
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("%v is not %v", err, tt.is)
				}
				if strings.ContainsAny(err.Error(), "\x1b\n") {
					t.Errorf("control characters in %q", err)
				}
			})
		}
	}
}

func TestPassingFaultIsRetried(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	ref := l.store(t, "fn:v1", img)
	failed := map[string]bool{}
	l.broken(func(w http.ResponseWriter, r *http.Request) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if first := !failed[r.URL.Path]; first {
			failed[r.URL.Path] = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	same(t, resolve(t, ref, l.options(t)).Image, img)
}

// cutting serves data in pieces of a third, each of which ends with the
// connection.
func cutting(data []byte, ranges bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var start int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start); err == nil && ranges {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, len(data)))
			w.Header().Set("Content-Length", strconv.Itoa(len(data)-start))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		}
		end := min(start+len(data)/3, len(data))
		if !ranges && start > 0 {
			start, end = 0, len(data) // the second time whole
		}
		_, _ = w.Write(data[start:end])
		w.(http.Flusher).Flush()
		if end < len(data) {
			panic(http.ErrAbortHandler)
		}
	}
}

func TestResume(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	ref := l.store(t, "fn:v1", img)
	layer, data := topLayer(t, img)
	for _, ranges := range []bool{true, false} {
		for _, noCache := range []bool{false, true} {
			t.Run(fmt.Sprintf("ranges %t, no cache %t", ranges, noCache), func(t *testing.T) {
				l.blobRequests()
				l.broken(on(layer.Hex, cutting(data, ranges)))
				o := l.options(t)
				o.NoCache = noCache
				same(t, resolve(t, ref, o).Image, img)
				resumed := 0
				for _, r := range l.blobRequests() {
					if strings.Contains(r, layer.Hex+" bytes=") {
						resumed++
					}
				}
				if want := map[bool]int{true: 3, false: 1}[ranges]; resumed != want {
					t.Errorf("%d requests with a range, want %d", resumed, want)
				}
			})
		}
	}
}

func TestCancel(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 2)
	ref := l.store(t, "fn:v1", img)
	layer, _ := topLayer(t, img)
	for _, part := range []string{"/v2/", "/manifests/", layer.Hex} {
		t.Run(part, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l.broken(on(part, func(w http.ResponseWriter, r *http.Request) {
				cancel()
				hang(w, r)
			}))
			if err := fetch(ctx, ref, l.options(t)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	l := newLab(t)
	ref := l.store(t, "fn:v1", newImage(t, 1))
	l.broken(on("/manifests/", hang))
	o := l.options(t)
	o.Timeout = 100 * time.Millisecond
	if err := fetch(t.Context(), ref, o); err == nil || !strings.Contains(err.Error(), "was not fetched within 100ms") {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsFetching(t *testing.T) {
	l := newLab(t)
	img := newImage(t, 1)
	ref := l.store(t, "fn:v1", img)
	layer, _ := topLayer(t, img)
	asked := make(chan struct{})
	l.broken(on(layer.Hex, func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		hang(w, r)
	}))
	r := resolve(t, ref, l.options(t))
	<-asked
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	l := newLab(t)
	ref := l.store(t, "fn:v1", newImage(t, 1))
	o := l.options(t)
	o.Transport = nil // knows nothing of the server's authority
	for _, insecure := range []bool{false, true} {
		// With plain http allowed on loopback, a refused certificate is no reason
		// to fall back to it.
		o.Insecure = insecure
		if err := fetch(t.Context(), ref, o); err == nil || !strings.Contains(err.Error(), "signed by an authority that this machine does not know") {
			t.Errorf("insecure %v: got %v", insecure, err)
		}
	}
	o = l.options(t)
	// The certificate is for 127.0.0.1 and example.com.
	if err := fetch(t.Context(), strings.Replace(ref, "127.0.0.1", "localhost", 1), o); err == nil || !strings.Contains(err.Error(), "TLS failed") {
		t.Errorf("got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	l := newLab(t)
	ref := strings.TrimPrefix(gone.URL, "http://") + "/fn:v1"
	for _, insecure := range []bool{false, true} {
		o := l.options(t)
		o.Insecure = insecure
		if err := fetch(t.Context(), ref, o); err == nil || !strings.Contains(err.Error(), "can't be reached") {
			t.Errorf("insecure %t: got %v", insecure, err)
		}
	}
}

// Manifests that promise more than is allowed are refused before anything of
// the image is fetched.
func TestHostileManifests(t *testing.T) {
	l := newLab(t)
	zero := "sha256:" + strings.Repeat("0", 64)
	descriptor := func(mediaType types.MediaType, size int64) string {
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, zero, size)
	}
	config, layer := descriptor(types.OCIConfigJSON, 10), descriptor(types.OCILayer, 10)
	image := func(config string, layers ...string) string {
		return fmt.Sprintf(`{"schemaVersion":2,"config":%s,"layers":[%s]}`, config, strings.Join(layers, ","))
	}
	many := strings.Split(strings.Repeat(layer+"\n", 300), "\n")[:300]
	for _, tt := range []struct{ name, manifest, want string }{
		{"config of 100 MB", image(descriptor(types.OCIConfigJSON, 100<<20), layer), "configuration has 104857600 bytes"},
		{"config of negative size", image(descriptor(types.OCIConfigJSON, -1), layer), "configuration has -1 bytes"},
		{"300 layers", image(config, many...), "300 layers, more than the 256"},
		{"20 GiB", image(config, descriptor(types.OCILayer, 20<<30)), "more than the 12884901888 bytes"},
		{"sum over the limit", image(config, descriptor(types.OCILayer, 11<<30), descriptor(types.OCILayer, 11<<30)), "more than the 12884901888 bytes"},
		{"negative size", image(config, descriptor(types.OCILayer, -5)), "size of -5 bytes"},
		{"image and index", `{"schemaVersion":2,"config":` + config + `,"layers":[],"manifests":[]}`, "an image and an index at once"},
		{"index that says it is an image", `{"schemaVersion":2,"mediaType":"` + string(types.OCIManifestSchema1) + `","manifests":[]}`, "an image and an index at once"},
		{"neither", `{"schemaVersion":2}`, "neither"},
		{"schema 1", `{"schemaVersion":1,"fsLayers":[]}`, "schema 1"},
		{"chart", image(`{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"` + zero + `","size":2}`), "not a container image"},
		{"digest that is a path", image(`{"mediaType":"` + string(types.OCIConfigJSON) + `","digest":"sha256:../../../etc/passwd","size":2}`), "not JSON"},
		{"one layer, two sizes", image(config, layer, descriptor(types.OCILayer, 11)), "two sizes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l.broken(on("/manifests/", send([]byte(tt.manifest))))
			if err := fetch(t.Context(), l.host()+"/fn:v1", l.options(t)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
