package audit

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Advisories identifies the advisory data that findings rest on.
type Advisories struct {
	// Source is a folder as the user named it, or the API's base URL.
	Source string
	// Date is the newest date in the data; zero if unknown. Where several sets
	// were asked it is that of the oldest of them, the weakest link. For a live
	// API it is the time of asking.
	Date time.Time
	// Digest is "sha256:…" of the data that was read; empty for an API.
	Digest string
	// Live is true for an API, which has no age.
	Live bool
	// Named is true for a folder or file that the user named, as opposed to
	// the tool's own downloaded index; policy judges their age differently.
	Named bool
}

// with adds what another target was looked up in: the same source, but perhaps
// other parts of it.
func (a Advisories) with(b Advisories) Advisories {
	if a == (Advisories{}) || a == b {
		return b
	}
	if b.Date.Before(a.Date) {
		a.Date = b.Date
	}
	if a.Digest != b.Digest {
		a.Digest = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(a.Digest+b.Digest)))
	}
	return a
}
