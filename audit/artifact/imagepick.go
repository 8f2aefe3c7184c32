package artifact

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// defaultPlatform is what an image for several platforms is judged for if the
// user names none: Lambda's own default architecture, x86_64.
const defaultPlatform = "linux/amd64"

// parsePlatform reads os/arch[/variant]; an empty one matches everything.
func parsePlatform(s string) (v1.Platform, error) {
	parts := strings.Split(s, "/")
	if s == "" {
		return v1.Platform{}, nil
	}
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return v1.Platform{}, fmt.Errorf("unknown platform %q (allowed: os/arch or os/arch/variant, such as linux/amd64 and linux/arm64)", s)
	}
	p := v1.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, nil
}

// pick chooses the image for a platform: the only runnable one if none is
// asked for, and else the default.
func pick(leaves []leaf, platform string) (leaf, error) {
	wanted, err := parsePlatform(platform)
	if err != nil {
		return leaf{}, err
	}
	runnable := slices.DeleteFunc(slices.Clone(leaves), func(l leaf) bool { return !l.here || !runs(l) })
	if len(runnable) == 0 {
		return leaf{}, fmt.Errorf("has no image in it that can run")
	}
	matching := slices.DeleteFunc(slices.Clone(runnable), func(l leaf) bool { return !l.platform.Satisfies(wanted) })
	if len(matching) == 1 {
		return matching[0], nil
	}
	if platform == "" {
		if l, err := pick(leaves, defaultPlatform); err == nil {
			return l, nil
		}
		return leaf{}, fmt.Errorf("has images for several platforms: choose one with --platform (allowed: %s)", platformList(runnable))
	}
	if len(matching) == 0 {
		return leaf{}, fmt.Errorf("has no image for the platform %q (allowed: %s)", platform, platformList(runnable))
	}
	// More than one variant, or one platform twice: the first, as engines do.
	return matching[0], nil
}

// runs tells an image from an attestation, which BuildKit stores as one for an
// unknown platform.
func runs(l leaf) bool {
	_, attached := l.Annotations["vnd.docker.reference.type"]
	return !attached && (l.MediaType.IsImage() || l.MediaType == "") && l.platform.OS != "unknown"
}

func platformNames(leaves []leaf) []string {
	var names []string
	for _, l := range leaves {
		name := l.platform.String()
		if name == "" {
			name = "unknown/unknown"
		}
		names = append(names, name)
	}
	return names
}

func platformList(leaves []leaf) string {
	names := platformNames(leaves)
	slices.Sort(names)
	return quoteAll(slices.Compact(names))
}

func noSuchImage(reference string, labels []string) error {
	return fmt.Errorf("has no image %q (it has: %s)", reference, quoteAll(labels))
}

func severalImages(labels []string) error {
	return fmt.Errorf("has several images: name one behind the path, as in PATH:NAME (it has: %s)", quoteAll(labels))
}

// quoteAll quotes at most twenty strings out of an image.
func quoteAll(all []string) string {
	const most = 20
	var quoted []string
	for _, s := range all[:min(most, len(all))] {
		quoted = append(quoted, fmt.Sprintf("%q", s))
	}
	if more := len(all) - most; more > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(quoted, ", ")
}
