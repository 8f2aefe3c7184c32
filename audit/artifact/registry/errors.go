package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// problem is a clause for people together with the cause that programs look
// for. The cause's own text may hold signed addresses and whatever the server
// wrote, so it is not part of the clause.
type problem struct {
	text  string
	cause error
}

func (p *problem) Error() string { return p.text }
func (p *problem) Unwrap() error { return p.cause }

// explain says in a clause what went wrong between us and the registry.
func (c *client) explain(ctx context.Context, err error) error {
	var known *problem
	if errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		// Canceled, or out of time: the cause says which.
		return context.Cause(ctx)
	}
	host := c.where.host()
	var status *transport.Error
	if errors.As(err, &status) {
		return c.explainStatus(status)
	}
	if text, ok := explainTLS(err); ok {
		return &problem{fmt.Sprintf("%s can't be trusted: %s", host, text), err}
	}
	var (
		idle   idleError
		lookup *net.DNSError
		dial   *net.OpError
	)
	switch {
	case errors.As(err, &idle):
		return &problem{fmt.Sprintf("%s %s", host, idle), err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &problem{fmt.Sprintf("%s closed the connection", host), err}
	case errors.As(err, &lookup):
		return &problem{fmt.Sprintf("%s can't be reached: no address is known for that name", host), err}
	case errors.As(err, &dial):
		return &problem{fmt.Sprintf("%s can't be reached: %s", host, plain(dial.Error())), err}
	case errors.Is(err, errPlainHTTP):
		return &problem{fmt.Sprintf("%s: %s", host, errPlainHTTP), err}
	}
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err // without the address, which may be a signed one
	}
	return &problem{fmt.Sprintf("%s failed: %s", host, plain(err.Error())), err}
}

func (c *client) explainStatus(e *transport.Error) error {
	host, say := c.where.host(), func(format string, a ...any) error {
		return &problem{fmt.Sprintf(format, a...) + said(e), e}
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if c.anonymous {
			return say("%s does not show %q to the anonymous, and no credentials for it are known (docker login %[1]s)", host, c.where.repository())
		}
		return say("%s refuses the credentials for %q: they are wrong, expired or lack the right to pull (docker login %[1]s)", host, c.where.repository())
	case http.StatusNotFound:
		var what string
		switch {
		case e.Request != nil && strings.Contains(e.Request.URL.Path, "/blobs/"):
			what = "lacks a part of the image that its manifest names"
		case hasCode(e, transport.NameUnknownErrorCode):
			what = fmt.Sprintf("has no repository %q", c.where.repository())
		case c.where.byDigest():
			what = fmt.Sprintf("has no %s in %q", c.where.Identifier(), c.where.repository())
		default:
			what = fmt.Sprintf("has no tag %q in %q", c.where.tag(), c.where.repository())
		}
		return &problem{host + " " + what + said(e), errors.Join(ErrNotFound, e)}
	case http.StatusTooManyRequests:
		return say("%s allows no more requests for now; credentials often raise the limit (docker login %[1]s)", host)
	default:
		return say("%s answered %d %s", host, e.StatusCode, http.StatusText(e.StatusCode))
	}
}

func hasCode(e *transport.Error, code transport.ErrorCode) bool {
	for _, d := range e.Errors {
		if d.Code == code {
			return true
		}
	}
	return false
}

// said quotes the registry's own words if it has any.
func said(e *transport.Error) string {
	if len(e.Errors) == 0 {
		return ""
	}
	words := strings.TrimSpace(string(e.Errors[0].Code) + " " + e.Errors[0].Message)
	return fmt.Sprintf("; it says %q", plain(words))
}

func explainTLS(err error) (string, bool) {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		failed    *tls.CertificateVerificationError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &authority):
		return "its certificate is signed by an authority that this machine does not know (add the authority to the system's, or name its file in SSL_CERT_FILE)", true
	case errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &failed), errors.As(err, &alert):
		return "TLS failed: " + plain(innermost(err).Error()), true
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it does not speak TLS", true
	}
	return "", false
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// maxWords bounds in runes what is repeated of a server's text.
const maxWords = 200

// plain makes text from elsewhere fit for one line of a terminal.
func plain(text string) string {
	runes := []rune(strings.ToValidUTF8(text, "?"))
	if len(runes) > maxWords {
		runes = append(runes[:maxWords], '…')
	}
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	return string(runes)
}
