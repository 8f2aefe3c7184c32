package secret

import (
	"encoding/base64"
	"strings"
)

// The alphabets that tokens are made of.
const (
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	digits       = "0123456789"
	alnum        = digits + upperLetters + lowerLetters
	hexDigits    = "0123456789abcdef"
	base32Chars  = upperLetters + "234567"
)

// drawn returns n characters of an alphabet that look drawn at random and are
// the same each time: credentials for documentation and tests that open nothing
// and stand in no file. It always begins with an upper-case letter, a lower-case
// letter and a digit where the alphabet has them.
func drawn(alphabet string, n int, seed uint32) string {
	var b strings.Builder
	for _, first := range []string{upperLetters, lowerLetters, digits} {
		common := strings.Map(func(r rune) rune {
			if strings.ContainsRune(alphabet, r) {
				return r
			}
			return -1
		}, first)
		if common != "" && b.Len() < n {
			seed = seed*1664525 + 1013904223
			b.WriteByte(common[int(seed>>8)%len(common)])
		}
	}
	for b.Len() < n {
		seed = seed*1664525 + 1013904223
		b.WriteByte(alphabet[int(seed>>8)%len(alphabet)])
	}
	return b.String()
}

// Values of every kind, built when asked for so that no scanner finds them in
// the source or in the compiled program.

func sampleAccessKeyID(prefix string, seed uint32) string {
	return prefix + drawn(base32Chars, 16, seed)
}

func sampleSecretKey(seed uint32) string { return drawn(alnum+"+/", 40, seed) }

func sampleChecksummed(prefix string, seed uint32) string {
	body := drawn(alnum, 30, seed)
	return prefix + body + checksum62([]byte(body))
}

// samplePEM is a key of the given type whose body is a DER sequence of
// arbitrary bytes, with lines that end in eol.
func samplePEM(kind, eol string, size int, seed uint32) string {
	header := []byte{0x30, byte(size)}
	switch {
	case size > 0xff:
		header = []byte{0x30, 0x82, byte(size >> 8), byte(size)}
	case size > 0x7f:
		header = []byte{0x30, 0x81, byte(size)}
	}
	return armor(kind, eol, append(header, drawn(alnum, size, seed)...))
}

// armor writes a PEM block.
func armor(kind, eol string, data []byte) string {
	body := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	b.WriteString(pemBegin + kind + pemDashes + eol)
	for len(body) > 0 {
		n := min(64, len(body))
		b.WriteString(body[:n] + eol)
		body = body[n:]
	}
	b.WriteString("-----" + "END " + kind + pemDashes + eol)
	return b.String()
}

// placeholders are what stands in the examples of the rules' documentation for
// values that must not be written out.
func placeholders() *strings.Replacer {
	return strings.NewReplacer(
		"{{AWS_ACCESS_KEY_ID}}", sampleAccessKeyID("AKIA", 1),
		"{{AWS_SECRET_ACCESS_KEY}}", sampleSecretKey(2),
		"{{PRIVATE_KEY}}", samplePEM("PRIVATE KEY", "\n", 300, 3),
		"{{GITHUB_TOKEN}}", sampleChecksummed("ghp"+"_", 4),
		"{{GITLAB_TOKEN}}", "glpat"+"-"+drawn(alnum, 20, 5),
		"{{SLACK_TOKEN}}", sampleSlackToken("b", 6),
		"{{SLACK_WEBHOOK}}", sampleSlackWebhook(7),
		"{{STRIPE_KEY}}", "sk_"+"live_"+drawn(alnum, 24, 8),
		"{{NPM_TOKEN}}", sampleChecksummed("npm"+"_", 9),
		"{{PASSWORD}}", "vio"+"let-Harbor"+"-4417",
	)
}

// Sample returns a rule's documentation example with its placeholders filled
// in, so that before can be shown to fire the rule and after not to; ok is false
// for a rule that is not this package's.
func Sample(ruleID string) (before, after string, ok bool) {
	for _, rule := range Rules() {
		if rule.ID == ruleID {
			p := placeholders()
			return p.Replace(rule.Doc.Before), p.Replace(rule.Doc.After), true
		}
	}
	return "", "", false
}
