package artifact

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
)

// Limits bound what a hostile artifact can cost. Every default lies above what
// Lambda accepts (250 MiB unzipped, layers included, and 10 GB for an image,
// uncompressed:
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), so
// no function that can be deployed meets one. Nested archives count towards
// all of them.
type Limits struct {
	// TotalBytes is the sum of all files, uncompressed. An entry counts with
	// the larger of its two sizes, since data that inflates to nothing has to
	// be read too.
	TotalBytes int64
	// FileBytes is the size of a single file, uncompressed.
	FileBytes int64
	// Entries counts files, folders and links.
	Entries int
	// Ratio is unpacked bytes per byte of archive. It is judged above 64 MiB
	// unpacked. Deflate's own maximum is 1032, so only nesting exceeds more.
	Ratio int64
	// Depth is how many archives may lie inside each other below the artifact
	// itself; 0 opens none. Each level may hold one more whole file in memory.
	Depth int
	// PathBytes is the length of a path inside the folder or the archive.
	PathBytes int

	// Those of a container image take the place of their namesakes for it;
	// zero means the default. ImageTotalBytes counts whole layers, with what
	// stands between the files.
	ImageTotalBytes, ImageFileBytes int64
	ImageEntries                    int
	// Layers is how many layers an image may have.
	Layers int

	image bool // these are what forImage made
}

// DefaultLimits returns the limits that hold unless a policy sets others.
func DefaultLimits() Limits {
	return Limits{
		TotalBytes: 1 << 30, FileBytes: 512 << 20, Entries: 250_000,
		Ratio: 1100, Depth: 4, PathBytes: 4096,
		ImageTotalBytes: 12 << 30, ImageFileBytes: 4 << 30, ImageEntries: 2_000_000, Layers: 256,
	}
}

// forImage gives the limits that hold inside an image.
func (l Limits) forImage() Limits {
	d := DefaultLimits()
	l.TotalBytes = cmp.Or(l.ImageTotalBytes, d.ImageTotalBytes)
	l.FileBytes = cmp.Or(l.ImageFileBytes, d.ImageFileBytes)
	l.Entries = cmp.Or(l.ImageEntries, d.ImageEntries)
	l.Layers = cmp.Or(l.Layers, d.Layers)
	l.image = true
	return l
}

// key gives the policy key under which a limit is raised here.
func (l Limits) key(limit string) string {
	switch limit {
	case limitTotalBytes, limitFileBytes, limitEntries:
		if l.image {
			return strings.Replace(limit, "limits.", imagePrefix, 1)
		}
	}
	return limit
}

// The policy keys of the limits.
const (
	limitTotalBytes = "limits.total-bytes"
	limitFileBytes  = "limits.file-bytes"
	limitEntries    = "limits.entries"
	limitRatio      = "limits.ratio"
	limitDepth      = "limits.depth"
	limitPathBytes  = "limits.path-bytes"
	limitLayers     = "limits.layers"
	imagePrefix     = "limits.image-"
)

// LimitError says that an artifact exceeds a limit.
type LimitError struct {
	// Limit is the policy key that raises it, such as "limits.total-bytes".
	Limit string
	// Value is what was met. Reading stops as soon as a limit is exceeded, so
	// for a sum it is a lower bound.
	Value int64
	// Max is the limit.
	Max int64
	// Path is the file that exceeds it, empty if it is the whole artifact.
	Path string
}

// Error names the file, if it is one, the limit and the policy key.
func (e *LimitError) Error() string {
	if e.Path == "" {
		return e.reason()
	}
	return fmt.Sprintf("%q %s", e.Path, e.reason())
}

// reason is the clause without the path. It leaves Value out of sums, since
// where a parallel walk stops differs from run to run.
func (e *LimitError) reason() string {
	var clause string
	switch strings.Replace(e.Limit, imagePrefix, "limits.", 1) {
	case limitTotalBytes:
		clause = fmt.Sprintf("unpacks to more than %d bytes", e.Max)
	case limitFileBytes:
		clause = fmt.Sprintf("unpacks to %d bytes, more than %d", e.Value, e.Max)
	case limitEntries:
		clause = fmt.Sprintf("holds more than %d entries, or a directory as large as theirs", e.Max)
	case limitRatio:
		clause = fmt.Sprintf("unpacks to more than %d times its size", e.Max)
	case limitDepth:
		clause = fmt.Sprintf("is an archive more than %d levels deep: what is inside was not examined", e.Max)
	case limitLayers:
		clause = fmt.Sprintf("has %d layers, more than %d", e.Value, e.Max)
	default:
		clause = fmt.Sprintf("is %d bytes long, more than %d", e.Value, e.Max)
	}
	return fmt.Sprintf("%s; %s in the policy raises this limit", clause, e.Limit)
}

// ratioFloor is the unpacked size in bytes from which on the ratio is judged: a
// small file of zeros is no bomb.
const ratioFloor = 64 << 20

// meter adds up what one walk has taken on.
type meter struct {
	limits Limits

	mu      sync.Mutex
	entries int64
	bytes   int64
}

// account is one archive on disk with everything nested in it, for the ratio.
// The meter's lock guards it.
type account struct {
	packed, unpacked int64
}

// charge takes on entries and bytes before they are read. The account may be
// nil when nothing is compressed.
func (m *meter) charge(a *account, entries, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries += entries; m.entries > int64(m.limits.Entries) {
		return &LimitError{Limit: m.limits.key(limitEntries), Value: m.entries, Max: int64(m.limits.Entries)}
	}
	if m.bytes += bytes; m.bytes > m.limits.TotalBytes {
		return &LimitError{Limit: m.limits.key(limitTotalBytes), Value: m.bytes, Max: m.limits.TotalBytes}
	}
	if a == nil {
		return nil
	}
	if a.unpacked += bytes; a.unpacked > ratioFloor && a.unpacked/max(a.packed, 1) > m.limits.Ratio {
		return &LimitError{Limit: limitRatio, Value: a.unpacked / max(a.packed, 1), Max: m.limits.Ratio}
	}
	return nil
}
