package artifact_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// repeat takes a zip with one entry, whose name has six letters or more, and
// makes a zip with n entries that all share its data. Their names end in their
// numbers.
func repeat(t testing.TB, one []byte, n int) []byte {
	t.Helper()
	end := one[len(one)-22:]
	offset := int(binary.LittleEndian.Uint32(end[16:]))
	header := one[offset : len(one)-22]
	name := 46 + int(binary.LittleEndian.Uint16(header[28:]))
	out := bytes.NewBuffer(slices.Clone(one[:offset]))
	for i := range n {
		out.Write(header[:name-6])
		fmt.Fprintf(out, "%06d", i%1_000_000)
		out.Write(header[name:])
	}
	size := out.Len() - offset
	end = slices.Clone(end)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(size))
	out.Write(end)
	return out.Bytes()
}

// declare forges the uncompressed size.
func declare(size uint64) func(*zip.FileHeader) {
	return func(h *zip.FileHeader) { h.UncompressedSize64 = size }
}

func TestLimits(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	one := audittest.ZipBytes(t, audittest.Entry{Name: "number-000000", Content: zeros(4 << 20)})
	manyZeros := audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: zeros(80 << 20)})
	wasted := audittest.ZipBytes(t, audittest.Entry{Name: "number-000000", Content: zeros(4 << 20), Stored: true, Tweak: declare(1)})
	for _, test := range []struct {
		name, limit string
		content     []byte
	}{
		{"10 GiB of zeros", "limits.file-bytes", audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: "x", Tweak: declare(10 << 30)})},
		{"2⁶⁴-1 bytes", "limits.file-bytes", audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: "x", Tweak: declare(1<<64 - 1)})},
		{"many large files", "limits.total-bytes", audittest.ZipBytes(t,
			audittest.Entry{Name: "a", Content: "x", Tweak: declare(400 << 20)}, audittest.Entry{Name: "b", Content: "x", Tweak: declare(400 << 20)},
			audittest.Entry{Name: "c", Content: "x", Tweak: declare(400 << 20)})},
		{"entries that share data", "limits.total-bytes", repeat(t, one, 1000)},
		{"entries that share data and inflate to nothing", "limits.total-bytes", repeat(t, wasted, 1000)},
		{"nested ratio", "limits.ratio", audittest.ZipBytes(t, audittest.Entry{Name: "a.zip", Content: string(manyZeros)})},
		{"nested total", "limits.total-bytes", audittest.ZipBytes(t, audittest.Entry{Name: "a.zip", Content: string(repeat(t, one, 1000))})},
		{"nested size", "limits.file-bytes", audittest.ZipBytes(t, audittest.Entry{Name: "a.zip",
			Content: string(audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: "x", Tweak: declare(10 << 30)}))})},
		{"entries", "limits.entries", repeat(t, audittest.ZipBytes(t, audittest.Entry{Name: "number-000000"}), 250_001)},
		{"nested entries", "limits.entries", audittest.ZipBytes(t, audittest.Entry{Name: "a.zip",
			Content: string(repeat(t, audittest.ZipBytes(t, audittest.Entry{Name: "number-000000"}), 250_000))})},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := openAndWalk(t, audittest.WriteFile(t, "bomb.zip", test.content))
			var limit *artifact.LimitError
			if !errors.As(err, &limit) || limit.Limit != test.limit || limit.Value <= limit.Max || !strings.Contains(err.Error(), test.limit) {
				t.Errorf("got %v (%+v), want a LimitError of %s", err, limit, test.limit)
			}
		})
	}
}

// openAndWalk returns the first error of either.
func openAndWalk(t *testing.T, path string) error {
	t.Helper()
	ctx := context.Background()
	a, err := artifact.Open(ctx, path, artifact.DefaultLimits())
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return a.Walk(ctx, func(context.Context, audit.File) error { return nil }, func(p audit.Problem) {
		t.Errorf("problem %q: %s", p.Path, p.Reason)
	})
}

// What is allocated for bombs is counted, and so is independent of how fast the
// machine is or when memory is collected.
func TestBombsTakeLittleMemory(t *testing.T) {
	long := strings.Repeat("n", 60_000) + "000000"
	for _, test := range []struct {
		name    string
		content []byte
		limit   string
	}{
		{"a million empty entries", repeat(t, audittest.ZipBytes(t, audittest.Entry{Name: "number-000000"}), 1_000_000), "limits.entries"},
		{"a directory of long names", repeat(t, audittest.ZipBytes(t, audittest.Entry{Name: long}), 1000), "limits.entries"},
		{"large files", audittest.ZipBytes(t, audittest.Entry{Name: "a", Content: "x", Tweak: declare(10 << 30)}), "limits.file-bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := audittest.WriteFile(t, "bomb.zip", test.content)
			test.content = nil
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := openAndWalk(t, path)
			runtime.ReadMemStats(&after)
			var limit *artifact.LimitError
			if !errors.As(err, &limit) || limit.Limit != test.limit {
				t.Errorf("got %v, want a LimitError of %s", err, test.limit)
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
				t.Errorf("allocated %d bytes, want less than 8 MiB", allocated)
			}
		})
	}
}

// nest puts a zip into a zip, n times.
func nest(t *testing.T, n int) []byte {
	t.Helper()
	inner := audittest.ZipBytes(t, audittest.Entry{Name: "core", Content: "x"})
	for range n {
		inner = audittest.ZipBytes(t, audittest.Entry{Name: "z.zip", Content: string(inner)})
	}
	return inner
}

func TestDepth(t *testing.T) {
	for _, test := range []struct {
		levels, visits int
		path, problem  string
	}{
		{4, 5, "", ""},
		{5, 5, "z.zip!/z.zip!/z.zip!/z.zip!/z.zip", "more than 4 levels deep: what is inside was not examined; limits.depth"},
		{9, 5, "z.zip!/z.zip!/z.zip!/z.zip!/z.zip", "limits.depth"},
	} {
		a := audittest.OpenPath(t, audittest.WriteFile(t, "deep.zip", nest(t, test.levels)))
		files, problems := audittest.Collect(t, a)
		if len(files) != test.visits {
			t.Errorf("%d levels: visited %q, want %d", test.levels, slices.Sorted(maps.Keys(files)), test.visits)
		}
		wantProblem(t, problems, test.path, test.problem)
	}
}

// Limits are the caller's: the same zip passes under higher ones.
func TestLimitsAreSettable(t *testing.T) {
	path := audittest.Zip(t, audittest.Entry{Name: "directory/file", Content: "0123456789"}, audittest.Entry{Name: "b", Content: "x"})
	folder := audittest.Dir(t, map[string]string{"directory/file": "0123456789", "b": "x"})
	for name, lower := range map[string]func(*artifact.Limits){
		"limits.total-bytes": func(l *artifact.Limits) { l.TotalBytes = 10 },
		"limits.file-bytes":  func(l *artifact.Limits) { l.FileBytes = 9 },
		"limits.entries":     func(l *artifact.Limits) { l.Entries = 1 },
	} {
		for _, path := range []string{path, folder} {
			limits := artifact.DefaultLimits()
			lower(&limits)
			a, err := artifact.Open(context.Background(), path, limits)
			if err == nil {
				err = a.Walk(context.Background(), func(context.Context, audit.File) error { return nil }, func(audit.Problem) {})
				_ = a.Close()
			}
			var limit *artifact.LimitError
			if !errors.As(err, &limit) || limit.Limit != name {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

// An archive too large for memory is read forwards.
func TestLargeNestedArchive(t *testing.T) {
	inner := map[string]string{"large": noise(3, artifact.WholeFile+1<<20), "last": "end"}
	for i := range 100 {
		inner[fmt.Sprintf("file%d", i)] = noise(uint64(i), 50_000)
	}
	entries := audittest.Entries(inner)
	for i := range entries {
		entries[i].Stored = entries[i].Name != "last"
	}
	archive := string(audittest.ZipBytes(t, entries...))
	for name, path := range map[string]string{
		"zip":    audittest.Zip(t, audittest.Entry{Name: "lib/app.jar", Content: archive}),
		"stored": audittest.Zip(t, audittest.Entry{Name: "lib/app.jar", Content: archive, Stored: true}),
		"folder": audittest.Dir(t, map[string]string{"lib/app.jar": archive}),
	} {
		files, problems := audittest.Collect(t, audittest.OpenPath(t, path))
		wantProblem(t, problems, "", "")
		for p, content := range inner {
			if files["lib/app.jar!/"+p] != content {
				t.Errorf("%s: %q has %d bytes, want %d", name, p, len(files["lib/app.jar!/"+p]), len(content))
			}
		}
	}
}
