package secret

import (
	"bytes"
	"encoding/base64"

	"github.com/lambdagate/lambdagate/audit"
)

const (
	pemBegin  = "-----BEGIN "
	pemDashes = "-----"
	// pemShortest is the body of the smallest key, an Ed25519 key in PKCS #8,
	// in characters of base64; some tools drop the padding.
	pemShortest = 60
	// pemRead is how much of a body is read: enough to tell keys apart, as the
	// part that all keys of an algorithm share is far shorter.
	pemRead = 512
	// pemHeaders bounds the header lines of an encrypted or PGP key.
	pemHeaders = 400
)

func privateKeyDetectors() []detector {
	return []detector{{
		id: "private-key", rule: "secret-private-key", kind: "private key",
		severity: audit.SeverityHigh, specific: byStructure,
		keywords: []string{"-----begin "}, check: checkPrivateKey,
		opens:  "lets its holder sign, decrypt or log in as the key's owner",
		revoke: "revoke the certificate or remove the public key wherever it is trusted, and generate a new pair",

		samples: privateKeySamples,
	}}
}

// keyForm is a kind of PEM block that holds a private key.
type keyForm struct {
	label string
	// begins says whether a body of so many characters, as far as it was read,
	// may begin so; a body that OpenSSL's traditional format encrypts may begin
	// with anything.
	begins func(decoded []byte, length int) bool
	// encrypted says whether the body, decoded, is under a passphrase.
	encrypted func([]byte) bool
}

// keyForms are the labels of RFC 7468 (PKCS #8, plain and encrypted), of
// OpenSSL's traditional formats, of OpenSSH's PROTOCOL.key and of RFC 9580
// (OpenPGP).
func keyForms() []keyForm {
	always, never := func([]byte) bool { return true }, func([]byte) bool { return false }
	return []keyForm{
		{"PRIVATE KEY", isSequence, never},
		{"RSA PRIVATE KEY", isSequence, never},
		{"EC PRIVATE KEY", isSequence, never},
		{"DSA PRIVATE KEY", isSequence, never},
		{"ENCRYPTED PRIVATE KEY", isSequence, always},
		{"OPENSSH PRIVATE KEY", isOpenSSH, isLocked},
		{"PGP PRIVATE KEY BLOCK", isPacket, never},
	}
}

const opensshMagic = "openssh-key-v1\x00"

// isSequence says whether a body begins like a DER SEQUENCE (X.690, 8.1 and
// 8.9) and is as long as that says, so that the first lines alone, as in
// documentation, are no key.
func isSequence(b []byte, length int) bool {
	var size int
	switch {
	case b[0] != 0x30:
		return false
	case b[1] < 0x80:
		size = 2 + int(b[1])
	case b[1] == 0x81:
		size = 3 + int(b[2])
	case b[1] == 0x82:
		size = 4 + int(b[2])<<8 + int(b[3])
	default:
		return false
	}
	return length == pemRead || length*3/4 >= size-2
}

func isOpenSSH(b []byte, _ int) bool { return bytes.HasPrefix(b, []byte(opensshMagic)) }

// isPacket says whether a body begins like an OpenPGP packet (RFC 9580, 4.2).
func isPacket(b []byte, _ int) bool { return b[0]&0x80 != 0 }

// isLocked says whether an OpenSSH key names a cipher other than none.
func isLocked(b []byte) bool {
	return !bytes.HasPrefix(b[len(opensshMagic):], []byte("\x00\x00\x00\x04none"))
}

// checkPrivateKey wants a label and a body that begins as such a key does; code
// that only mentions the label has none.
func checkPrivateKey(w window) (found, bool) {
	if !bytes.HasPrefix(w.data[w.at:], []byte(pemBegin)) {
		return found{}, false
	}
	for _, form := range keyForms() {
		at := w.end + len(form.label)
		if !bytes.HasPrefix(w.data[w.end:], []byte(form.label+pemDashes)) {
			continue
		}
		at += len(pemDashes)
		at, passphrase := skipHeaders(w.data, at)
		body, end := pemBody(w.data, at)
		decoded, ok := decodeHead(body)
		if !ok || repeat(body) > 30 || distinct(body) < 20 || !passphrase && !form.begins(decoded, len(body)) {
			return found{}, false
		}
		f := found{start: w.at, end: end, shown: pemBegin + form.label + pemDashes, confidence: audit.ConfidenceHigh, strong: true}
		if passphrase || form.encrypted(decoded) {
			f.severity, f.confidence = audit.SeverityMedium, audit.ConfidenceMedium
		}
		return f, true
	}
	return found{}, false
}

// decodeHead decodes the part of a body that shows its form.
func decodeHead(body []byte) ([]byte, bool) {
	if len(body) < pemShortest {
		return nil, false
	}
	head := make([]byte, pemShortest/4*3)
	_, err := base64.StdEncoding.Decode(head, body[:pemShortest])
	return head, err == nil
}

// skipHeaders passes the lines "Name: value" of RFC 1421 and OpenPGP, and says
// whether they announce encryption.
func skipHeaders(data []byte, at int) (after int, encrypted bool) {
	limit := min(len(data), at+pemHeaders)
	for {
		line := skipFiller(data, at)
		colon := run(data, line, 30, isWord)
		if colon == line || colon+1 >= limit || data[colon] != ':' || data[colon+1] != ' ' {
			return at, encrypted
		}
		end := colon
		for end < limit && data[end] != '\n' && data[end] != '\\' && data[end] != '"' && data[end] != '\'' {
			end++
		}
		encrypted = encrypted || bytes.HasSuffix(bytes.TrimSpace(data[line:end]), []byte("ENCRYPTED"))
		at = end
	}
}

// pemBody collects the characters of base64 that follow, through line ends and
// what source code puts between lines: escapes, quotes, commas and the operators
// that join strings. It returns the index after the last.
func pemBody(data []byte, at int) (body []byte, end int) {
	end = at
	for len(body) < pemRead {
		at = skipFiller(data, at)
		if at >= len(data) || !isBase64(data[at]) {
			return body, end
		}
		stop := run(data, at, pemRead-len(body), isBase64)
		body = append(body, data[at:stop]...)
		at, end = stop, stop
	}
	return body, end
}

// skipFiller passes what may stand between two lines of a key.
func skipFiller(data []byte, at int) int {
	for at < len(data) {
		switch b := data[at]; {
		case isSpace(b) || b == '"' || b == '\'' || b == '`' || b == ',':
			at++
		case b == '\\':
			slashes := run(data, at, 4, func(b byte) bool { return b == '\\' })
			if slashes < len(data) && (data[slashes] == 'n' || data[slashes] == 'r' || data[slashes] == 't') {
				slashes++
			}
			at = slashes
		case b == '+' && joins(data, at):
			at++
		default:
			return at
		}
	}
	return at
}

// joins says whether a plus sign stands between two strings and is not a
// character of base64.
func joins(data []byte, at int) bool {
	quote := func(b byte) bool { return b == '"' || b == '\'' || b == '`' }
	return at > 0 && (isSpace(data[at-1]) || quote(data[at-1])) &&
		at+1 < len(data) && (isSpace(data[at+1]) || quote(data[at+1]))
}

func privateKeySamples() (match, miss []string) {
	rsa := samplePEM("RSA PRIVATE KEY", "\n", 600, 110)
	match = []string{
		rsa, samplePEM("PRIVATE KEY", "\r\n", 300, 111), samplePEM("EC PRIVATE KEY", "\n", 260, 112), samplePEM("DSA PRIVATE KEY", "\n", 300, 113),
		`"` + samplePEM("PRIVATE KEY", `\n`, 300, 114) + `"`, `"` + samplePEM("PRIVATE KEY", `\\n`, 300, 115) + `"`,
		`"` + samplePEM("PRIVATE KEY", "\\n\" +\n  \"", 300, 116) + `"`, samplePEM("ENCRYPTED PRIVATE KEY", "\n", 300, 117),
		sampleOpenSSH("none", 118), sampleOpenSSH("aes256-ctr", 119), samplePEM("PRIVATE KEY", "\n", 46, 122), samplePEM("EC PRIVATE KEY", "\n", 140, 123),
		armor("PGP PRIVATE KEY BLOCK", "\n", []byte("\x95\x03"+drawn(alnum, 300, 124))),
		pemBegin + "RSA PRIVATE KEY" + pemDashes + "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C3D\n\n" + drawn(alnum, 64, 121) + "\n",
	}
	header := pemBegin + "PRIVATE KEY" + pemDashes
	return match, []string{
		header, `if (text.includes("` + header + `"))`, header + "\n...\n", header + `\n" + body.match(/.{1,64}/g).join("\n")`,
		header + "\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC", rsa[:180] + "...", pemBegin + "PUBLIC KEY" + rsa[len(pemBegin+"RSA PRIVATE KEY"):],
		header + "\n" + drawn(lowerLetters, 64, 120), pemBegin + "[A-Z ]*PRIVATE KEY-----",
	}
}

// sampleOpenSSH is a key in OpenSSH's format under the named cipher.
func sampleOpenSSH(cipher string, seed uint32) string {
	body := opensshMagic + "\x00\x00\x00" + string(rune(len(cipher))) + cipher + drawn(alnum, 120, seed)
	return armor("OPENSSH PRIVATE KEY", "\n", []byte(body))
}
