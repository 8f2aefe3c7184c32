package secret

import "github.com/lambdagate/lambdagate/audit"

func gitlabDetectors() []detector {
	return []detector{{
		id: "gitlab-token", rule: "secret-gitlab-token", vendor: "GitLab", kind: "GitLab token",
		severity: audit.SeverityCritical, specific: byStructure, check: checkGitLab,
		keywords: []string{
			"glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glft-", "glimt-", "glsoat-", "glagent-", "gloas-", "glffct-",
		},
		opens:   "acts on GitLab with the rights of the user, project or runner that it was issued to",
		revoke:  "revoke the token in GitLab under Access tokens of the user, group or project",
		samples: gitlabSamples,
	}}
}

// Lengths of the part of a GitLab token after its prefix. The shortest are the
// personal, deploy and runner tokens; routable tokens add ".", two characters,
// "." and nine.
const (
	gitlabShortest = 20
	gitlabLongest  = 300
)

// checkGitLab follows the list of token prefixes in GitLab's documentation
// ("GitLab token overview").
func checkGitLab(w window) (found, bool) {
	end := run(w.data, w.end, gitlabLongest, isWord)
	body := w.data[w.end:end]
	if len(body) < gitlabShortest || !all(w.data[w.at:w.end-1], isLower) || filler(body) || wordy(body) ||
		count(body, isDigit) == 0 {
		return found{}, false
	}
	if tail := run(w.data, end, 13, isRoutingTail); tail-end == 13 && w.data[end] == '.' && w.data[end+3] == '.' {
		end = tail
	} else {
		end = issued(w, w.at, end, w.end-w.at+gitlabShortest)
	}
	f := found{start: w.at, end: end, shown: string(w.data[w.at:w.end]), confidence: audit.ConfidenceHigh, strong: true}
	return bounded(w, f, isWord)
}

func isRoutingTail(b byte) bool { return isLower(b) || isDigit(b) || b == '.' }

func gitlabSamples() (match, miss []string) {
	pat := "gl" + "pat-"
	v := drawn(alnum+"_-", gitlabShortest, 60)
	return []string{
			pat + v, "gl" + "dt-" + v, "gl" + "rt-" + v, pat + drawn(alnum, 27, 61) + ".01." + drawn(lowerLetters+digits, 9, 62),
			"gl" + "ptt-" + drawn(hexDigits, 40, 63), `"` + pat + v + `",`,
		}, []string{
			pat + v[:19], "x" + pat + v, pat + "your-access-token-here", pat + "xxxxxxxxxxxxxxxxxxxx", "GL" + "PAT-" + v,
		}
}
