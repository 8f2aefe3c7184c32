package image

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// Name is what outcomes and --only call the inspector.
const Name = "image"

// configPath is the location of what stands in the image's configuration and
// not in a file.
const configPath = "config.json"

// Options are what the inspector works with. The zero value of each but Clock
// means "not known" or "no demand".
type Options struct {
	// Clock gives the time that life times are held against.
	Clock func() time.Time
	// AllowedBases are globs ("*" is any run of characters, slashes included) of
	// which the base image's name must match one; empty allows any base.
	AllowedBases []string
	// Dockerfile is the path of the Dockerfile that made the image, as the user
	// gave it.
	Dockerfile string
	// FunctionArchitecture is the function's: "x86_64" or "arm64".
	FunctionArchitecture string
	// Overrides are the function's ImageConfig.
	Overrides Overrides
}

// Overrides replace what the image's configuration says
// (https://docs.aws.amazon.com/lambda/latest/api/API_ImageConfig.html). A nil
// or empty one replaces nothing.
type Overrides struct {
	Entrypoint, Cmd []string
	WorkingDir      string
}

// New returns the inspector.
func New(o Options) audit.Inspector { return inspector{o} }

type inspector struct{ options Options }

func (inspector) Name() string        { return Name }
func (inspector) Rules() []audit.Rule { return Rules() }

// Begin starts the examination of one target. It fails if the Dockerfile can't
// be read.
func (in inspector) Begin(_ context.Context, target audit.Target) (audit.Examination, error) {
	img, ok := target.Artifact.(audit.ImageArtifact)
	if !ok {
		return none{}, nil
	}
	e := &examination{options: in.options, target: target.Name, artifact: img, rules: map[string]audit.Rule{}}
	for _, rule := range Rules() {
		e.rules[rule.ID] = rule
	}
	if in.options.Dockerfile != "" {
		from, err := readDockerfile(in.options.Dockerfile)
		if err != nil {
			return nil, err
		}
		e.dockerfile = &from
	}
	return e, nil
}

// none is the examination of what is no image.
type none struct{}

func (none) Wants(audit.FileInfo) bool               { return false }
func (none) Visit(context.Context, audit.File) error { return nil }
func (none) Conclude(context.Context, audit.Inventory) audit.Conclusion {
	return audit.Conclusion{Skipped: "not an image"}
}

// examination is the work on one image.
type examination struct {
	options    Options
	target     string
	artifact   audit.ImageArtifact
	rules      map[string]audit.Rule
	dockerfile *from

	mu    sync.Mutex
	files collected
}

// Wants the files that are judged by their name or mode, and the few small ones
// that say which system and runtime this is.
func (e *examination) Wants(info audit.FileInfo) bool {
	return tells(info) || isSetuid(info) || cacheOf(info.Path) != "" || privateKind(info.Path) != nil
}

// Visit notes one file.
func (e *examination) Visit(_ context.Context, file audit.File) error {
	info := file.Info()
	var content []byte
	if tells(info) {
		data, whole, err := file.Bytes()
		if err != nil {
			return err
		}
		if !whole || len(data) > longestTelling {
			return fmt.Errorf("is longer than the %d bytes that are read of such a file", longestTelling)
		}
		content = append(content, data...)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.files.add(info, content)
}

// Conclude judges what was noted, the configuration and the final file system.
func (e *examination) Conclude(ctx context.Context, inventory audit.Inventory) audit.Conclusion {
	c := &judging{examination: e, image: e.artifact.Image(), now: e.options.Clock(), layers: map[string]int{}}
	for _, l := range c.image.Layers {
		if _, twice := c.layers[l.DiffID]; !twice {
			c.layers[l.DiffID] = l.Number
		}
	}
	e.files.sort()
	c.system = e.files.system()
	// What is absent is known only if every layer was read: then, and only then,
	// the digest is.
	if e.artifact.Digest() != (audit.Digest{}) {
		c.fsys = e.artifact.FS()
	}
	c.packed()
	c.shape()
	c.osLife()
	if c.fsys != nil {
		c.start = c.effective()
		c.fingerprint(ctx)
		c.runtimeLife()
		c.cannotStart()
		c.runtimeClient(ctx, inventory)
	}
	c.bases()
	c.staleTables()
	return c.Conclusion
}

// judging is a conclusion in the making.
type judging struct {
	audit.Conclusion
	*examination
	image  audit.Image
	now    time.Time
	layers map[string]int // number by diff id
	system system
	// fsys is the final file system; nil if it is not known.
	fsys fs.FS
	// aws is set if the base is one of AWS's own for Lambda, and lang is the
	// runtime in it.
	aws   bool
	lang  runtime
	start start
}

// add completes a draft with the rule's severity and the target.
func (c *judging) add(rule string, draft audit.Finding) {
	draft.Target = c.target
	if draft.Severity == audit.SeverityUnknown {
		draft.Severity = c.rules[rule].Severity
	}
	if draft.Location.Path == "" {
		draft.Location.Path = configPath
	}
	finding, err := audit.NewFinding(c.rules[rule], draft)
	if err != nil {
		c.Failed = fmt.Errorf("make a finding: %w", err)
		return
	}
	c.Findings = append(c.Findings, finding)
}

// layer names a layer by its number, which is what a person counts by.
func (c *judging) layer(diffID string) string {
	if n, ok := c.layers[diffID]; ok {
		return "layer " + strconv.Itoa(n)
	}
	return "a layer"
}

// env returns the last value of an environment variable.
func (c *judging) env(name string) string {
	value := ""
	for _, v := range c.image.Config.Env {
		if v.Name == name {
			value = v.Value.Reveal() // for comparing, never for output
		}
	}
	return value
}

// stat looks a path up in the final file system. known is false if that can't
// be told, as for a link that leads in a circle.
func (c *judging) stat(name string) (info fs.FileInfo, exists, known bool) {
	name = rooted(name)
	if !fs.ValidPath(name) {
		return nil, false, true // no layer can hold such a name
	}
	return look(fs.Stat(c.fsys, name))
}

// exists says whether a path is certainly there.
func (c *judging) exists(name string) bool {
	_, exists, _ := c.stat(name)
	return exists
}

// list returns the names in a folder, sorted; none if there is no such folder.
func (c *judging) list(dir string) []string {
	entries, err := fs.ReadDir(c.fsys, rooted(dir))
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// rooted makes an absolute path of the container one of an [fs.FS].
func rooted(name string) string {
	if name = path.Clean("/" + name)[1:]; name == "" {
		return "."
	}
	return name
}
