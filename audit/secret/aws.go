package secret

import (
	"bytes"

	"github.com/lambdagate/lambdagate/audit"
)

// Lengths of AWS credentials, as the IAM user guide's reference of unique
// identifiers and the examples of the STS API show them.
const (
	keyIDLength     = 20
	secretKeyLength = 40
	// pairDistance is how far from a key id a secret key is looked for: a few
	// lines of code or a row of the CSV that the console offers.
	pairDistance = 400
	// namedDistance is the same for the name of a secret key.
	namedDistance = 160
)

func awsDetectors() []detector {
	keyIDs := []string{"akia", "asia", "abia", "acca"}
	secretKey := detector{
		rule: "secret-aws-secret-key", vendor: "AWS", kind: "AWS secret access key",
		severity: audit.SeverityCritical, specific: byContext,
		opens:  "signs any AWS request of its owner",
		revoke: "deactivate and delete the access key in IAM",
	}
	named, paired := secretKey, secretKey
	named.id, named.check, named.samples = "aws-secret-key-named", checkNamedSecretKey, namedSecretKeySamples
	named.keywords = []string{
		"secret_access_key", "secretaccesskey", "secret-access-key", "secret access key",
		"aws_secret", "awssecret", "aws-secret", "aws.secret",
	}
	paired.id, paired.check, paired.samples = "aws-secret-key-paired", checkPairedSecretKey, pairedSecretKeySamples
	paired.keywords = keyIDs
	return []detector{{
		id: "aws-access-key-id", rule: "secret-aws-access-key", vendor: "AWS", kind: "AWS access key id",
		severity: audit.SeverityHigh, specific: byStructure, keywords: keyIDs, check: checkKeyID,
		opens:  "is half of a credential for the AWS API",
		revoke: "deactivate and delete the access key in IAM", samples: keyIDSamples,
	}, named, paired}
}

// checkKeyID accepts a prefix of the IAM reference and 16 characters of base32.
func checkKeyID(w window) (found, bool) {
	confidence, ok := keyIDAt(w.data, w.at, w.file.binary)
	if !ok {
		return found{}, false
	}
	return found{
		start: w.at, end: w.at + keyIDLength, shown: string(w.data[w.at:w.end]), confidence: confidence, strong: true,
	}, true
}

func keyIDAt(data []byte, at int, binary bool) (audit.Confidence, bool) {
	end := at + keyIDLength
	if len(data) < end || !isKeyIDPrefix(data[at:at+4]) || !all(data[at+4:end], isBase32) || filler(data[at+4:end]) {
		return 0, false
	}
	if startsToken(data, at, isBase64) && endsToken(data, end, isBase64) || binary && counted(data, at, keyIDLength) {
		return audit.ConfidenceHigh, true
	}
	// Compilers lay strings end to end, so that in a binary a boundary proves
	// nothing; a digit shows that it is not a word in capitals.
	return audit.ConfidenceMedium, binary && count(data[at+4:end], isDigit) > 0
}

func isBase32(b byte) bool { return isUpper(b) || b >= '2' && b <= '7' }

func isKeyIDPrefix(v []byte) bool {
	switch string(v) {
	case "AKIA", "ASIA", "ABIA", "ACCA":
		return true
	}
	return false
}

// checkNamedSecretKey looks after a name such as aws_secret_access_key.
func checkNamedSecretKey(w window) (found, bool) {
	from, to := w.end, min(len(w.data), w.end+namedDistance)
	start, ok := secretKeyIn(w.data, from, to, w.file.binary)
	if !ok {
		return found{}, false
	}
	f := found{start: start, end: start + secretKeyLength, confidence: audit.ConfidenceMedium, strong: true}
	if keyIDNear(w.data, start, w.file.binary) {
		f.confidence = audit.ConfidenceHigh
	}
	return f, true
}

// checkPairedSecretKey looks around an access key id: after it, where most
// formats have the secret, then before.
func checkPairedSecretKey(w window) (found, bool) {
	if _, ok := keyIDAt(w.data, w.at, w.file.binary); !ok {
		return found{}, false
	}
	after := w.at + keyIDLength
	start, ok := secretKeyIn(w.data, after, min(len(w.data), after+pairDistance), w.file.binary)
	if !ok {
		start, ok = secretKeyIn(w.data, max(0, w.at-pairDistance), w.at, w.file.binary)
	}
	return found{start: start, end: start + secretKeyLength, confidence: audit.ConfidenceHigh, strong: true}, ok
}

// secretKeyIn returns the first value shaped like a secret key that begins in
// data[from:to].
func secretKeyIn(data []byte, from, to int, binary bool) (int, bool) {
	for at := from; at < to; {
		if !isBase64(data[at]) {
			at++
			continue
		}
		// A run that began before is longer than what is seen of it.
		whole := startsToken(data, at, isBase64)
		end := run(data, at, secretKeyLength+1, isBase64)
		exact := end-at == secretKeyLength && endsToken(data, end, isBase64OrPad) ||
			end-at > secretKeyLength && binary && counted(data, at, secretKeyLength)
		if whole && exact && isSecretKey(data[at:at+secretKeyLength]) {
			return at, true
		}
		at = run(data, end, len(data), isBase64)
	}
	return 0, false
}

func isBase64OrPad(b byte) bool { return isBase64(b) || b == '=' }

// isSecretKey tells 40 characters drawn from base64 from a path, a hash or a
// sentence without spaces.
func isSecretKey(v []byte) bool {
	return count(v, isUpper) > 3 && count(v, isLower) > 3 && count(v, isDigit) > 0 &&
		entropy(v) > 4 && !filler(v) && !wordy(v)
}

// keyIDNear says whether an access key id stands within pairDistance.
func keyIDNear(data []byte, at int, binary bool) bool {
	lo, hi := max(0, at-pairDistance), min(len(data), at+secretKeyLength+pairDistance)
	for i := lo; i < hi; i++ {
		next := bytes.IndexByte(data[i:hi], 'A')
		if next < 0 {
			return false
		}
		i += next
		if _, ok := keyIDAt(data, i, binary); ok {
			return true
		}
	}
	return false
}

func keyIDSamples() (match, miss []string) {
	for i, prefix := range []string{"AK" + "IA", "AS" + "IA", "AB" + "IA", "AC" + "CA"} {
		match = append(match, sampleAccessKeyID(prefix, uint32(10+i)))
	}
	id := match[0]
	match = append(match, `"`+id+`"`, "id="+id+"&", `"a\n`+id+`\n"`)
	return match, []string{
		id[:19], id + "A", "x" + id, id[:4] + "1" + id[5:], "ak" + "ia" + id[4:],
		"AK" + "IAIOSFODNN7" + "EXAMPLE", "AK" + "IA" + upperLetters[:16], "AK" + "IAAAAAAAAAAAAAAAAA",
	}
}

func namedSecretKeySamples() (match, miss []string) {
	v := sampleSecretKey(20)
	return []string{
			"aws_secret_access_key = " + v, `"SecretAccessKey": "` + v + `"`, `secretAccessKey:"` + v + `"`,
			"AWS_SECRET_ACCESS_KEY=" + v, `awsSecretKey = '` + v + `'`,
		}, []string{
			"aws_secret_access_key = " + v[:39], "aws_secret_access_key = " + v + "A", "digest = " + v,
			"aws_secret_access_key = " + drawn(hexDigits, 40, 21),
			"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
			"secretAccessKey: node_modules/config/provider/src/Secrets2",
		}
}

func pairedSecretKeySamples() (match, miss []string) {
	id, v := sampleAccessKeyID("AK"+"IA", 30), sampleSecretKey(31)
	return []string{
			id + "," + v, "id: " + id + "\nkey: " + v, `key("` + v + `", "` + id + `")`,
		}, []string{
			"AK" + "IAIOSFODNN7" + "EXAMPLE," + v, id + "," + v[:39], v,
		}
}
