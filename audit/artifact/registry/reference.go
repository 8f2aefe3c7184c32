package registry

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// reference is a parsed image reference.
type reference struct {
	given string
	name.Reference
}

func parseReference(ref string) (reference, error) {
	parsed, err := name.ParseReference(ref)
	if err == nil {
		return reference{ref, parsed}, nil
	}
	// What stands before an @ may be a password.
	shown := ref
	if _, after, found := strings.Cut(ref, "@"); found && !strings.HasPrefix(after, "sha") {
		shown = "…@" + after
	}
	return reference{}, fmt.Errorf("%w: %q is not an image reference (expected: [HOST/]REPOSITORY[:TAG] or [HOST/]REPOSITORY@sha256:DIGEST, in lower case and without https://)",
		ErrUsage, shown)
}

func (r reference) host() string { return r.Context().RegistryStr() }

func (r reference) repository() string { return r.Context().RepositoryStr() }

// tag is empty for a reference by digest.
func (r reference) tag() string {
	if t, ok := r.Reference.(name.Tag); ok {
		return t.TagStr()
	}
	return ""
}

func (r reference) byDigest() bool {
	_, ok := r.Reference.(name.Digest)
	return ok
}
