package secret

import "github.com/lambdagate/lambdagate/audit"

// tokenRules are the rules for tokens of vendors other than AWS. Their
// examples differ in the line that holds the token.
func tokenRules() []audit.Rule {
	fetch := "const { SSMClient, GetParameterCommand } = require(\"@aws-sdk/client-ssm\");\n\nconst ssm = new SSMClient({});\n" +
		"const load = (Name) => ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));\n"
	return []audit.Rule{{
		ID: "secret-github-token", Title: "GitHub token in the package", Severity: audit.SeverityCritical,
		Doc: audit.Doc{
			What: "A GitHub token: ghp_, gho_, ghu_, ghs_ or ghr_ with 36 characters, or github_pat_ with 22 and 59. The last six characters of the short form are a checksum: " +
				"when it holds, the confidence is high; when not, the token is an example or a damaged copy and the confidence is low.",
			Why:    "The token acts with the rights of its owner: it reads private code and may push, so that the next release carries the attacker's change.",
			Before: "const octokit = new Octokit({ auth: \"{{GITHUB_TOKEN}}\" });\n",
			After:  fetch,
			Remedy: "Revoke the token in GitHub under Settings, Developer settings, read the security log for its use, and load a new one with fewer rights at run time; for a service use a GitHub App.",
			Limits: "The 40 hexadecimal digits of tokens from before 2021 are left to secret-generic-credential. The checksum of github_pat_ is not published and not tested.",
		},
		Refs: []audit.Ref{{Name: "GitHub token formats", URL: "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/"}},
	}, {
		ID: "secret-gitlab-token", Title: "GitLab token in the package", Severity: audit.SeverityCritical,
		Doc: audit.Doc{
			What:   "A GitLab token by its prefix: glpat- (personal, project, group), gldt- (deploy), glrt- (runner), and those for triggers, jobs, feeds, mail, SCIM, agents and applications.",
			Why:    "The token acts with the rights of its owner: it reads private code and variables, and may change what the pipeline builds.",
			Before: "const api = new Gitlab({ token: \"{{GITLAB_TOKEN}}\" });\n",
			After:  fetch,
			Remedy: "Revoke the token under Access tokens of the user, group or project that it belongs to, and load a new one with fewer scopes at run time.",
			Limits: "An instance may choose another prefix for personal tokens; such tokens are left to secret-generic-credential.",
		},
		Refs: []audit.Ref{{Name: "GitLab token overview", URL: "https://docs.gitlab.com/security/tokens/"}},
	}, {
		ID: "secret-slack-token", Title: "Slack token in the package", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What:   "A Slack token: xoxb- (bot), xoxp- (user), xoxa-, xoxr-, xoxs-, xoxe- (refresh) or xapp- (app level), with the groups of digits and the secret that Slack puts after it.",
			Why:    "The token reads messages and files and writes in the workspace's name, which is the start of convincing phishing.",
			Before: "const app = new App({ token: \"{{SLACK_TOKEN}}\" });\n",
			After:  fetch,
			Remedy: "Revoke the token with the auth.revoke method or in the app's settings, and load a new one at run time.",
			Limits: "Browser session tokens (xoxc-, xoxd-) are not seen.",
		},
		Refs: []audit.Ref{{Name: "Slack token types", URL: "https://docs.slack.dev/authentication/tokens"}},
	}, {
		ID: "secret-slack-webhook", Title: "Slack webhook in the package", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What:   "The address of a Slack incoming webhook or workflow trigger, with the secret that is its last part.",
			Why:    "The address is all it takes to post into the workspace, in the name that its members trust.",
			Before: "const alarm = \"{{SLACK_WEBHOOK}}\";\n",
			After:  fetch,
			Remedy: "Remove the webhook in the Slack app's settings, make a new one, and load its address at run time.",
			Limits: "Only hooks.slack.com is known; GovSlack and proxies are not.",
		},
		Refs: []audit.Ref{{Name: "Slack incoming webhooks", URL: "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"}},
	}, {
		ID: "secret-stripe-key", Title: "Stripe key in the package", Severity: audit.SeverityCritical,
		Doc: audit.Doc{
			What: "A Stripe secret or restricted key (sk_live_, rk_live_) or the signing secret of a webhook (whsec_). Test keys (sk_test_, rk_test_) are reported with low severity. " +
				"A live key that is too short to be Stripe's, or runs through the alphabet, is of medium confidence.",
			Why:    "A live key moves money and reads customers' data; a signing secret lets anybody forge the events that the function believes.",
			Before: "const stripe = require(\"stripe\")(\"{{STRIPE_KEY}}\");\n",
			After:  fetch,
			Remedy: "Roll the key in the Stripe dashboard under Developers, API keys, check the request log for its use, and load the new one at run time; prefer a restricted key.",
			Limits: "Publishable keys (pk_) are public by design and not reported.",
		},
		Refs: []audit.Ref{{Name: "Stripe API keys", URL: "https://docs.stripe.com/keys"}},
	}, {
		ID: "secret-npm-token", Title: "npm token in the package", Severity: audit.SeverityCritical,
		Doc: audit.Doc{
			What:   "An npm access token (npm_ with 36 characters, the last six a checksum; a wrong one makes the confidence low), or the value of _authToken in an .npmrc.",
			Why:    "A token that may publish lets an attacker release a new version of every package its owner maintains; one that only reads opens private packages.",
			Before: "//npm.example.com/:_authToken={{NPM_TOKEN}}\n",
			After:  "//npm.example.com/:_authToken=${NPM_TOKEN}\n",
			Remedy: "Revoke the token with `npm token revoke`, and keep .npmrc out of the package: a deployed function installs nothing.",
			Limits: "User name and password (_auth, _password) in an .npmrc are left to secret-generic-credential.",
		},
		Refs: []audit.Ref{{Name: "npm access tokens", URL: "https://docs.npmjs.com/about-access-tokens"}},
	}}
}
