package image

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// baseAnnotation is where a builder may say what it built on
// (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
const baseAnnotation = "org.opencontainers.image.base.name"

// base is what the image was built on, as far as anybody says.
type base struct {
	name string // a reference, or "scratch"; empty if not known
	// says completes "… according to".
	says     string
	location audit.Location
}

// imageName is a reference (https://github.com/distribution/reference): host,
// path, tag and digest. Anything else, which might hold who knows what, is no
// name.
var imageName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`)

// fingerprint says whether the base is one of AWS's own for Lambda. Its images
// carry no label, and environment variables can be written by anybody, so the
// files must be there too: the entry script, the runtime's folder and Amazon
// Linux's os-release
// (https://github.com/aws/aws-lambda-base-images).
func (c *judging) fingerprint(ctx context.Context) {
	if c.env("LAMBDA_TASK_ROOT") != "/"+taskRoot || c.env("LAMBDA_RUNTIME_DIR") != "/"+runtimeDir || c.system.id != "amzn" {
		return
	}
	script, exists, _ := c.stat(entryScript)
	dir, _, _ := c.stat(runtimeDir)
	c.aws = exists && script.Mode().IsRegular() && script.Size() > 0 && dir != nil && dir.IsDir()
	if c.aws {
		c.lang = c.runtime(ctx)
	}
}

// base finds the base's name: the Dockerfile that the user gave, what the
// builder noted, or what the fingerprint comes to.
func (c *judging) base() base {
	if c.dockerfile != nil && c.dockerfile.name != "" {
		return base{c.dockerfile.name, "the Dockerfile", audit.Location{Path: c.options.Dockerfile, Line: c.dockerfile.line}}
	}
	if name := c.image.Annotations[baseAnnotation]; imageName.MatchString(name) {
		return base{name, "an annotation", audit.Location{Path: configPath}}
	}
	if name := c.image.Config.Labels[baseAnnotation].Reveal(); imageName.MatchString(name) {
		return base{name, "a label", audit.Location{Path: configPath}}
	}
	if c.aws {
		return base{c.lang.image(), "its files", audit.Location{Path: configPath}}
	}
	return base{location: audit.Location{Path: configPath}}
}

// bases judges the base's name and the image's own.
func (c *judging) bases() {
	b := c.base()
	c.allowed(b)
	if c.image.Tag != "" && !c.image.ByDigest {
		c.add(ruleMutableTag, audit.Finding{
			Confidence: audit.ConfidenceHigh,
			Message:    fmt.Sprintf("%s is a tag, and what it names when the function is deployed need not be what was checked", quote(c.image.Reference)),
			Subject:    "reference",
			Remedy:     "deploy the digest that was checked: " + pinned(c.image),
		})
	}
	if b.name == "" || b.name == "scratch" || strings.Contains(b.name, "@") || b.says == "its files" {
		return
	}
	if _, tag := splitTag(b.name); tag == "" || tag == "latest" {
		c.add(ruleMutableTag, audit.Finding{
			Confidence: audit.ConfidenceHigh,
			Message:    fmt.Sprintf("the base %s is whatever was latest when the image was built", quote(b.name)),
			Subject:    "base " + b.name,
			Location:   b.location,
			Remedy:     "name a version in FROM, and a digest if builds must be the same",
		})
	}
}

// pinned is the image's reference with its digest in place of the tag.
func pinned(img audit.Image) string {
	name, _ := splitTag(img.Reference)
	if !imageName.MatchString(name) || img.Digest == "" {
		return "NAME@sha256:…"
	}
	return name + "@" + img.Digest
}

// splitTag parts a reference without a digest from its tag.
func splitTag(name string) (rest, tag string) {
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// allowed holds the base against the policy's list. A name that nothing backs
// is not enough to be allowed as a base of AWS.
func (c *judging) allowed(b base) {
	if len(c.options.AllowedBases) == 0 {
		return
	}
	finding := audit.Finding{
		Confidence: audit.ConfidenceHigh, Subject: "base " + b.name, Location: b.location, Origin: audit.OriginBase,
		Remedy: "build on a base that the policy allows: " + shortList(c.options.AllowedBases),
	}
	switch {
	case b.name == "":
		finding.Confidence = audit.ConfidenceMedium
		finding.Message = "the policy allows certain base images only, and nothing tells which one this is"
		finding.Remedy = "name the Dockerfile with --dockerfile, or have the builder set the annotation " + baseAnnotation
	case !matchesAny(c.options.AllowedBases, b.name):
		finding.Message = fmt.Sprintf("the base %s, according to %s, is not one that the policy allows", quote(b.name), b.says)
	case c.fsys != nil && !c.aws && claimsAWS(b.name):
		finding.Message = fmt.Sprintf("the base is %s according to %s, but the image lacks the files of that base", quote(b.name), b.says)
	default:
		return
	}
	c.add(ruleBaseNotAllowed, finding)
}

// claimsAWS says whether a name is that of a Lambda base image of AWS.
func claimsAWS(name string) bool {
	for _, prefix := range []string{"public.ecr.aws/lambda/", "amazon/aws-lambda-", "docker.io/amazon/aws-lambda-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// matchesAny tries every way of writing the name: with and without digest and
// tag, and short or in full where Docker Hub is meant.
func matchesAny(globs []string, name string) bool {
	untagged, _, _ := strings.Cut(name, "@")
	repository, _ := splitTag(untagged)
	for _, glob := range globs {
		for _, spelling := range []string{name, untagged, repository} {
			if matchGlob(glob, spelling) || matchGlob(glob, inFull(spelling)) {
				return true
			}
		}
	}
	return false
}

// inFull adds the registry and the namespace that Docker Hub's names leave out.
func inFull(name string) string {
	host, _, path := strings.Cut(name, "/")
	switch {
	case name == "scratch":
		return name
	case !path:
		return "docker.io/library/" + name
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		return "docker.io/" + name
	}
	return name
}

// matchGlob matches the whole of s; "*" is any run of characters.
func matchGlob(glob, s string) bool {
	parts := strings.Split(glob, "*")
	if len(parts) == 1 {
		return glob == s
	}
	last := len(parts) - 1
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, part := range parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[last])
}
