package artifact

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

const window = 64

// forwardOver reads data as a stream, with a small window.
func forwardOver(data []byte) *forwardReader {
	return &forwardReader{size: int64(len(data)), window: window, open: func() (io.ReadCloser, error) {
		return io.NopCloser(iotest.HalfReader(bytes.NewReader(data))), nil
	}}
}

func pattern(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i>>6 ^ i)
	}
	return data
}

func sameRead(t testing.TB, got, want io.ReaderAt, off int64, n int) {
	t.Helper()
	a, b := make([]byte, n), make([]byte, n)
	gotN, gotErr := got.ReadAt(a, off)
	wantN, _ := want.ReadAt(b, off)
	if gotN != wantN || !bytes.Equal(a, b) || gotN < n && gotErr != io.EOF || gotN == n && gotErr != nil && gotErr != io.EOF {
		t.Fatalf("ReadAt(%d bytes, %d) = %d, %v; want %d, or the bytes differ", n, off, gotN, gotErr, wantN)
	}
}

func TestForwardReader(t *testing.T) {
	for _, size := range []int{0, 1, 100, window - 1, window, window + 1, 2 * window, 2*window + 1, 5*window + 17} {
		data := pattern(size)
		want := bytes.NewReader(data)
		random := rand.New(rand.NewPCG(uint64(size), 1))
		f := forwardOver(data)
		for range 60 {
			sameRead(t, f, want, random.Int64N(int64(size)+10), random.IntN(3*window))
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after close gives %v", err)
		}
	}
}

// Small steps back must not start the stream again.
func TestForwardReaderStepsBack(t *testing.T) {
	data := pattern(6 * window)
	f := forwardOver(data)
	defer func() { _ = f.Close() }()
	want := bytes.NewReader(data)
	for off := int64(window); off < int64(len(data)); off += 19 {
		sameRead(t, f, want, off, 30)
		sameRead(t, f, want, max(0, min(off+30, int64(len(data)))-window), 10)
	}
	if f.restarts != 0 {
		t.Errorf("started again %d times", f.restarts)
	}
}

func TestForwardReaderGivesUp(t *testing.T) {
	data := pattern(3 * window)
	f := forwardOver(data)
	defer func() { _ = f.Close() }()
	one := make([]byte, 1)
	for range maxRestarts + 1 {
		if _, err := f.ReadAt(one, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadAt(one, int64(len(data))-2); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.ReadAt(one, 0); err == nil {
		t.Error("no end to starting again")
	}
}

func TestForwardReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	over := func(r io.Reader) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	for _, test := range []struct {
		name string
		size int64
		open func() (io.ReadCloser, error)
		want error
	}{
		{"not opened", 10, func() (io.ReadCloser, error) { return nil, broken }, broken},
		{"breaks", 10, over(iotest.ErrReader(broken)), broken},
		{"too short", 10, over(bytes.NewReader(pattern(9))), io.ErrUnexpectedEOF},
		{"too long", 10, over(bytes.NewReader(pattern(11))), errLonger},
		{"bad at the end", 10, over(io.MultiReader(bytes.NewReader(pattern(10)), iotest.ErrReader(broken))), broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &forwardReader{open: test.open, size: test.size, window: window}
			for range 2 { // the error stays
				if _, err := f.ReadAt(make([]byte, 10), 0); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
			}
		})
	}
	if _, err := (&forwardReader{}).ReadAt(nil, -1); err == nil {
		t.Error("a negative offset is accepted")
	}
}

func TestCancelledReader(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := cancelled{ctx, io.NopCloser(bytes.NewReader(pattern(10)))}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Any sequence of reads gives what bytes.Reader gives.
func FuzzForwardReader(f *testing.F) {
	data := pattern(4*window + 7)
	f.Add([]byte{0, 0, 1, 9, 9, 9})
	f.Add([]byte{255, 255, 255, 0, 0, 0, 128, 0, 0})
	f.Fuzz(func(t *testing.T, moves []byte) {
		r := forwardOver(data)
		defer func() { _ = r.Close() }()
		want := bytes.NewReader(data)
		for i := 0; i+2 < min(len(moves), 3*16); i += 3 {
			off := (int64(moves[i])<<8 | int64(moves[i+1])) * int64(len(data)+10) / (1 << 16)
			sameRead(t, r, want, off, int(moves[i+2]))
		}
	})
}
