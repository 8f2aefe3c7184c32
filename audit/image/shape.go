package image

import (
	"fmt"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// largestImage is Lambda's limit on an image's layers, uncompressed, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const largestImage = 10 << 30

// shape reports what can be told without looking into a layer.
func (c *judging) shape() {
	c.index()
	c.architecture()
	if c.image.Size > largestImage {
		c.add(ruleTooLarge, audit.Finding{
			Confidence: audit.ConfidenceHigh,
			Message:    fmt.Sprintf("the layers hold %.2f GiB uncompressed, and Lambda takes 10 GiB", float64(c.image.Size)/(1<<30)),
			Subject:    "size",
			Remedy:     "build in one stage and copy what runs into a last one; keep models and data in S3 or EFS",
		})
	}
}

func (c *judging) index() {
	if len(c.image.Platforms) == 0 {
		return
	}
	platform := "linux/amd64"
	if c.image.Config.Architecture == "arm64" {
		platform = "linux/arm64"
	}
	severity := audit.SeverityMedium // a file may yet be pushed platform by platform
	if c.image.Tag != "" || c.image.ByDigest {
		severity = audit.SeverityHigh // what a function would be created from
	}
	c.add(ruleIndex, audit.Finding{
		Severity: severity, Confidence: audit.ConfidenceHigh,
		Message: fmt.Sprintf("%s is an index of %d manifests (%s), and Lambda takes a single image only",
			quote(c.image.Reference), len(c.image.Platforms), shortList(c.image.Platforms)),
		Subject: "index",
		Remedy:  "docker buildx build --provenance=false --sbom=false --platform " + platform + " .",
	})
}

// shortList names the first few.
func shortList(names []string) string {
	const shown = 4
	var b strings.Builder
	for i, name := range names {
		if i == shown {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(name))
	}
	return b.String()
}

// architecture holds the image's platform against the function's; Lambda's
// names differ from those of the OCI specification.
func (c *judging) architecture() {
	config := c.image.Config
	lambda := map[string]string{"amd64": "x86_64", "arm64": "arm64"}
	wanted := c.options.FunctionArchitecture
	switch {
	case config.OS != "" && config.OS != "linux":
		c.platform(fmt.Sprintf("the image is for %s, and Lambda runs Linux", quote(config.OS)), "linux/amd64")
	case config.Architecture == "":
	case lambda[config.Architecture] == "":
		c.platform(fmt.Sprintf("the image is for %s, and Lambda runs amd64 (x86_64) and arm64", quote(config.Architecture)), "linux/amd64")
	case wanted != "" && lambda[config.Architecture] != wanted:
		platform := "linux/" + wanted
		if wanted == lambda["amd64"] {
			platform = "linux/amd64"
		}
		c.platform(fmt.Sprintf("the image is for %s, and the function is configured for %s", lambda[config.Architecture], quote(wanted)), platform)
	}
}

func (c *judging) platform(message, platform string) {
	c.add(ruleArchitecture, audit.Finding{
		Confidence: audit.ConfidenceHigh, Message: message, Subject: "platform",
		Remedy: "build with --platform " + platform + ", or set the function's Architectures to the image's",
	})
}
