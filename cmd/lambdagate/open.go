package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/artifact/registry"
)

// opener opens what the arguments of check name.
type opener struct {
	*app
	limits   artifact.Limits
	platform string
	noCache  bool
	offline  bool
	cleanups []func()
}

// open opens what an argument means, in the order that docs/images.md gives: a
// prefix says it, else a path that exists is meant, else a name that can only
// be an image's is looked up in the daemon and then in a registry. A path that
// doesn't exist is bad usage; what exists and can't be read is an artifact about
// which nothing is known.
func (o *opener) open(ctx context.Context, name string) (audit.Artifact, error) {
	kind, rest, _ := strings.Cut(name, ":")
	var art audit.Artifact
	var err error
	switch {
	case kind == "docker-archive" && rest != "":
		art, err = artifact.OpenDockerArchive(ctx, rest, o.platform, o.limits)
	case kind == "oci" && rest != "":
		art, err = artifact.OpenOCI(ctx, rest, o.platform, o.limits)
	case kind == "registry" && rest != "":
		art, err = o.registry(ctx, rest)
	case kind == "daemon" && rest != "":
		art, err = o.daemon(ctx, rest)
	default:
		art, err = artifact.OpenPlatform(ctx, name, o.platform, o.limits)
		if errors.Is(err, fs.ErrNotExist) && isReference(name) {
			art, err = o.reference(ctx, name)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && (kind == "docker-archive" || kind == "oci"):
		return nil, usage("%q does not exist", rest)
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage("%q does not exist; for an image: registry:%s or daemon:%s", name, name, name)
	case errors.Is(err, registry.ErrUsage):
		return nil, usage("%q: %w", name, err)
	case err != nil:
		return artifact.Unopened(name, err), nil
	}
	return art, nil
}

// isReference says whether a name that is no path can only be an image's: it has
// a tag, a digest or a registry's host. Anything else is a mistyped path, which
// must not be sent to a registry.
func isReference(name string) bool {
	if strings.HasPrefix(name, ".") || filepath.IsAbs(name) {
		return false
	}
	host, _, more := strings.Cut(name, "/")
	return more && strings.ContainsAny(host, ".:") || strings.Contains(name, "@sha256:") ||
		strings.Contains(name[strings.LastIndex(name, "/")+1:], ":")
}

// reference asks the local daemon, where an image that was just built is, and
// then the registry.
func (o *opener) reference(ctx context.Context, name string) (audit.Artifact, error) {
	art, err := o.daemon(ctx, name)
	if errors.Is(err, registry.ErrNoDaemon) || errors.Is(err, registry.ErrNotFound) {
		return o.registry(ctx, name)
	}
	return art, err
}

func (o *opener) options() registry.Options {
	return registry.Options{
		Platform: o.platform, NoCache: o.noCache, MaxLayers: o.limits.Layers,
		CacheDir: o.getenv("LAMBDAGATE_CACHE"), Progress: o.newProgress(), Warn: func(s string) { o.warn("%s", s) },
		UserAgent: "lambdagate/" + tool().Version,
		Insecure:  true, // plain http on loopback, where nobody listens in
	}
}

func (o *opener) registry(ctx context.Context, ref string) (audit.Artifact, error) {
	if o.offline {
		return nil, errors.New("--offline forbids to ask a registry; save the image to a file and check that")
	}
	resolved, err := registry.Resolve(ctx, ref, o.options())
	if err != nil {
		return nil, err
	}
	return artifact.OpenImage(ctx, resolved.Image, artifact.ImageMeta{
		Reference: resolved.Reference, Tag: resolved.Tag, ByDigest: resolved.ByDigest, Platforms: resolved.Platforms,
		Close: resolved.Close,
	}, o.limits)
}

func (o *opener) daemon(ctx context.Context, name string) (audit.Artifact, error) {
	path, cleanup, err := registry.FromDaemon(ctx, name, o.options())
	o.cleanups = append(o.cleanups, cleanup)
	if err != nil {
		return nil, err
	}
	return artifact.OpenDockerArchive(ctx, path, o.platform, o.limits)
}

// targets opens every argument.
func (o *opener) targets(ctx context.Context, names []string) ([]audit.Target, error) {
	var targets []audit.Target
	for _, name := range names {
		art, err := o.open(ctx, name)
		if err != nil {
			o.close(targets)
			return nil, err
		}
		targets = append(targets, audit.Target{Name: art.Name(), Artifact: art})
	}
	return uniqueNames(targets, names), nil
}

func (o *opener) close(targets []audit.Target) {
	for _, t := range targets {
		_ = t.Artifact.Close() // opened for reading: nothing to lose
	}
	for _, cleanup := range o.cleanups {
		cleanup()
	}
}

// uniqueNames gives targets that share a base name their arguments as names, so
// that findings can be told apart.
func uniqueNames(targets []audit.Target, names []string) []audit.Target {
	count := map[string]int{}
	for _, t := range targets {
		count[t.Name]++
	}
	for i := range targets {
		if count[targets[i].Name] > 1 {
			targets[i].Name = names[i]
		}
	}
	return targets
}
