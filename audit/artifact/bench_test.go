package artifact_test

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// source is text that compresses about as JavaScript does.
func source(random *rand.Rand, size int) string {
	words := strings.Fields("const let return function require exports module this value error if else for of in new await async event context handler => ( ) { } [ ] ; = + 0 1 null true")
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(words[random.IntN(len(words))])
		if random.IntN(4) == 0 {
			fmt.Fprintf(&b, " x%d", random.IntN(5000))
		}
		b.WriteByte(' ')
	}
	return b.String()[:size]
}

// benchZip is about 64 MB in 5,000 files, most of them small and a few large,
// as in a package with its dependencies.
func benchZip(b *testing.B) string {
	random := rand.New(rand.NewPCG(7, 7))
	files := map[string]string{}
	for i := range 4980 {
		files[fmt.Sprintf("node_modules/package%d/lib/file%d.js", i%300, i)] = source(random, 500+random.IntN(17_000))
	}
	for i := range 20 {
		files[fmt.Sprintf("dist/bundle%d.js", i)] = source(random, 1_000_000+i*10_000)
	}
	return audittest.Zip(b, audittest.Entries(files)...)
}

// BenchmarkWalkZip reports how much longer a walk takes than inflating every
// entry by a plain loop with the same number of goroutines ("ratio").
func BenchmarkWalkZip(b *testing.B) {
	path := benchZip(b)
	a := audittest.OpenPath(b, path)
	var walk, floor time.Duration
	for b.Loop() {
		start := time.Now()
		err := a.Walk(context.Background(), func(context.Context, audit.File) error { return nil },
			func(p audit.Problem) { b.Errorf("problem %q: %s", p.Path, p.Reason) })
		if err != nil {
			b.Fatal(err)
		}
		walk += time.Since(start)
		start = time.Now()
		inflate(b, path)
		floor += time.Since(start)
	}
	b.ReportMetric(float64(walk)/float64(floor), "ratio")
	b.ReportMetric(float64(walk.Milliseconds())/float64(b.N), "walk-ms")
}

func inflate(b *testing.B, path string) {
	z, err := zip.OpenReader(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		running.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(z.File) {
					return
				}
				r, err := z.File[i].Open()
				if err == nil {
					_, err = io.Copy(io.Discard, r)
				}
				if err != nil {
					b.Error(err)
					return
				}
				_ = r.Close()
			}
		})
	}
	running.Wait()
}

// BenchmarkWalkFolder reports the same for 28,000 files in a folder; the floor
// reads them one after the other and hashes nothing.
func BenchmarkWalkFolder(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 7))
	text := source(random, 100_000)
	files := map[string]string{}
	for i := range 28000 {
		files[fmt.Sprintf("node_modules/@scope/package%d/lib/esm/sub/file%d.js", i%900, i)] = text[:500+random.IntN(17_000)]
	}
	path := audittest.Dir(b, files)
	a := audittest.OpenPath(b, path)
	var walk, floor time.Duration
	for b.Loop() {
		start := time.Now()
		err := a.Walk(context.Background(), func(context.Context, audit.File) error { return nil },
			func(p audit.Problem) { b.Errorf("problem %q: %s", p.Path, p.Reason) })
		if err != nil {
			b.Fatal(err)
		}
		walk += time.Since(start)
		start = time.Now()
		if err := readAll(os.DirFS(path)); err != nil {
			b.Fatal(err)
		}
		floor += time.Since(start)
	}
	b.ReportMetric(float64(walk)/float64(floor), "ratio")
	b.ReportMetric(float64(walk.Milliseconds())/float64(b.N), "walk-ms")
}

func readAll(fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			_, err = fs.ReadFile(fsys, p)
		}
		return err
	})
}
