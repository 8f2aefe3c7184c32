package secret

import (
	"bytes"
)

// evidence says how much a value looks like a credential.
type evidence int

const (
	noEvidence     evidence = iota
	someEvidence            // enough in the user's own code
	strongEvidence          // enough in third-party code too
)

// Lengths of values, in bytes.
const (
	shortestPassword = 8
	longestPassword  = 64
	shortestRandom   = 16
	shortestStrong   = 24
	shortestHex      = 32
)

// weigh judges a value assigned to a name of the given kind.
func weigh(v []byte, kind nameKind) evidence {
	if len(v) < shortestPassword || !all(v, isVisible) || count(v, isLetter) == 0 || count(v, isDigit) == 0 ||
		placeholder(v) || reference(v) {
		return noEvidence
	}
	switch {
	case !all(v, isValueChar):
		if kind == namePassword && generated(v) {
			return someEvidence
		}
	case all(v, isHex):
		return weighHex(v)
	case randomLooking(v):
		if len(v) >= shortestStrong && entropy(v) >= 4 && mixed(v) && all(v, isTokenChar) {
			return strongEvidence
		}
		return someEvidence
	case kind == namePassword && passwordLike(v):
		return someEvidence
	}
	return noEvidence
}

func isVisible(b byte) bool { return b > ' ' && b < 0x7f && b != '\\' }

// isValueChar leaves out what stands in code, templates, markup and sentences
// far more often than in a credential.
func isValueChar(b byte) bool {
	return isVisible(b) && bytes.IndexByte([]byte("(){}[]<>\"'`;|"), b) < 0
}

// weighHex accepts keys in hexadecimal. In third-party code they are left to
// digests and curve parameters.
func weighHex(v []byte) evidence {
	if len(v) < shortestHex || entropy(v) < 3 || filler(v) {
		return noEvidence
	}
	return someEvidence
}

// randomLooking says whether a value looks drawn from an alphabet.
func randomLooking(v []byte) bool {
	if len(v) < shortestRandom || sequence(v) > 7 || repeat(v) > 5 || wordy(v) || count(v, isDigit) == 0 {
		return false
	}
	least := 3.3
	if len(v) >= shortestStrong {
		least = 3.7
	}
	return entropy(v) >= least && count(v, isTokenChar)*10 >= len(v)*8
}

// passwordLike says whether a value that has words in it was made up as a
// password: besides its words there are digits that no technical term explains.
func passwordLike(v []byte) bool {
	if len(v) > longestPassword || entropy(v) < 2.75 {
		return false
	}
	symbols := count(v, func(b byte) bool { return bytes.IndexByte([]byte("!@#$%^&*~"), b) >= 0 })
	if symbols == 0 && bytes.IndexByte(v, '.') >= 0 {
		return false // a dotted name or a host
	}
	rest := withoutTerms(v)
	if count(rest, isDigit) == 0 {
		return false
	}
	return symbols > 0 || longestRun(rest, isDigit) > 1 || digitInWord(rest)
}

// generated says whether a value with brackets or quotes in it is the work of a
// password generator, which draws from all of ASCII, and not code, a pattern or
// a template.
func generated(v []byte) bool {
	for _, code := range []string{"(?", "a-z", "0-9", "()", "=>", "](", "&&", "||", "</", "/>", "[0]", "{0}"} {
		if containsFold(v, code) {
			return false
		}
	}
	return len(v) >= shortestRandom && mixed(v) && count(v, isAlnum)*2 >= len(v) && entropy(v) >= 3.7 && !wordy(v) && bytes.IndexByte(v, '.') < 0
}

// mixed says whether a value has several capitals, small letters and digits.
func mixed(v []byte) bool {
	return count(v, isUpper) > 1 && count(v, isLower) > 1 && count(v, isDigit) > 1
}

func longestRun(v []byte, class func(byte) bool) int {
	longest := 0
	for i := 0; i < len(v); i++ {
		end := run(v, i, len(v), class)
		longest = max(longest, end-i)
		i = end
	}
	return longest
}

// digitInWord finds a digit between two lower-case letters, as in "passw0rd".
func digitInWord(v []byte) bool {
	for i := 1; i+1 < len(v); i++ {
		if isDigit(v[i]) && isLower(v[i-1]) && isLower(v[i+1]) {
			return true
		}
	}
	return false
}

// withoutTerms returns v in lower case with a space for each technical term
// that has digits in it.
func withoutTerms(v []byte) []byte {
	terms := []string{
		"128", "192", "224", "256", "384", "512", "1024", "2048", "4096", "8601", "25519", "sha-", "sha1", "sha2", "sha3", "md5", "md4", "base64", "base32",
		"utf8", "utf-8", "utf16", "oauth10a", "oauth2", "oauth1", "x509", "p12", "pbkdf2", "http2", "ipv4", "ipv6", "s3", "ec2", "i18n", "l10n", "a11y",
		"k8s", "u2f", "fido2", "2fa", "e2e", "int32", "int64", "argon2", "web3", "log4j",
	}
	rest := bytes.ToLower(v)
	for _, term := range terms {
		rest = bytes.ReplaceAll(rest, []byte(term), []byte{' '})
	}
	return rest
}

// placeholder says whether a value stands for one to be put in later, or is
// fetched at run time.
func placeholder(v []byte) bool {
	for _, word := range []string{
		"changeme", "change_me", "change-me", "example", "placeholder", "your", "replace", "insert", "dummy", "sample", "todo", "fixme", "redacted",
		"undefined", "xxxx", "****", "....", "process.env", "os.environ", "getenv", "secrets.", "{{", "${", "$(", "%s", "%d", "#{",
		"-----", "ssh-rsa", "ssh-ed25519", "pk_live", "pk_test", "lorem",
	} {
		if containsFold(v, word) {
			return true
		}
	}
	return bytes.HasSuffix(v, []byte("...")) || v[0] == '$' && all(v[1:], isWord) || v[0] == '%' && v[len(v)-1] == '%' || v[0] == '<' || repeat(v) > len(v)/2
}

// reference says whether a value names where something is, or which thing or
// version is meant, and is not itself secret.
func reference(v []byte) bool {
	for _, prefix := range []string{
		"arn:", "urn:", "/", "./", "../", "~/", ".", "data:", "http:", "https:", "npm:", "git+", "file:",
		"sha1-", "sha256-", "sha384-", "sha512-",
	} {
		if hasPrefixFold(v, prefix) {
			return true
		}
	}
	if bytes.IndexByte([]byte("#*&!"), v[0]) >= 0 && !(longestRun(v, isDigit) > 1 && count(v, isUpper) > 0) {
		return true // a selector, a colour, a YAML anchor or tag
	}
	return isUUID(v) || isVersion(v) || isDate(v) || isHostPort(v) || bytes.Contains(v, []byte("://")) || bytes.Count(v, []byte("/")) > 0 && wordy(v)
}

func isUUID(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, b := range v {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash && b != '-' || !dash && !isHex(b) {
			return false
		}
	}
	return true
}

// isVersion accepts a number with dots and a range operator before it.
func isVersion(v []byte) bool {
	i := run(v, 0, 3, func(b byte) bool { return bytes.IndexByte([]byte("v^~<>="), b) >= 0 })
	number := run(v, i, len(v), isDigit)
	return number > i && number < len(v) && v[number] == '.'
}

// isDate accepts what begins like a date of ISO 8601.
func isDate(v []byte) bool {
	return run(v, 0, 4, isDigit) == 4 && v[4] == '-' && run(v, 5, 2, isDigit) == 7 && v[7] == '-'
}

// isHostPort accepts a name and a port number.
func isHostPort(v []byte) bool {
	colon := bytes.IndexByte(v, ':')
	return colon > 0 && len(v)-colon <= 6 && len(v)-colon > 2 && all(v[colon+1:], isDigit) &&
		all(v[:colon], func(b byte) bool { return isWord(b) || b == '.' })
}

// passwordInURL narrows a value that is a URL with userinfo to the password in
// it (RFC 3986, section 3.2.1); any other value is returned as it is.
func passwordInURL(data []byte, start, end int) (int, int) {
	v := data[start:end]
	scheme := bytes.Index(v, []byte("://"))
	if scheme < 0 {
		return start, end
	}
	authority := v[scheme+3:]
	if slash := bytes.IndexByte(authority, '/'); slash >= 0 {
		authority = authority[:slash]
	}
	at, colon := bytes.LastIndexByte(authority, '@'), bytes.IndexByte(authority, ':')
	if colon < 0 || at < colon {
		return start, end
	}
	begin := start + scheme + 3
	return begin + colon + 1, begin + at
}

func genericSamples() (match, miss []string) {
	long := drawn(alnum, 32, 130)
	return []string{
			`password = "kX9#mP(2v]Lq` + `8TzW{r4Yb"`, `DATABASE_` + `PASSWORD = "super_` + `secret_password_123"`, `{"clientSecret":"` + long + `"}`, `apiKey: '` + long + `'`,
			`api_key = "` + drawn(hexDigits, 40, 131) + `"`, `os.getenv("DB_PASSWORD", "violet-` + `Harbor-4417")`, `const token = process.env.TOKEN || "` + long + `"`,
			`{\"password\":\"P@ss` + `w0rd!2024\"}`, `db_secret = "postgres://app:violet-` + `Harbor-4417@db/x"`,
		}, []string{
			`password = "changeme123"`, `token = "${TOKEN_123456}"`, `password: "{{resolve:secretsmanager:x1:SecretString:y2}}"`, `password = os.environ["DB_PASSWORD_12"]`,
			`password = "your-password-here1"`, `token = "xxxxxxxxxxxxxxxx1"`, `secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-4417"`,
			`secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-4417"`, `password = "/prod/db/password12"`, `secret = "db-password-secret"`,
			`secret_name = "db-password-4417"`, `token = "123e4567-e89b-12d3-a456-426614174000"`, `auth = "https://login.host/oauth2/v2.0/token"`,
			`tokenType = "urn:ietf:params:oauth:token-type:jwt"`, `author = "` + long + `"`, `passwordField = "inputPassword123"`, `secret = "getSecretValueSha256"`,
			`token = "TOKEN_TYPE_V2"`, `if (password == "` + long + `")`, `public_token = "` + long + `"`, `password = "correct-horse-battery"`,
			`token = "` + long + `..."`,
		}
}
