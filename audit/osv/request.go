package osv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A request is tried this often, with pauses that double and vary by half, so
// that many builds which failed together don't return together.
const (
	maxAttempts = 5
	firstPause  = 250 * time.Millisecond
)

// statusError is an answer other than 200.
type statusError struct {
	code  int
	shown string
	// after is how long the server wants to be left alone; negative if it
	// does not say.
	after time.Duration
}

func (e statusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.shown, e.code, http.StatusText(e.code))
}

// transient says whether the same request may succeed later.
func (e statusError) transient() bool {
	return e.code == http.StatusTooManyRequests || e.code >= 500
}

var errTooLong = errors.New("answer too long")

// ask makes one request, with retries, and returns the body of the answer, of
// at most limit bytes.
func (l *lookup) ask(ctx context.Context, method, path string, body []byte, limit int64) ([]byte, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		data, err := l.once(ctx, method, path, body, limit)
		if err == nil {
			return data, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, errTooLong) || attempt == maxAttempts {
			return nil, err
		}
		wait := pause/2 + rand.N(pause/2)
		var status statusError
		if errors.As(err, &status) {
			if !status.transient() {
				return nil, err
			}
			if status.after >= 0 {
				wait = status.after
			}
		}
		if left := l.deadline.Sub(l.cfg.Now()); wait > left {
			return nil, fmt.Errorf("%w; the next attempt, after %s, would come too late: %s are left",
				err, wait.Round(time.Second), max(left, 0).Round(time.Second))
		}
		if err := l.cfg.Sleep(ctx, wait); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

func (l *lookup) once(ctx context.Context, method, path string, body []byte, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, l.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json")
	if l.cfg.UserAgent != "" {
		request.Header.Set("User-Agent", l.cfg.UserAgent)
	}
	response, err := l.cfg.Client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) { // its text repeats method and address
			err = failed.Err
		}
		return nil, fmt.Errorf("%s does not answer: %w", l.shown(), err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, statusError{
			code: response.StatusCode, shown: l.shown(),
			after: retryAfter(response.Header.Get("Retry-After"), l.cfg.Now()),
		}
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s broke off its answer: %w", l.shown(), err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d MiB", l.shown(), errTooLong, limit>>20)
	}
	return data, nil
}

// retryAfter reads the header of that name, seconds or a date
// (RFC 9110, section 10.2.3); negative if there is none.
func retryAfter(header string, now time.Time) time.Duration {
	const longest = 24 * time.Hour // any longer is as hopeless
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), longest)
	}
	return -1
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
