package image

import (
	"fmt"
	"path"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// private is a sort of file that belongs to a developer's machine.
type private struct {
	// is completes "NAME is …".
	is       string
	severity audit.Severity
	remedy   string
}

// privateKind judges a file by its path alone; nil for any other. What such a
// file holds is the secret inspector's to tell.
func privateKind(name string) *private {
	dir, base := path.Split(name)
	parent := path.Base(dir)
	switch {
	case parent == ".ssh" && strings.HasPrefix(base, "id_") && path.Ext(base) != ".pub",
		strings.HasSuffix(dir, "etc/ssh/") && strings.HasPrefix(base, "ssh_host_") && strings.HasSuffix(base, "_key"):
		return &private{"an SSH private key by its name", audit.SeverityHigh, "replace the key wherever it is trusted"}
	case parent == ".aws" && base == "credentials":
		return &private{"the AWS CLI's file of access keys", audit.SeverityHigh, "deactivate the keys in it"}
	case parent == ".docker" && base == "config.json", base == ".git-credentials", base == ".netrc", base == ".pypirc":
		return &private{"a file of logins", audit.SeverityHigh, "change the passwords in it"}
	case parent == ".git" && (base == "HEAD" || base == "config"):
		return &private{"part of a git repository, with everything that was ever committed", audit.SeverityMedium, "treat whatever was ever committed as published"}
	case installed(name):
		// Packages come with .npmrc and .env files of their own that tell
		// nothing of this project.
		return nil
	case base == ".npmrc":
		return &private{"npm's configuration, where tokens are kept", audit.SeverityMedium, "revoke a token in it"}
	case base == ".env" || strings.HasPrefix(base, ".env.") && !pattern(base):
		return &private{"a file of environment variables", audit.SeverityMedium, "change the credentials in it"}
	}
	return nil
}

// installed says whether a path lies in a folder of third-party packages.
func installed(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "node_modules", "site-packages", "dist-packages", "vendor", "gems":
			return true
		}
	}
	return false
}

// pattern says whether a .env file is one to copy and fill in.
func pattern(base string) bool {
	for _, word := range []string{"example", "sample", "template", "dist", "defaults"} {
		if strings.Contains(base, word) {
			return true
		}
	}
	return false
}

// private reports one such file, also one that a later layer hides: its layer
// ships all the same.
func (c *judging) private(info audit.FileInfo) {
	kind := privateKind(info.Path)
	subject, ignored := info.Path, path.Base(info.Path)
	if dir := path.Dir(info.Path); path.Base(dir) == ".git" {
		subject, ignored = dir, ".git"
	}
	finding := audit.Finding{
		Severity: kind.severity, Confidence: audit.ConfidenceMedium, Origin: info.Origin,
		Message:  fmt.Sprintf("%s is %s", quote("/"+info.Path), kind.is),
		Subject:  subject,
		Location: place(info),
		Remedy:   fmt.Sprintf("add %s to .dockerignore, pass what the build needs with RUN --mount=type=secret, build again, and %s", quote(ignored), kind.remedy),
	}
	if info.HiddenBy != "" {
		how := "deleted"
		if outermost, _, _ := strings.Cut(info.Path, "!/"); c.fsys != nil && c.exists(outermost) {
			how = "replaced"
		}
		finding.Message += fmt.Sprintf(", %s in %s, still in %s", how, c.layer(info.HiddenBy), c.layer(info.Layer))
		finding.Related = []audit.Location{{Path: info.Path, Layer: info.HiddenBy}}
	}
	c.add(rulePrivateFile, finding)
}
