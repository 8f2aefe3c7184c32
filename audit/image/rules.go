package image

import "github.com/lambdagate/lambdagate/audit"

// The ids of the rules.
const (
	ruleOSEndOfLife       = "image-os-end-of-life"
	ruleRuntimeDeprecated = "image-runtime-deprecated"
	ruleBaseNotAllowed    = "image-base-not-allowed"
	ruleMutableTag        = "image-mutable-tag"
	ruleNoRuntimeClient   = "image-no-runtime-client"
	ruleCannotStart       = "image-cannot-start"
	ruleArchitecture      = "image-architecture"
	ruleIndex             = "image-index"
	ruleTooLarge          = "image-too-large"
	rulePrivateFile       = "image-private-file"
	ruleSetuid            = "image-setuid"
	rulePackageCache      = "image-package-cache"
)

// Rules are the rules of the inspector, in the order of the documentation. An
// example is a Dockerfile; what is not in one stands in a comment above it.
func Rules() []audit.Rule {
	rules := append(baseRules(), startRules()...)
	rules = append(rules, fileRules()...)
	for i := range rules {
		rules[i].Inspector, rules[i].Since = Name, "0.1.0"
	}
	return rules
}

func create() audit.Ref {
	return audit.Ref{Name: "AWS Lambda developer guide, container images", URL: "https://docs.aws.amazon.com/lambda/latest/dg/images-create.html"}
}

func quotas() audit.Ref {
	return audit.Ref{Name: "AWS Lambda quotas", URL: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"}
}

func cwe(number string) audit.Ref {
	return audit.Ref{Name: "CWE-" + number, URL: "https://cwe.mitre.org/data/definitions/" + number + ".html"}
}

func baseRules() []audit.Rule {
	return []audit.Rule{{
		ID: ruleOSEndOfLife, Title: "Operating system past its end of life", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "An image whose os-release names a system that gets no free security updates any more. Within 90 days before that day the severity is medium. " +
				"A release older than all that are listed counts as ended.",
			Why:    "Flaws found from then on stay open, and a scan for advisories looks clean because nobody publishes any for that release.",
			Before: "FROM debian:10-slim\nRUN pip install awslambdaric\nENTRYPOINT [\"python3\", \"-m\", \"awslambdaric\"]\nCMD [\"app.handler\"]\n",
			After:  "FROM debian:13-slim\nRUN pip install awslambdaric\nENTRYPOINT [\"python3\", \"-m\", \"awslambdaric\"]\nCMD [\"app.handler\"]\n",
			Remedy: "Build on a release that is kept up. Moving from Amazon Linux 2 to 2023 means a newer base image of the same language and dnf in place of yum.",
			Limits: "The dates stand in the program and carry a date of their own; when they are more than 12 months old a finding of severity info says so. Distributions that are not listed, rolling releases and paid extensions are not judged. " +
				"An image without os-release, such as one from scratch, has no system to judge.",
		},
		CWE: []int{1104},
		Refs: []audit.Ref{
			{Name: "Amazon Linux 2 FAQ", URL: "https://aws.amazon.com/amazon-linux-2/faqs/"}, {Name: "Debian LTS", URL: "https://wiki.debian.org/LTS"},
			{Name: "Ubuntu release cycle", URL: "https://ubuntu.com/about/release-cycle"}, {Name: "Alpine releases", URL: "https://alpinelinux.org/releases/"}, cwe("1104"),
		},
	}, {
		ID: ruleRuntimeDeprecated, Title: "Deprecated Lambda runtime in the base image", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "A base image of AWS whose language runtime AWS has deprecated, told by what lies in /var/lang. Within 90 days before the date the severity is medium.",
			Why: "AWS patches the runtime of a function from a zip, but never touches a deployed image, and does not block one for its runtime either. So nothing reminds you: " +
				"the language stays as it is, without security updates, for as long as the image is deployed.",
			Before: "FROM public.ecr.aws/lambda/python:3.9\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			After:  "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "Change FROM to a newer version of the language, run the tests, and build again.",
			Limits: "Only base images of AWS are judged: a language on another base follows its own maintainers' dates. Previews have no dates. The table is as old as the one of image-os-end-of-life.",
		},
		CWE: []int{1104},
		Refs: []audit.Ref{
			{Name: "AWS Lambda runtimes", URL: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"}, {Name: "Security Hub Lambda.2"},
			{Name: "Checkov CKV_AWS_363"}, cwe("1104"),
		},
	}, {
		ID: ruleBaseNotAllowed, Title: "Base image that the policy does not allow", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "A base image whose name matches none of the globs that the policy lists. The name comes from --dockerfile, from the annotation or label org.opencontainers.image.base.name, " +
				"or from the files of AWS's own bases. If nothing tells the base, that is a finding of medium confidence. A name of an AWS base without that base's files is one too.",
			Why:    "Whoever makes the base decides what runs in the function, with its role. A list of bases that somebody looked at keeps a typo or a stranger's image out.",
			Before: "# policy: allowed bases public.ecr.aws/lambda/*\nFROM alpine:3.23\nRUN pip install awslambdaric\nENTRYPOINT [\"python3\", \"-m\", \"awslambdaric\"]\nCMD [\"app.handler\"]\n",
			After:  "# policy: allowed bases public.ecr.aws/lambda/*\nFROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "Build on a base from the list, or have the base reviewed and add it to the list.",
			Limits: "An image's configuration does not hold FROM. Name and Dockerfile are taken at their word but for AWS's bases; a build argument given on the command line may replace a default. Only the last stage counts.",
		},
		CWE: []int{829},
		Refs: []audit.Ref{
			{Name: "OCI annotations", URL: "https://github.com/opencontainers/image-spec/blob/main/annotations.md"}, cwe("829"),
		},
	}, {
		ID: ruleMutableTag, Title: "Image named by a tag that can move", Severity: audit.SeverityLow,
		Doc: audit.Doc{
			What: "An image that was checked by its tag, and a base that is named without a version or as latest.",
			Why: "A tag can be pushed again. Lambda takes the digest that the tag names when the function is created or updated, which need not be the one that was checked; and a base without a version turns the next build " +
				"into an upgrade nobody asked for.",
			Before: "# lambdagate check registry.example.com/orders:latest\nFROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			After: "# lambdagate check registry.example.com/orders@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945\n" +
				"FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "Check and deploy NAME@sha256:…, make tags immutable in ECR, and name a version in FROM.",
			Limits: "A base with a version but no digest is not reported: rebuilding it brings security updates. A file that holds an image has no tag to judge.",
		},
		CWE:  []int{829},
		Refs: []audit.Ref{{Name: "hadolint DL3006, DL3007"}, {Name: "Checkov CKV_AWS_51"}, cwe("829")},
	}}
}

func startRules() []audit.Rule {
	return []audit.Rule{{
		ID: ruleNoRuntimeClient, Title: "No runtime interface client", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "An image on another base than AWS's own in which no runtime interface client was found: not among its packages, no /var/runtime/bootstrap, no Lambda web adapter, " +
				"and no name of the runtime API in the program it starts. For a script, or a program that could not be searched, the confidence is low.",
			Why:    "Lambda does not call a function in an image: a client in it asks the runtime API for events. Without one every invocation times out or ends in Runtime.ExitError.",
			Before: "FROM debian:13-slim\nRUN pip install boto3\nCOPY app.py /var/task/\nENTRYPOINT [\"python3\", \"/var/task/app.py\"]\n",
			After:  "FROM debian:13-slim\nRUN pip install boto3 awslambdaric\nCOPY app.py /var/task/\nENTRYPOINT [\"python3\", \"-m\", \"awslambdaric\"]\nCMD [\"app.handler\"]\n",
			Remedy: "Install the client of the language (awslambdaric, aws-lambda-ric, aws_lambda_ric, aws-lambda-java-runtime-interface-client, Amazon.Lambda.RuntimeSupport, aws-lambda-go, lambda_runtime) and start it in ENTRYPOINT.",
			Limits: "That a client is in the image does not show that ENTRYPOINT starts it. A client of one's own that is loaded from another file than the program is not seen.",
		},
		Refs: []audit.Ref{create(), {Name: "Lambda runtime API", URL: "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"}},
	}, {
		ID: ruleCannotStart, Title: "Image that Lambda cannot start", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "An effective entrypoint that is missing, a folder, or not executable for Lambda's own user; a working directory that is not in the image; and on AWS's bases a command that is empty or, for Python and Node.js, names a handler " +
				"whose file is missing or can't be read. The function's overrides count before the image's configuration.",
			Why:    "The deployment succeeds and the first invocation fails with Runtime.InvalidEntrypoint, Runtime.InvalidWorkingDir or Runtime.ImportModuleError.",
			Before: "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"main.handler\"]\n",
			After:  "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "Correct ENTRYPOINT, CMD or WORKDIR, copy the missing file, or give it mode 755 (programs) or 644 (code) with COPY --chmod.",
			Limits: "What a shell script or a program goes on to do is not followed. Handlers of other languages are not looked for. A missing USER is no flaw: Lambda runs a user of its own.",
		},
		Refs: []audit.Ref{create(), {Name: "ImageConfig", URL: "https://docs.aws.amazon.com/lambda/latest/api/API_ImageConfig.html"}},
	}, {
		ID: ruleArchitecture, Title: "Image for another platform", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What:   "An image that is not for Linux on amd64 or arm64, or not for the architecture that the function is configured for.",
			Why:    "Its programs can't run: each invocation fails with Runtime.InvalidEntrypoint. A laptop with another processor than the function's builds such images by default.",
			Before: "# function: Architectures [arm64]\n# docker build --platform linux/amd64 .\nFROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			After:  "# function: Architectures [arm64]\n# docker build --platform linux/arm64 .\nFROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "Build with --platform linux/amd64 or linux/arm64, whichever the function has.",
			Limits: "It believes the image's configuration, and does not look for programs of another architecture inside.",
		},
		Refs: []audit.Ref{create()},
	}, {
		ID: ruleIndex, Title: "Reference names an index, not an image", Severity: audit.SeverityMedium,
		Doc: audit.Doc{
			What:   "A reference that resolves to an OCI index or a Docker manifest list: several platforms, or one platform and the attestations that buildx adds by default. In a registry the severity is high, since Lambda refuses it; in a file it is medium.",
			Why:    "Lambda takes a single manifest and refuses an index when the function is created or updated.",
			Before: "# docker buildx build .\nFROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			After:  "# docker buildx build --provenance=false --sbom=false .\nFROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "docker buildx build --provenance=false --sbom=false --platform linux/amd64 (or linux/arm64), and attach attestations as referrers.",
			Limits: "What was judged besides is the one image of the index that was chosen.",
		},
		Refs: []audit.Ref{create()},
	}, {
		ID: ruleTooLarge, Title: "Image over Lambda's size limit", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What:   "Layers of more than 10 GiB in all, uncompressed. Files that a later layer deletes count.",
			Why:    "Lambda refuses to create or update the function.",
			Before: "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCOPY model.bin /opt/model.bin\nCMD [\"app.handler\"]\n",
			After:  "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "Build in one stage and copy what runs into a last one; keep models and data in S3 or EFS.",
			Limits: "A layer that lies about its size is found while it is read, not by this rule.",
		},
		Refs: []audit.Ref{quotas()},
	}}
}
