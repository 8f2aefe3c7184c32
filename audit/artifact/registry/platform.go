package registry

import (
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxListed bounds the platforms that an error names.
const maxListed = 12

// parsePlatform reads "os/arch" or "os/arch/variant"; nil stands for empty.
func parsePlatform(s string) (*v1.Platform, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" || (len(parts) == 3 && parts[2] == "") {
		return nil, fmt.Errorf("%w: %q is not a platform (expected: OS/ARCH or OS/ARCH/VARIANT, such as linux/amd64 or linux/arm64)", ErrUsage, s)
	}
	p := &v1.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, nil
}

// choose picks the manifest of an index: of several that fit, the first, as the
// OCI image specification has it (image-index.md). Without a wish that is the
// only runnable one, else the first for linux/amd64.
func choose(manifests []v1.Descriptor, want *v1.Platform) (v1.Descriptor, error) {
	var runnable []v1.Descriptor
	for _, m := range manifests {
		if isRunnable(m) {
			runnable = append(runnable, m)
		}
	}
	if want == nil {
		if len(runnable) == 1 {
			return runnable[0], nil
		}
		want = &v1.Platform{OS: "linux", Architecture: "amd64"}
	}
	for _, m := range runnable {
		if fits(m.Platform, *want) {
			return m, nil
		}
	}
	names := platformNames(runnable)
	if len(names) > maxListed {
		names = append(names[:maxListed], "…")
	}
	if len(names) == 0 {
		return v1.Descriptor{}, fmt.Errorf("the index holds no image that can run")
	}
	return v1.Descriptor{}, fmt.Errorf("the index has no image for %s (it has: %s)", plain(want.String()), plain(strings.Join(names, ", ")))
}

// isRunnable is false for what is not an image, and for the attestations of
// BuildKit, which are stored as images for an unknown platform
// (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
func isRunnable(m v1.Descriptor) bool {
	if m.MediaType != "" && !m.MediaType.IsImage() {
		return false
	}
	if _, attached := m.Annotations["vnd.docker.reference.type"]; attached {
		return false
	}
	return m.Platform == nil || m.Platform.OS != "unknown"
}

func fits(have *v1.Platform, want v1.Platform) bool {
	if have == nil || have.OS != want.OS || have.Architecture != want.Architecture {
		return false
	}
	return want.Variant == "" || variant(*have) == variant(want)
}

// variant is v8 for an arm64 that doesn't name one: there is no earlier.
func variant(p v1.Platform) string {
	if p.Architecture == "arm64" && p.Variant == "" {
		return "v8"
	}
	return p.Variant
}

func platformNames(manifests []v1.Descriptor) []string {
	names := make([]string, len(manifests))
	for i, m := range manifests {
		names[i] = "unknown/unknown"
		if m.Platform != nil && m.Platform.OS != "" {
			names[i] = m.Platform.String()
		}
	}
	return names
}
