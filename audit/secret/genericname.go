package secret

import "strings"

// nameKind says what a name promises of its value.
type nameKind int

const (
	nameOther    nameKind = iota
	nameToken             // something issued: only a random-looking value counts
	namePassword          // something a person may have made up
)

// kindOfName judges the words of a name: one must be a kind of credential, and
// none after it may say that the value is something about it (SECRET_NAME,
// tokenUrl, PASSWORD_MIN_LENGTH).
func kindOfName(name []byte) nameKind {
	words := splitName(name)
	kind, last := nameOther, 0
	for i, word := range words {
		pair := word
		if i+1 < len(words) {
			pair += words[i+1]
		}
		k, n := kindOfWord(word), 1
		if k == nameOther {
			k, n = kindOfPair(pair), 2
		}
		if k != nameOther {
			kind, last = max(kind, k), i+n
		}
	}
	if kind == nameOther {
		return nameOther
	}
	for i, word := range words {
		if i < last && denies(word) || i >= last && describes(word) {
			return nameOther
		}
	}
	return kind
}

// kindOfWord accepts a credential's word, alone or at the end of words written
// together (dbpassword, authtoken).
func kindOfWord(word string) nameKind {
	for _, suffix := range []string{"password", "passwd", "pwd", "passphrase", "secret", "apikey", "accesskey", "privatekey"} {
		if strings.HasSuffix(word, suffix) {
			return namePassword
		}
	}
	if strings.HasSuffix(word, "token") || word == "auth" || word == "credential" || word == "credentials" {
		return nameToken
	}
	return nameOther
}

func kindOfPair(pair string) nameKind {
	switch pair {
	case "apikey", "accesskey", "privatekey":
		return namePassword
	}
	return nameOther
}

// denies holds words before the credential's that say it is none, or not
// secret.
func denies(word string) bool {
	switch word {
	case "public", "publishable", "pub", "is", "has", "no", "not", "invalid", "missing", "wrong", "bad", "unexpected", "expected",
		"csrf", "xsrf", "antiforgery", "syntax", "lexer", "forgot", "reset", "change", "show", "hide", "hash", "hashed", "encrypted",
		// Cursors of paged answers.
		"next", "previous", "continuation", "page", "paging", "pagination":
		return true
	}
	return false
}

// describes holds words after the credential's that make the value a fact about
// it.
func describes(word string) bool {
	switch word {
	case "name", "names", "id", "ids", "arn", "arns", "path", "paths", "file", "filename", "dir", "url", "urls", "uri", "uris", "endpoint",
		"host", "hostname", "domain", "link", "href", "ttl", "age", "expiry", "expires", "expiration", "expire", "timeout", "duration", "time", "date",
		"type", "types", "kind", "format", "header", "headers", "field", "fields", "label", "placeholder", "prefix", "suffix", "regex", "regexp",
		"pattern", "rule", "rules", "length", "size", "min", "max", "limit", "count", "index", "idx", "offset", "position", "policy", "hash", "hashed",
		"digest", "checksum", "alg", "algorithm", "encoding", "param", "params", "parameter", "argument", "arg", "property", "prop", "attribute",
		"attr", "column", "version", "versions", "provider", "method", "methods", "mode", "scheme", "schema", "realm", "scope", "scopes", "audience", "issuer",
		"error", "errors", "err", "exception", "message", "msg", "hint", "help", "text", "title", "description", "desc", "doc", "docs", "input", "output",
		"env", "var", "variable", "ref", "reference", "selector", "class", "classname", "icon", "button", "btn", "form", "page", "screen", "view", "route",
		"user", "username", "email", "login", "callback", "reset", "strength", "manager", "service", "server", "client", "module", "package", "plugin",
		"store", "storage", "cache", "handler", "factory", "validator", "status", "state", "event", "action", "code", "codes", "test", "tests", "example",
		"cipher", "ciphertext", "encrypted", "created", "updated", "modified", "at", "sha", "md", "integrity", "public", "location", "region", "bucket", "table", "queue":
		return true
	}
	return false
}
