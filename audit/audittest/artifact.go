package audittest

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
)

// Open builds a zip of the files (path → content) and opens it under the
// default limits. It is closed when the test ends.
func Open(t testing.TB, files map[string]string) audit.Artifact {
	t.Helper()
	return OpenPath(t, Zip(t, Entries(files)...))
}

// OpenPath opens a folder or a zip under the default limits. It is closed when
// the test ends.
func OpenPath(t testing.TB, path string) audit.Artifact {
	t.Helper()
	a, err := artifact.Open(context.Background(), path, artifact.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// Collect walks an artifact and returns path → content of everything that was
// offered and the problems, sorted. A walk that fails fails the test.
func Collect(t testing.TB, a audit.Artifact) (map[string]string, []audit.Problem) {
	t.Helper()
	var mu sync.Mutex
	files := map[string]string{}
	var problems []audit.Problem
	err := a.Walk(context.Background(), func(_ context.Context, f audit.File) error {
		content, err := readAll(f)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		files[f.Info().Path] = content
		return nil
	}, func(p audit.Problem) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, p)
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	slices.SortFunc(problems, func(a, b audit.Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
	})
	return files, problems
}

func readAll(f audit.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		_ = r.Close() // the read error is the one to tell
		return "", err
	}
	return string(data), r.Close()
}
