package secret

import (
	"bytes"

	"github.com/lambdagate/lambdagate/audit"
)

func slackDetectors() []detector {
	return []detector{{
		id: "slack-token", rule: "secret-slack-token", vendor: "Slack", kind: "Slack token",
		severity: audit.SeverityHigh, specific: byStructure, check: checkSlackToken,
		keywords: []string{"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"},
		opens:    "reads and writes in a Slack workspace as the app or user that it was issued to",
		revoke:   "revoke the token with Slack's auth.revoke method or rotate it in the app's settings",
		samples:  slackTokenSamples,
	}, {
		id: "slack-webhook", rule: "secret-slack-webhook", vendor: "Slack", kind: "Slack webhook",
		severity: audit.SeverityHigh, specific: byStructure, check: checkSlackWebhook,
		keywords: []string{slackHooks + "services/", slackHooks + "workflows/", slackHooks + "triggers/"},
		opens:    "posts messages into a Slack workspace without any other credential",
		revoke:   "remove the webhook in the Slack app's settings and make a new one",
		samples:  slackWebhookSamples,
	}}
}

const (
	slackHooks = "hooks.slack.com/"
	// slackSecret is the length of the last part of a bot token or webhook.
	slackSecret = 24
)

// checkSlackToken accepts a prefix of Slack's "Token types", groups joined by
// hyphens, and in the last a secret of 20 characters or more. The first group is
// the number of a workspace, or "1" in newer tokens.
func checkSlackToken(w window) (found, bool) {
	end := run(w.data, w.end, 400, isAlnumOrHyphen)
	body := w.data[w.end:end]
	first, _, several := bytes.Cut(body, []byte{'-'})
	last := body[bytes.LastIndexByte(body, '-')+1:]
	if !several || !all(w.data[w.at:w.end-1], isLower) || !all(first, isDigit) ||
		len(first) < 8 && string(first) != "1" || len(last) < 20 || filler(last) || count(last, isDigit) == 0 {
		return found{}, false
	}
	end = issued(w, w.at, end, end-len(last)+slackSecret-w.at)
	f := found{start: w.at, end: end, shown: string(w.data[w.at:w.end]), confidence: audit.ConfidenceHigh, strong: true}
	return bounded(w, f, isAlnum)
}

func isAlnumOrHyphen(b byte) bool { return isAlnum(b) || b == '-' }

// checkSlackWebhook accepts the path of an incoming webhook, T…/B…/secret
// ("Sending messages using incoming webhooks", Slack), and of the workflow
// forms, whose secret is the last part as well.
func checkSlackWebhook(w window) (found, bool) {
	end := run(w.data, w.end, 200, isAlnumOrSlash)
	parts := w.data[w.end:end]
	team, rest, _ := bytes.Cut(parts, []byte{'/'})
	slash := bytes.LastIndexByte(rest, '/')
	last := rest[slash+1:]
	if len(team) < 8 || team[0] != 'T' && team[0] != 'E' || !all(team, isUpperOrDigit) || repeat(team) > 5 ||
		slash < 1 || len(last) < 20 || filler(last) {
		return found{}, false
	}
	end = issued(w, w.at, end, end-len(last)+slackSecret-w.at)
	return found{
		start: w.at, end: end, shown: string(bytes.ToLower(w.data[w.at:w.end])), confidence: audit.ConfidenceHigh, strong: true,
	}, true
}

func isAlnumOrSlash(b byte) bool { return isAlnum(b) || b == '/' }
func isUpperOrDigit(b byte) bool { return isUpper(b) || isDigit(b) }

func sampleSlackToken(kind string, seed uint32) string {
	return "xox" + kind + "-" + drawn("123456789", 12, seed) + "-" + drawn("123456789", 13, seed+1) + "-" + drawn(alnum, 24, seed+2)
}

func sampleSlackWebhook(seed uint32) string {
	return "https://hooks." + "slack.com/services/T" + drawn(upperLetters+digits, 9, seed) + "/B" +
		drawn(upperLetters+digits, 10, seed+1) + "/" + drawn(alnum, 24, seed+2)
}

func slackTokenSamples() (match, miss []string) {
	t := sampleSlackToken("b", 70)
	return []string{
			t, sampleSlackToken("p", 73), "xa" + "pp-1-A" + drawn(upperLetters+digits, 10, 76) + "-" + drawn("123456789", 13, 77) + "-" + drawn(hexDigits, 64, 78),
		}, []string{
			t[:len(t)-6], "xox" + "b-your-slack-bot-token-goes-here-now", "xox" + "b-123456789012-123456789012-xxxxxxxxxxxxxxxxxxxxxxxx", "XOX" + t[3:],
		}
}

func slackWebhookSamples() (match, miss []string) {
	u := sampleSlackWebhook(80)
	return []string{u, `"` + u + `"`}, []string{
		u[:len(u)-6], "https://hooks." + "slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
		"https://hooks." + "slack.com/services/" + "${team}/${channel}/${secret}",
	}
}
