package registry

import (
	"context"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	// maxStalls is how many connections in a row may break without a byte of
	// progress, maxBreaks how many in all.
	maxStalls = 3
	maxBreaks = 32
	maxPause  = 10 * time.Second
)

// stream reads one blob, over as many connections as that takes, and ends with
// io.EOF only if size and digest are right.
type stream struct {
	ctx      context.Context
	client   *client
	blob     v1.Descriptor
	backoff  time.Duration
	progress func(done int64)

	body   io.ReadCloser
	offset int64
	hash   hash.Hash
	stalls int
	breaks int
	err    error // what every further Read returns
}

func newStream(ctx context.Context, c *client, blob v1.Descriptor, backoff time.Duration, progress func(int64)) *stream {
	s := &stream{ctx: ctx, client: c, blob: blob, backoff: backoff, progress: progress}
	s.hash, s.err = v1.Hasher(blob.Digest.Algorithm)
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	for s.err == nil {
		if s.offset == s.blob.Size {
			s.err = s.verdict()
			break
		}
		if len(p) == 0 {
			return 0, nil
		}
		if s.body == nil {
			if s.err = s.reopen(); s.err != nil || s.body == nil {
				continue
			}
		}
		n, err := s.body.Read(p[:min(int64(len(p)), s.blob.Size-s.offset)])
		if n > 0 {
			s.offset += int64(n)
			s.hash.Write(p[:n])
			s.stalls = 0
			s.progress(s.offset)
			return n, nil // a failure comes again with the next Read
		}
		if err != nil {
			s.err = s.broke(err)
		}
	}
	return 0, s.err
}

// reopen connects where the last connection broke. It leaves body nil if that
// broke as well and there is patience left.
func (s *stream) reopen() error {
	body, skip, err := s.client.blob(s.ctx, s.blob.Digest, s.blob.Size, s.offset)
	if err != nil {
		return fmt.Errorf("blob %s: %w", s.blob.Digest, s.client.explain(s.ctx, err))
	}
	s.body = body
	if skip > 0 {
		if _, err := io.CopyN(io.Discard, body, skip); err != nil {
			return s.broke(err)
		}
	}
	return nil
}

// broke waits before the next connection, or says why there is none.
func (s *stream) broke(err error) error {
	s.closeBody()
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.stalls++
	s.breaks++
	if s.stalls >= maxStalls || s.breaks >= maxBreaks {
		return fmt.Errorf("blob %s is cut short: %d of %d bytes came over %d connections: %w",
			s.blob.Digest, s.offset, s.blob.Size, s.breaks, s.client.explain(s.ctx, err))
	}
	return pause(s.ctx, min(s.backoff<<(s.stalls-1), maxPause))
}

func (s *stream) verdict() error {
	s.closeBody()
	if got := hex.EncodeToString(s.hash.Sum(nil)); got != s.blob.Digest.Hex {
		return fmt.Errorf("blob %s that %s sent %w: it is %s:%s",
			s.blob.Digest, s.client.where.host(), errDigest, s.blob.Digest.Algorithm, got)
	}
	return io.EOF
}

func (s *stream) closeBody() {
	if s.body != nil {
		_ = s.body.Close() // read-only: nothing to lose
		s.body = nil
	}
}

func (s *stream) Close() error {
	s.closeBody()
	return nil
}

// startsAt reads the Content-Range of an answer (RFC 9110, section 14.4) and
// says whether it is about the bytes from offset to the end of size bytes.
func startsAt(contentRange string, offset, size int64) bool {
	unit, rest, _ := strings.Cut(contentRange, " ")
	want := fmt.Sprintf("%d-%d/", offset, size-1)
	total, found := strings.CutPrefix(rest, want)
	return unit == "bytes" && found && (total == "*" || total == fmt.Sprint(size))
}
