package artifact_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// BenchmarkWalkImage reports how much longer a walk over an image of about
// 240 MB takes than inflating its layers one after the other and doing nothing
// with them ("ratio"), and how much the heap has grown after it ("heap-MB").
func BenchmarkWalkImage(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 7))
	var image audittest.Image
	for layer := range 4 {
		m := files{}
		for i := range 4000 {
			m[fmt.Sprintf("usr/lib/package%d/file%d-%d.py", i%300, layer, i)] = source(random, 500+random.IntN(17_000))
		}
		for i := range 12 {
			m[fmt.Sprintf("usr/lib/lib%d-%d.so", layer, i)] = source(random, 2_000_000+i*10_000)
		}
		image.Steps = append(image.Steps, audittest.Step{Files: m})
	}
	built := image.Build(b)
	a := audittest.OpenPath(b, built.OCIFolder(b))
	var blobs [][]byte
	for _, l := range built.Manifest.Layers {
		blobs = append(blobs, built.Blobs[l.Digest])
	}
	built.Plain = nil
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var walk, floor time.Duration
	var peak uint64
	for b.Loop() {
		start := time.Now()
		err := a.Walk(context.Background(), func(context.Context, audit.File) error { return nil },
			func(p audit.Problem) { b.Errorf("problem %q: %s", p.Path, p.Reason) })
		if err != nil {
			b.Fatal(err)
		}
		walk += time.Since(start)
		runtime.ReadMemStats(&now)
		peak = max(peak, now.HeapInuse-min(now.HeapInuse, before.HeapInuse))
		start = time.Now()
		for _, blob := range blobs {
			z, err := gzip.NewReader(bytes.NewReader(blob))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, z); err != nil {
				b.Fatal(err)
			}
		}
		floor += time.Since(start)
	}
	b.ReportMetric(float64(walk)/float64(floor), "ratio")
	b.ReportMetric(float64(walk.Milliseconds())/float64(b.N), "walk-ms")
	b.ReportMetric(float64(peak)/1e6, "heap-MB")
}
