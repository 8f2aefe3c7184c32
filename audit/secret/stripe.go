package secret

import "github.com/lambdagate/lambdagate/audit"

func stripeDetectors() []detector {
	key := detector{
		rule: "secret-stripe-key", vendor: "Stripe", specific: byStructure,
		revoke: "roll the key in the Stripe dashboard under Developers, API keys",
	}
	live, test, webhook := key, key, key
	live.id, live.kind, live.severity = "stripe-live-key", "Stripe live key", audit.SeverityCritical
	live.keywords, live.check, live.samples = []string{"sk_live_", "rk_live_"}, checkStripe, stripeLiveSamples
	live.opens = "moves money and reads customers' data in a Stripe account"
	test.id, test.kind, test.severity = "stripe-test-key", "Stripe test key", audit.SeverityLow
	test.keywords, test.check, test.samples = []string{"sk_test_", "rk_test_"}, checkStripeTest, stripeTestSamples
	test.opens = "works on a Stripe account's test data"
	webhook.id, webhook.kind, webhook.severity = "stripe-webhook-secret", "webhook signing secret", audit.SeverityHigh
	webhook.keywords, webhook.check, webhook.samples = []string{"whsec_"}, checkWebhookSecret, webhookSecretSamples
	webhook.opens = "forges the events that a webhook accepts"
	webhook.revoke = "roll the signing secret of the webhook's endpoint in the Stripe dashboard"
	return []detector{live, test, webhook}
}

// Lengths of the part of a Stripe key after its prefix: never under 16, and 24
// or 99 in those that Stripe issues.
const (
	stripeShortest = 16
	stripeIssued   = 24
	stripeLongest  = 250
	// webhookSecretShortest is the least of a signing secret after its prefix.
	webhookSecretShortest = 32
)

// checkStripe accepts a prefix of Stripe's "API keys" page and an alphanumeric
// body. One too short for Stripe, or in sequence, is still somebody's idea of a
// live key: medium confidence.
func checkStripe(w window) (found, bool) {
	end := run(w.data, w.end, stripeLongest, isAlnum)
	body := w.data[w.end:end]
	if len(body) < stripeShortest || !all(w.data[w.at:w.end], isLowerOrUnderscore) || distinct(body) < 8 ||
		containsFold(body, "example") || containsFold(body, "xxxx") || count(body, isDigit) == 0 {
		return found{}, false
	}
	end = issued(w, w.at, end, w.end-w.at+stripeIssued)
	f := found{start: w.at, end: end, shown: string(w.data[w.at:w.end]), confidence: audit.ConfidenceHigh, strong: true}
	if len(body) < stripeIssued || filler(body) {
		f.confidence = audit.ConfidenceMedium
	}
	return bounded(w, f, isAlnum)
}

// checkStripeTest is never of high confidence: a test key opens no live data.
func checkStripeTest(w window) (found, bool) {
	f, ok := checkStripe(w)
	f.confidence = min(f.confidence, audit.ConfidenceMedium)
	return f, ok
}

// checkWebhookSecret accepts whsec_ and 32 characters of base64 or more, which
// is Stripe's form and that of the Standard Webhooks specification.
func checkWebhookSecret(w window) (found, bool) {
	end := run(w.data, w.end, stripeLongest, isBase64)
	body := w.data[w.end:end]
	if len(body) < webhookSecretShortest || !all(w.data[w.at:w.end], isLowerOrUnderscore) || filler(body) || wordy(body) || count(body, isDigit) == 0 {
		return found{}, false
	}
	end = issued(w, w.at, end, w.end-w.at+webhookSecretShortest)
	f := found{start: w.at, end: end, shown: string(w.data[w.at:w.end]), confidence: audit.ConfidenceHigh, strong: true}
	return bounded(w, f, isAlnum)
}

func stripeLiveSamples() (match, miss []string) {
	prefix, v := "sk_"+"live_", drawn(alnum, 24, 90)
	return []string{prefix + v, "rk_" + "live_" + drawn(alnum, 99, 91), prefix + digits[1:] + "0abcdef"}, []string{
		prefix + v[:15], "x" + prefix + v, prefix + "xxxxxxxxxxxxxxxxxxxxxxxx", "pk_" + "live_" + v, "SK_" + "LIVE_" + v,
	}
}

func stripeTestSamples() (match, miss []string) {
	prefix, v := "sk_"+"test_", drawn(alnum, 24, 92)
	return []string{prefix + v}, []string{prefix + v[:15], prefix + "yourStripeSecretKeyGoesHere", "pk_" + "test_" + v}
}

func webhookSecretSamples() (match, miss []string) {
	prefix, v := "whsec"+"_", drawn(alnum, 32, 93)
	return []string{prefix + v, prefix + drawn(alnum+"+/", 44, 94) + "="}, []string{prefix + v[:31], prefix + "..." + v}
}
