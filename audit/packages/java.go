package packages

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"

	"github.com/lambdagate/lambdagate/audit"
)

// A jar says what it is in META-INF/maven/*/*/pom.properties (several, if it
// is shaded), else by its manifest and its file's name. The walk offers what is
// inside a jar file by file, so nothing is unzipped here: osv-scalibr would
// read nested jars into memory once more, under limits of its own and without
// naming the one it can't read. Only its knowledge of manifests is used.

// jar is what is known of one Java archive until the walk has ended.
type jar struct {
	layer       string
	named       []sighting // by the file's name
	manifested  []sighting // by manifest and name
	described   bool       // by pom.properties: the others don't count
	badManifest error
}

// maxManifest is how much of a manifest is read, in bytes. What identifies the
// jar stands at the top; a signed jar lists its files below.
const maxManifest = 1 << 20

// jar gives the state of one archive; the caller holds the lock.
func (c *collection) jar(path, layer string) *jar {
	j, ok := c.jars[path]
	if !ok {
		j = &jar{layer: layer}
		c.jars[path] = j
	}
	return j
}

// noteArchive remembers what a jar's name says.
func (c *collection) noteArchive(info audit.FileInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.jar(info.Path, info.Layer)
	props := archive.ParseFilename(info.Path)
	if props == nil {
		return
	}
	// A few old projects have one name for both; it is what advisories use for
	// them, and it matches nothing otherwise.
	group := props.ArtifactID
	if props.GroupID != "" {
		group = strings.ToLower(props.GroupID)
	}
	j.named = []sighting{{ecosystem: ecosystemMaven, name: group + ":" + props.ArtifactID, version: props.Version}}
}

// readPomProperties gives the package that Maven's descriptor names. Inside
// a jar it stands for the jar, in an unpacked one for itself.
func (c *collection) readPomProperties(info audit.FileInfo, data []byte) []sighting {
	s, ok := parsePomProperties(data)
	if !ok {
		return nil
	}
	path, _, inArchive := enclosing(info.Path)
	if !inArchive || !archive.IsArchive(path) {
		return []sighting{s}
	}
	s.location, s.how = audit.Location{Path: path, Layer: info.Layer}, audit.HowInstalled
	c.add([]sighting{s})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jar(path, info.Layer).described = true
	return nil
}

// parsePomProperties reads the three keys that Maven's archiver writes
// (https://maven.apache.org/shared/maven-archiver/). ok is false if one is
// missing or is a placeholder.
func parsePomProperties(data []byte) (s sighting, ok bool) {
	var group, artifact, version string
	for line := range bytes.Lines(data) {
		key, value, _ := strings.Cut(string(bytes.TrimSpace(line)), "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "groupId":
			group = value
		case "artifactId":
			artifact = value
		case "version":
			version = value
		}
	}
	for _, v := range []string{group, artifact, version} {
		if v == "" || strings.ContainsAny(v, " :") {
			return sighting{}, false
		}
	}
	return sighting{ecosystem: ecosystemMaven, name: group + ":" + artifact, version: version}, true
}

// readManifest remembers what a jar's manifest and name say together.
func (c *collection) readManifest(ctx context.Context, info audit.FileInfo, data []byte) error {
	path, _, _ := enclosing(info.Path)
	found, bad := c.identify(ctx, audit.FileInfo{Path: path, Layer: info.Layer}, data)
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.jar(path, info.Layer)
	j.manifested, j.badManifest = found, bad
	return nil
}

// identify runs osv-scalibr on a jar that holds the manifest and nothing else.
func (c *collection) identify(ctx context.Context, info audit.FileInfo, manifest []byte) ([]sighting, error) {
	manifest, err := unfoldManifest(manifest)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	entry, err := w.CreateHeader(&zip.FileHeader{Name: "META-INF/MANIFEST.MF", Method: zip.Store})
	if err == nil {
		_, err = entry.Write(manifest)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return c.extract(ctx, c.archive, ecosystemMaven, info, out.Bytes())
}

// unfoldManifest joins continued lines, which begin with a space that is not
// part of the value (https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#notes-on-manifest-and-signature-files),
// and drops empty lines and values too long to be a name. It refuses what is
// no manifest: osv-scalibr feeds its parser from a goroutine that never ends
// when the parser stops early.
func unfoldManifest(manifest []byte) ([]byte, error) {
	if len(manifest) > maxManifest {
		manifest = manifest[:bytes.LastIndexByte(manifest[:maxManifest], '\n')+1]
	}
	var out, line bytes.Buffer
	end := func() {
		if line.Len() > 0 && line.Len() < maxLine {
			out.Write(append(line.Bytes(), '\n'))
		}
		line.Reset()
	}
	for raw := range bytes.Lines(manifest) {
		raw = bytes.TrimRight(raw, "\r\n")
		if rest, continued := bytes.CutPrefix(raw, []byte(" ")); continued {
			if line.Len() == 0 {
				return nil, errors.New("is not a jar manifest: a line continues none")
			}
			line.Write(rest)
			continue
		}
		end()
		line.Write(raw)
	}
	end()
	_, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(out.Bytes()))).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("is not a jar manifest: %w", err)
	}
	return out.Bytes(), nil
}

// finishJars gives the packages of the jars that no pom.properties describes,
// and the manifests that would have been needed but can't be read.
func (c *collection) finishJars() []audit.Problem {
	var found []sighting
	var problems []audit.Problem
	for path, j := range c.jars {
		if j.described {
			continue
		}
		candidates := j.manifested
		if len(candidates) == 0 {
			candidates = j.named
		}
		if len(candidates) == 0 && j.badManifest != nil {
			problems = append(problems, audit.Problem{Path: path + "!/META-INF/MANIFEST.MF", Reason: j.badManifest.Error()})
		}
		for _, s := range candidates {
			s.location, s.how = audit.Location{Path: path, Layer: j.layer}, audit.HowInstalled
			found = append(found, s)
		}
	}
	c.add(found)
	return problems
}
