package secret

import "github.com/lambdagate/lambdagate/audit"

func npmDetectors() []detector {
	token := detector{
		rule: "secret-npm-token", vendor: "npm", severity: audit.SeverityCritical,
		opens:  "reads and publishes packages as the user that it was issued to",
		revoke: "revoke the token with `npm token revoke` or on the registry's website",
	}
	issued, configured := token, token
	issued.id, issued.kind, issued.specific = "npm-token", "npm access token", byChecksum
	issued.keywords, issued.check, issued.samples = []string{"npm_"}, checkChecksummed, npmTokenSamples
	configured.id, configured.kind, configured.specific = "npmrc-token", "npm registry token", byContext
	configured.keywords, configured.check, configured.samples = []string{"_authtoken"}, checkNpmrc, npmrcSamples
	return []detector{issued, configured}
}

// checkNpmrc accepts the value of _authToken in the form of an npmrc line,
// "//host/:_authToken=value" (npm documentation, "npmrc"). Registries choose the
// value's form; older tokens of npm are UUIDs.
func checkNpmrc(w window) (found, bool) {
	if w.at == 0 || w.data[w.at-1] != ':' && !w.file.npmrc {
		return found{}, false
	}
	i := run(w.data, w.end, 4, isBlank)
	if i >= len(w.data) || w.data[i] != '=' {
		return found{}, false
	}
	start := run(w.data, i+1, 4, isBlank)
	if start < len(w.data) && w.data[start] == '"' {
		start++
	}
	end := run(w.data, start, 500, isTokenChar)
	v := w.data[start:end]
	if len(v) < 16 || count(v, isDigit) == 0 || filler(v) || wordy(v) || placeholder(v) {
		return found{}, false
	}
	return found{start: start, end: end, shown: "_authToken=", confidence: audit.ConfidenceHigh, strong: true}, true
}

// isTokenChar is the alphabet of an HTTP bearer token, RFC 6750 section 2.1.
func isTokenChar(b byte) bool {
	return isBase64(b) || b == '-' || b == '.' || b == '_' || b == '~' || b == '='
}

func npmTokenSamples() (match, miss []string) {
	t := sampleChecksummed("npm"+"_", 100)
	return []string{t, `"` + t + `"`}, []string{
		t[:39], t[:len(t)-2] + "zz", "npm" + "_config_registry_and_cache_and_prefix_x", "NPM" + t[3:],
	}
}

func npmrcSamples() (match, miss []string) {
	line, v := "//npm.example.com/:_auth"+"Token=", drawn(hexDigits, 8, 101)
	uuid := v + "-" + drawn(hexDigits, 4, 102) + "-4" + drawn(hexDigits, 3, 103) + "-a" + drawn(hexDigits, 3, 104) + "-" + drawn(hexDigits, 12, 105)
	return []string{line + uuid, line + " " + drawn(alnum, 40, 106) + "\n"}, []string{
		line + "${NPM_TOKEN}", line, line + "your-token-goes-right-here", "x_auth" + "Token=" + uuid,
	}
}
