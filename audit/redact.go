package audit

import (
	"fmt"
	"unicode/utf8"
)

// Secret holds a credential so that it can't be printed: every way of
// formatting or marshalling it gives a placeholder. Only [Secret.Reveal] gives
// the value, so a search for that name finds every use of one.
type Secret struct{ value string }

const redacted = "[redacted]"

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the raw value. It is for comparing and hashing, never for
// output.
func (s Secret) Reveal() string { return s.value }

// Evidence returns what may be shown of the secret: a prefix that says what
// kind it is (the detector's own literal, such as "AKIA", never more of the
// value) and the length in characters.
func (s Secret) Evidence(kindPrefix string) string {
	return fmt.Sprintf("%s… (%d characters)", kindPrefix, utf8.RuneCountInString(s.value))
}

// String returns a placeholder.
func (s Secret) String() string { return redacted }

// GoString returns a placeholder.
func (s Secret) GoString() string { return redacted }

// Format writes a placeholder for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText returns a placeholder, for JSON, YAML and XML alike.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
