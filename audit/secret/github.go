package secret

import (
	"hash/crc32"

	"github.com/lambdagate/lambdagate/audit"
)

func githubDetectors() []detector {
	token := detector{
		rule: "secret-github-token", vendor: "GitHub", severity: audit.SeverityCritical,
		opens:  "acts on GitHub with the rights of the user or app that it was issued to",
		revoke: "revoke the token in GitHub under Settings, Developer settings",
	}
	classic, fine := token, token
	classic.id, classic.kind, classic.specific = "github-token", "GitHub token", byChecksum
	classic.keywords = []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}
	classic.check, classic.samples = checkChecksummed, githubSamples
	fine.id, fine.kind, fine.specific = "github-fine-grained-token", "GitHub fine-grained token", byStructure
	fine.keywords = []string{"github_pat_"}
	fine.check, fine.samples = checkFineGrained, fineGrainedSamples
	return []detector{classic, fine}
}

// Lengths of the part after the prefix.
const (
	checksummedLength = 36 // of which the last 6 are the checksum
	checksumLength    = 6
	fineGrainedFirst  = 22
	fineGrainedSecond = 59
)

// checkChecksummed accepts a prefix, 30 alphanumeric characters and their
// CRC-32 in six digits of base 62, as described in "Behind GitHub's new
// authentication token formats" (GitHub blog, 2021); npm adopted the same. A
// right checksum is proof enough to need no boundary, so that tokens in binaries
// are found. A wrong one means an example or a damaged copy: a finding of low
// confidence.
func checkChecksummed(w window) (found, bool) {
	end := w.end + checksummedLength
	if len(w.data) < end || !all(w.data[w.at:w.end], isLowerOrUnderscore) || !all(w.data[w.end:end], isAlnum) {
		return found{}, false
	}
	f := found{start: w.at, end: end, shown: string(w.data[w.at:w.end]), confidence: audit.ConfidenceHigh, strong: true}
	body, sum := w.data[w.end:end-checksumLength], w.data[end-checksumLength:end]
	if checksum62(body) == string(sum) {
		return f, !filler(body)
	}
	f.confidence = audit.ConfidenceLow
	bounded := startsToken(w.data, w.at, isAlnum) && endsToken(w.data, end, isAlnum)
	return f, bounded && !filler(w.data[w.end:end])
}

func isLowerOrUnderscore(b byte) bool { return isLower(b) || b == '_' }

// checksum62 is the CRC-32 (IEEE) of v in six digits of base 62: 0-9, A-Z, a-z,
// the highest first.
func checksum62(v []byte) string {
	sum := crc32.ChecksumIEEE(v)
	var text [checksumLength]byte
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = alnum[sum%62]
		sum /= 62
	}
	return string(text[:])
}

// checkFineGrained accepts github_pat_, 22 characters, an underscore and 59.
func checkFineGrained(w window) (found, bool) {
	middle := w.end + fineGrainedFirst
	end := middle + 1 + fineGrainedSecond
	if len(w.data) < end || w.data[middle] != '_' || !all(w.data[w.at:w.end], isLowerOrUnderscore) ||
		!all(w.data[w.end:middle], isAlnum) || !all(w.data[middle+1:end], isAlnum) || filler(w.data[middle+1:end]) {
		return found{}, false
	}
	f := found{start: w.at, end: end, shown: string(w.data[w.at:w.end]), confidence: audit.ConfidenceHigh, strong: true}
	return bounded(w, f, isAlnum)
}

// bounded accepts a token that stands alone; in a binary, where strings are
// laid end to end, one that does not is of medium confidence.
func bounded(w window, f found, class func(byte) bool) (found, bool) {
	if startsToken(w.data, f.start, class) && endsToken(w.data, f.end, class) {
		return f, true
	}
	f.confidence = min(f.confidence, audit.ConfidenceMedium)
	return f, w.file.binary
}

func githubSamples() (match, miss []string) {
	for i, prefix := range []string{"gh" + "p_", "gh" + "o_", "gh" + "u_", "gh" + "s_", "gh" + "r_"} {
		match = append(match, sampleChecksummed(prefix, uint32(40+i)))
	}
	t := match[0]
	last := byte('0')
	if t[len(t)-1] == last {
		last = '1'
	}
	return match, []string{
		t[:39], t[:len(t)-1] + string(last), "GH" + "P_" + t[4:], "gh" + "p_" + digits + alnum[:26],
		"gh" + "p_" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	}
}

func fineGrainedSamples() (match, miss []string) {
	first, second := drawn(alnum, fineGrainedFirst, 50), drawn(alnum, fineGrainedSecond, 51)
	prefix := "github" + "_pat_"
	t := prefix + first + "_" + second
	return []string{t, `token: "` + t + `"`}, []string{
		t[:len(t)-1], t + "a", prefix + first + second + "0", prefix + first + "_" + second[:58] + "-",
	}
}
