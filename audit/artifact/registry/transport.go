package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// newTransport is the standard one with shorter patience for a host that does
// not answer at all. It honours HTTPS_PROXY.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   parallelLayers,
		IdleConnTimeout:       30 * time.Second,
	}
}

// errPlainHTTP refuses to talk without TLS: the credentials and the answer to
// "what is this tag" would be anybody's on the way.
var errPlainHTTP = errors.New("plain http is refused (allowed: https, and http to this machine's loopback if that is asked for)")

// guarding refuses plain http. The library would fall back to it for private
// addresses, and a redirect may ask for it. Where a certificate was refused,
// there is no falling back at all: the reason would be lost, and a password
// could be asked for without TLS.
type guarding struct {
	inner    http.RoundTripper
	insecure bool
	refused  atomic.Pointer[tls.CertificateVerificationError]
}

func (g *guarding) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		if !g.insecure || !isLoopback(req.URL.Hostname()) {
			return nil, errPlainHTTP
		}
		if refused := g.refused.Load(); refused != nil {
			return nil, refused
		}
	}
	resp, err := g.inner.RoundTrip(req)
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		g.refused.Store(refused)
	}
	return resp, err
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// watching gives up on a server that sends nothing for a while, before its
// answer or in the middle of it. The time that our side takes between two reads
// doesn't count.
type watching struct {
	inner http.RoundTripper
	idle  time.Duration
}

// idleError is what a silent server comes to.
type idleError struct{ after time.Duration }

func (e idleError) Error() string { return fmt.Sprintf("sent nothing for %s", e.after) }

func (w *watching) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(w.idle, func() { cancel(idleError{w.idle}) })
	resp, err := w.inner.RoundTrip(req.WithContext(ctx))
	timer.Stop()
	if err != nil {
		cause := context.Cause(ctx)
		cancel(nil)
		if cause != nil {
			return nil, cause
		}
		return nil, err
	}
	resp.Body = &watched{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, timer: timer, idle: w.idle}
	return resp, nil
}

type watched struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	idle   time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.idle)
	n, err := w.ReadCloser.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF {
		if cause := context.Cause(w.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

func (w *watched) Close() error {
	w.timer.Stop()
	err := w.ReadCloser.Close()
	w.cancel(nil)
	return err
}

// attempts is how often a request is made before its failure is believed.
const attempts = 3

// retrying repeats a request that met a failure of the moment. The library's
// own does so too, but its pauses don't end with the context.
type retrying struct {
	inner   http.RoundTripper
	backoff time.Duration
}

func (r *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	wait := r.backoff
	for n := 1; ; n++ {
		resp, err := r.inner.RoundTrip(req)
		if n == attempts || req.Body != nil || !isPassing(resp, err) {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		if err := pause(req.Context(), wait); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

// isPassing says whether the same request may do better in a moment.
func isPassing(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// pause waits, or returns why the context ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
