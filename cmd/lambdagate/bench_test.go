package main

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// BenchmarkCheck measures `check` with everything on, on a zip of real npm
// packages (LAMBDAGATE_BENCH, made by `make bench`), against the floor:
// inflating each entry once, with as many goroutines. Both are timed in turn in
// the same run; the ratio is what counts.
func BenchmarkCheck(b *testing.B) {
	path := os.Getenv("LAMBDAGATE_BENCH")
	if path == "" {
		b.Fatal("LAMBDAGATE_BENCH is not set; run make bench")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := zipFolder(path, filepath.Join(filepath.Dir(path), "package")); err != nil {
			b.Fatal(err)
		}
	}
	db, err := filepath.Abs(filepath.Join(repo, "testdata", "osv"))
	if err != nil {
		b.Fatal(err)
	}
	std := stdio{out: io.Discard, err: os.Stderr, getenv: func(string) string { return "" }}
	var gate, floor time.Duration
	var size int64
	for b.Loop() {
		start := time.Now()
		code := run(context.Background(), []string{"check", path, "--db", db}, std, time.Now)
		gate += time.Since(start)
		if code != exitBlock && code != exitPass {
			b.Fatalf("exit code %d", code)
		}
		start = time.Now()
		size = inflate(b, path)
		floor += time.Since(start)
	}
	b.ReportMetric(float64(gate)/float64(floor), "x-floor")
	b.ReportMetric(float64(gate.Milliseconds())/float64(b.N), "check-ms")
	b.ReportMetric(float64(floor.Milliseconds())/float64(b.N), "floor-ms")
	b.ReportMetric(float64(size)/1e6, "MB")
}

// inflate reads every entry once and returns the bytes read.
func inflate(b *testing.B, path string) int64 {
	b.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	work := make(chan *zip.File)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var total int64
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var n int64
			for f := range work {
				rc, err := f.Open()
				if err != nil {
					b.Error(err)
					continue
				}
				m, err := io.Copy(io.Discard, rc)
				if err != nil {
					b.Error(err)
				}
				n += m
				rc.Close()
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	for _, f := range r.File {
		work <- f
	}
	close(work)
	wg.Wait()
	return total
}
