package secret

import "github.com/lambdagate/lambdagate/audit"

// Rules are the rules of the inspector, in the order of the documentation. The
// examples hold placeholders such as {{GITHUB_TOKEN}}, which [Sample] fills in.
func Rules() []audit.Rule {
	rules := append(awsRules(), privateKeyRule())
	rules = append(rules, tokenRules()...)
	rules = append(rules, genericRule())
	for i := range rules {
		rules[i].Inspector, rules[i].Since, rules[i].CWE = Name, "0.1.0", []int{798}
		rules[i].Refs = append(rules[i].Refs, audit.Ref{Name: "CWE-798", URL: "https://cwe.mitre.org/data/definitions/798.html"})
	}
	return rules
}

func awsRules() []audit.Rule {
	keys := audit.Ref{
		Name: "IAM user guide, identifiers",
		URL:  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
	}
	after := "import boto3\n\ns3 = boto3.client(\"s3\")  # the execution role's credentials\n"
	remedy := "Deactivate the access key in IAM, look in CloudTrail for calls made with it, delete it, and give the function's execution role the permissions that the code needs."
	return []audit.Rule{{
		ID: "secret-aws-access-key", Title: "AWS access key id in the package", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "An AWS access key id: AKIA, ASIA, ABIA or ACCA and 16 characters of base 32, standing alone. Ids from AWS's own documentation, which end in EXAMPLE, are left out.",
			Why: "A function has credentials of its own through its execution role. A key in the package belongs to somebody else, usually with more rights, and everybody who can download the package has it. " +
				"The id alone tells an attacker which account and user to aim at, and its secret key is seldom far.",
			Before: "import boto3\n\ns3 = boto3.client(\"s3\", aws_access_key_id=\"{{AWS_ACCESS_KEY_ID}}\")\n",
			After:  after, Remedy: remedy,
			Limits: "An id that is split over several strings or encoded is not seen. In a binary, where strings may be laid end to end, an id without a boundary is of medium confidence and one without a digit is not reported.",
		},
		Refs: []audit.Ref{keys},
	}, {
		ID: "secret-aws-secret-key", Title: "AWS secret access key in the package", Severity: audit.SeverityCritical,
		Doc: audit.Doc{
			What: "An AWS secret access key: 40 characters of base 64 that look drawn at random, after a name such as aws_secret_access_key or within a few lines of an access key id. Beside a key id the confidence is high.",
			Why:  "Together with its id the key signs every request that its owner may make, from anywhere, until it is deactivated.",
			Before: "import boto3\n\ns3 = boto3.client(\n    \"s3\",\n    aws_access_key_id=\"{{AWS_ACCESS_KEY_ID}}\",\n" +
				"    aws_secret_access_key=\"{{AWS_SECRET_ACCESS_KEY}}\",\n)\n",
			After: after, Remedy: remedy,
			Limits: "A secret key with neither such a name nor a key id nearby looks like any other text in base 64 and is left to secret-generic-credential. Nor is one seen that a compiler laid against other strings.",
		},
		Refs: []audit.Ref{keys},
	}}
}

func privateKeyRule() audit.Rule {
	return audit.Rule{
		ID: "secret-private-key", Title: "private key in the package", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "A private key in PEM form (PKCS #8, RSA, EC, DSA, OpenSSH, PGP), in a file or in a string literal with escaped line ends. A body must follow the label and begin as such a key does. " +
				"A key under a passphrase is reported with medium severity and confidence.",
			Why:    "Whoever has the package can sign, decrypt or log in as the key's owner, and a key can't be made secret again.",
			Before: "{{PRIVATE_KEY}}",
			After: "import boto3\n\nsecrets = boto3.client(\"secretsmanager\")\n\n\ndef key():\n" +
				"    return secrets.get_secret_value(SecretId=\"prod/signing-key\")[\"SecretString\"]\n",
			Remedy: "Revoke the certificate or remove the public key wherever it is trusted, generate a new pair, and keep the private half in AWS Secrets Manager, or in AWS KMS if the function only signs.",
			Limits: "Keys in binary form (DER, PKCS #12, Java key stores) are not seen, and a PGP key is not examined for a passphrase. In third-party code, as secret-generic-credential tells it, the confidence is low: a key that was published for everybody is mostly one for tests.",
		},
		Refs: []audit.Ref{{Name: "RFC 7468", URL: "https://www.rfc-editor.org/rfc/rfc7468"}},
	}
}

func genericRule() audit.Rule {
	return audit.Rule{
		ID: "secret-generic-credential", Title: "credential assigned to a variable", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "A literal that looks like a credential, assigned to a name that says so (password, secret, token, apiKey, client_secret and the like) in source, JSON, a configuration file, or an image's environment, labels and build steps. " +
				"The value must look drawn at random, or for names of passwords hold digits that no technical term explains; in an image's environment any value of 6 characters or more that is no placeholder will do. The confidence is medium at best.",
			Why:    "The value opens something, and it is known to everybody who can download the package or read its build.",
			Before: "DATABASE_PASSWORD = \"{{PASSWORD}}\"\n",
			After: "import boto3\n\nssm = boto3.client(\"ssm\")\n\n\ndef database_password():\n" +
				"    return ssm.get_parameter(Name=\"/prod/db/password\", WithDecryption=True)[\"Parameter\"][\"Value\"]\n",
			Remedy: "Change the credential where it is accepted, and load the new one at run time from AWS Secrets Manager or SSM Parameter Store. If the value is not secret, waive the finding with the reason.",
			Limits: "Values with spaces or backslashes, without digits, or shorter than 8 characters are not seen, nor most short ones with brackets, nor UUIDs, nor anything in binaries or UTF-16 text. " +
				"In third-party code (node_modules, site-packages, gems, vendor, what the dist-info of a package from an index lists) only long values of mixed characters count, with low confidence.",
		},
	}
}
