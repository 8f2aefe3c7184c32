package artifact_test

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// Whatever bytes a zip is made of, everything that is offered has a clean path
// and stays within the limits.
func FuzzZip(f *testing.F) {
	inner := audittest.ZipBytes(f, audittest.Entry{Name: "x", Content: "inner"}, audittest.Entry{Name: "../y", Content: "z"})
	f.Add(audittest.ZipBytes(f, audittest.Entry{Name: "a", Content: strings.Repeat("b", 300)}, link("l", "../out"), link("m", "a")))
	f.Add(audittest.ZipBytes(f, audittest.Entry{Name: "a.jar", Content: string(inner), Stored: true}, audittest.Entry{Name: "a.jar/b", Content: "c"}))
	f.Add(inner)
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := artifact.Limits{TotalBytes: 1 << 20, FileBytes: 1 << 16, Entries: 100, Ratio: 10, Depth: 2, PathBytes: 100}
		ctx := context.Background()
		a, err := artifact.Open(ctx, audittest.WriteFile(t, "fuzz.zip", data), limits)
		if err != nil {
			return
		}
		defer func() { _ = a.Close() }()
		_ = a.Walk(ctx, func(_ context.Context, f audit.File) error {
			info := f.Info()
			if info.Path != path.Clean(info.Path) || path.IsAbs(info.Path) || strings.HasPrefix(info.Path, "../") || info.Size > limits.FileBytes {
				t.Errorf("offered %+v", info)
			}
			r, err := f.Open()
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, r)
			if err == nil && n != info.Size {
				t.Errorf("%q has %d bytes, want %d", info.Path, n, info.Size)
			}
			return r.Close()
		}, func(p audit.Problem) {
			if p.Reason == "" {
				t.Errorf("problem %q without a reason", p.Path)
			}
		})
		_ = fs.WalkDir(a.FS(), ".", func(p string, _ fs.DirEntry, _ error) error {
			if !fs.ValidPath(p) {
				t.Errorf("FS has %q", p)
			}
			return nil
		})
	})
}
