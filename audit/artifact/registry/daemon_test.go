package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

// listen serves on a socket like a daemon. The folder's name is short: a
// socket's path may have about 100 bytes.
func listen(t *testing.T, handler http.Handler) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "d.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return socket
}

// daemon has one image, known under one name.
func daemon(t *testing.T, known string, archive []byte) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /images/{name...}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("name") != known+"/get" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"No such image"}`)
			return
		}
		w.Header().Set("Content-Type", "application/x-tar")
		_, _ = w.Write(archive)
	})
	return listen(t, mux)
}

func savedImage(t *testing.T, ref string) []byte {
	t.Helper()
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := tarball.Write(tag, newImage(t, 2), &buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestFromDaemon(t *testing.T) {
	known := "localhost/team/fn:v1"
	archive := savedImage(t, known)
	t.Setenv("DOCKER_HOST", "unix://"+daemon(t, known, archive))
	for _, noCache := range []bool{false, true} {
		o := registry.Options{CacheDir: t.TempDir(), NoCache: noCache}
		t.Setenv("TMPDIR", t.TempDir())
		path, cleanup, err := registry.FromDaemon(t.Context(), known, o)
		if err != nil {
			t.Fatal(err)
		}
		if inCache := strings.HasPrefix(path, o.CacheDir); inCache == noCache {
			t.Errorf("no cache %t, but the archive is %q", noCache, path)
		}
		if _, err := tarball.ImageFromPath(path, nil); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, archive) {
			t.Errorf("the archive is not what the daemon sent (%v)", err)
		}
		cleanup()
		if left := files(t, o.CacheDir); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if left := files(t, os.Getenv("TMPDIR")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// Without DOCKER_HOST the sockets of the session are asked, until one knows the
// image.
func TestDaemonSockets(t *testing.T) {
	known := "only-podman-has-this:v1"
	session := t.TempDir()
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("XDG_RUNTIME_DIR", session)
	links := map[string]string{
		"docker.sock":        daemon(t, "something-else", nil),
		"podman/podman.sock": daemon(t, known, savedImage(t, known)),
	}
	for link, socket := range links {
		link = filepath.Join(session, link)
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o700), os.Symlink(socket, link)); err != nil {
			t.Fatal(err)
		}
	}
	_, cleanup, err := registry.FromDaemon(t.Context(), known, registry.Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cleanup()
}

func TestDaemonErrors(t *testing.T) {
	answer := func(code int, body string) string {
		return listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		}))
	}
	known := "fn:v1"
	archive := savedImage(t, known)
	for _, tt := range []struct {
		name, image, host, want string
		bound                   int64
		is                      error
	}{
		{name: "no daemon", host: "unix:///nonexistent/d.sock", want: "no Docker or Podman daemon listens", is: registry.ErrNoDaemon},
		{name: "not known", image: "other:v1", host: "unix://" + daemon(t, known, archive), want: `"other:v1" is not known`, is: registry.ErrNotFound},
		{name: "broken daemon", host: "unix://" + answer(500, `{"message":"disk \u001b[2J full"}`), want: `answered 500 Internal Server Error: "disk  [2J full"`},
		{name: "not a daemon", host: "unix://" + answer(418, "<html>"), want: "answered 418"},
		{name: "too large", host: "unix://" + daemon(t, known, archive), bound: 1000, want: "more than the 1000 bytes"},
		{name: "other host", host: "tcp://10.0.0.1:2375", want: "allowed: unix:///path", is: registry.ErrUsage},
		{name: "API path", image: "../containers/json?x=", host: "unix:///x", want: "neither an image's name", is: registry.ErrUsage},
		{name: "cut", host: "unix://" + listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(archive[:1000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		})), want: "stopped in the middle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", tt.host)
			if tt.image == "" {
				tt.image = known
			}
			o := registry.Options{CacheDir: t.TempDir(), MaxBytes: tt.bound}
			_, cleanup, err := registry.FromDaemon(t.Context(), tt.image, o)
			cleanup()
			if err == nil || !strings.Contains(err.Error(), tt.want) || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if left := files(t, o.CacheDir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestDaemonCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Setenv("DOCKER_HOST", "unix://"+listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(w, r)
	})))
	if _, _, err := registry.FromDaemon(ctx, "fn", registry.Options{CacheDir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
