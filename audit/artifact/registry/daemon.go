package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// ErrNoDaemon is wrapped if no Docker or Podman daemon listens.
var ErrNoDaemon = errors.New("no Docker or Podman daemon")

// FromDaemon has the Docker or Podman daemon write the image into a file, in
// the form of docker save, and returns its path. The caller calls cleanup,
// which removes the file; it is never nil. The file lies in the cache folder,
// or with NoCache in the system's folder for temporary files, and may have as
// many bytes as the image unpacked.
//
// Asked are DOCKER_HOST if that is set (unix:///path only), else the sockets of
// Docker and Podman, rootless ones included, until one has the image. Errors
// wrap [ErrUsage], [ErrNoDaemon] or [ErrNotFound] where that is the reason.
func FromDaemon(ctx context.Context, name string, o Options) (path string, cleanup func(), err error) {
	o = o.withDefaults()
	nothing := func() {}
	if !isDaemonName(name) {
		return "", nothing, fmt.Errorf("%w: %q is neither an image's name nor an id", ErrUsage, plain(name))
	}
	sockets, err := daemonSockets(os.Getenv)
	if err != nil {
		return "", nothing, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("the daemon did not write %q within %s", name, o.Timeout))
	defer cancel()
	file, err := spoolFile(o)
	if err != nil {
		return "", nothing, err
	}
	cleanup = func() { _ = os.Remove(file.Name()) }
	err = fromSockets(ctx, sockets, name, file, o.MaxBytes)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		cleanup()
		return "", nothing, err
	}
	return file.Name(), cleanup, nil
}

// daemonName also keeps out what would be another path of the daemon's API.
var daemonName = regexp.MustCompile(`^[a-zA-Z0-9]+(?:[._:@/-]+[a-zA-Z0-9_]+)*$`)

func isDaemonName(name string) bool {
	return daemonName.MatchString(name) && !strings.Contains(name, "..") && !strings.Contains(name, "//")
}

func daemonSockets(getenv func(string) string) ([]string, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		path, found := strings.CutPrefix(host, "unix://")
		if !found || path == "" {
			return nil, fmt.Errorf("%w: DOCKER_HOST is not a socket of this machine (allowed: unix:///path); docker save writes an archive that can be checked", ErrUsage)
		}
		return []string{path}, nil
	}
	sockets := []string{"/var/run/docker.sock"}
	if runtime := getenv("XDG_RUNTIME_DIR"); runtime != "" {
		sockets = append(sockets, filepath.Join(runtime, "docker.sock"), filepath.Join(runtime, "podman", "podman.sock"))
	}
	return append(sockets, "/run/podman/podman.sock"), nil
}

// spoolFile is a temporary file next to the cache, where there is room for
// images, else in the system's folder.
func spoolFile(o Options) (*os.File, error) {
	dir := o.CacheDir
	if dir == "" && !o.NoCache {
		dir, _ = DefaultCacheDir() // without one the system's folder serves
	}
	if dir != "" && !o.NoCache {
		file, err := createTemp(dir)
		if err == nil {
			return file, nil
		}
		o.Warn(plain(err.Error()))
	}
	return os.CreateTemp("", "lambdagate-*.tar")
}

// fromSockets takes the image from the first daemon that has it.
func fromSockets(ctx context.Context, sockets []string, name string, to io.Writer, bound int64) error {
	var asked []string
	for _, socket := range sockets {
		err := save(ctx, socket, name, to, bound)
		switch {
		case errors.Is(err, ErrNoDaemon):
			continue
		case errors.Is(err, ErrNotFound):
			asked = append(asked, socket)
			continue
		}
		return err
	}
	if len(asked) == 0 {
		return fmt.Errorf("%w listens (tried: %s)", ErrNoDaemon, strings.Join(sockets, ", "))
	}
	return fmt.Errorf("%w: %q is not known to the daemon at %s", ErrNotFound, name, strings.Join(asked, ", "))
}

// save speaks the Docker Engine API (https://docs.docker.com/reference/api/engine/,
// GET /images/{name}/get), which Podman serves too, without a version so that
// the daemon takes its own.
func save(ctx context.Context, socket, name string, to io.Writer, bound int64) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://daemon/images/"+name+"/get", nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNoDaemon
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the daemon's socket %q is not open to this user (add the user to the group docker, or use docker save)", socket)
	case err != nil:
		return fmt.Errorf("the daemon at %q failed: %s", socket, plain(innermost(err).Error()))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return daemonAnswer(socket, resp)
	}
	n, err := copyAll(ctx, to, io.LimitReader(resp.Body, bound+1))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("the archive of %q can't be written, or the daemon stopped in the middle: %w", name, err)
	case n > bound:
		return fmt.Errorf("the archive of %q has more than the %d bytes allowed", name, bound)
	}
	return nil
}

// daemonAnswer makes an error of an answer that is not the archive.
func daemonAnswer(socket string, resp *http.Response) error {
	if resp.StatusCode == http.StatusNotFound {
		return ErrNotFound
	}
	var body struct {
		Message string `json:"message"`
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || json.Unmarshal(data, &body) != nil {
		body.Message = "no reason given"
	}
	return fmt.Errorf("the daemon at %q answered %d %s: %q", socket, resp.StatusCode, http.StatusText(resp.StatusCode), plain(body.Message))
}
