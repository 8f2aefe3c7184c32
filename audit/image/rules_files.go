package image

import "github.com/lambdagate/lambdagate/audit"

func fileRules() []audit.Rule {
	return []audit.Rule{{
		ID: rulePrivateFile, Title: "Private file in a layer", Severity: audit.SeverityHigh,
		Doc: audit.Doc{
			What: "Files that belong to a developer's machine, by their path: SSH keys, .aws/credentials, .docker/config.json, .netrc, .git-credentials and .pypirc (high), .git folders, .env and .npmrc (medium). " +
				"A file that a later layer deletes is reported with both layers.",
			Why: "Each layer is stored and pulled as it was made: deleting a file in a later one hides it from the function, not from those who can pull the image. Such files mostly come in with COPY . and hold " +
				"credentials or the history of the source.",
			Before: "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py .env ${LAMBDA_TASK_ROOT}/\nRUN rm ${LAMBDA_TASK_ROOT}/.env\nCMD [\"app.handler\"]\n",
			After:  "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py .env.example ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "List them in .dockerignore, pass what the build needs with RUN --mount=type=secret, build again, and replace every credential that was in a pushed image.",
			Limits: "It goes by names; credentials in any file are found by the secret-* rules. .env and .npmrc files inside installed packages are left to them, and so are .env files named as examples.",
		},
		CWE: []int{538},
		Refs: []audit.Ref{
			{Name: "OCI layers and whiteouts", URL: "https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts"},
			{Name: "Build secrets", URL: "https://docs.docker.com/build/building/secrets/"}, cwe("538"),
		},
	}, {
		ID: ruleSetuid, Title: "Setuid or setgid program", Severity: audit.SeverityLow,
		Doc: audit.Doc{
			What: "A file of the final file system with the setuid or setgid bit. Those of the base image are one finding together.",
			Why: "Lambda runs the function as a user with few rights, and such a program gives its caller those of another. The environment holds little that root could reach beyond the function, so it is a matter of " +
				"defence in depth, and of images that run elsewhere too.",
			Before: "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py helper ${LAMBDA_TASK_ROOT}/\nRUN chmod u+s ${LAMBDA_TASK_ROOT}/helper\nCMD [\"app.handler\"]\n",
			After:  "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py helper ${LAMBDA_TASK_ROOT}/\nCMD [\"app.handler\"]\n",
			Remedy: "chmod a-s the file in the step that adds it, or build on a base without such programs.",
			Limits: "File capabilities are not looked at.",
		},
		CWE:  []int{250},
		Refs: []audit.Ref{{Name: "CIS Docker Benchmark 4.8"}, {Name: "dockle CIS-DI-0008"}, cwe("250")},
	}, {
		ID: rulePackageCache, Title: "Package manager's cache left in a layer", Severity: audit.SeverityInfo,
		Doc: audit.Doc{
			What:   "A mebibyte or more of lists, indexes or downloads of apt, apk, dnf, yum, pip, npm or yarn in the layers, one finding for each of them.",
			Why:    "It is never used again and makes each pull and each cold start slower.",
			Before: "FROM debian:13-slim\nRUN apt-get update && apt-get install -y python3-pip\nRUN pip install awslambdaric\nENTRYPOINT [\"python3\", \"-m\", \"awslambdaric\"]\nCMD [\"app.handler\"]\n",
			After: "FROM debian:13-slim\nRUN apt-get update && apt-get install -y python3-pip && rm -rf /var/lib/apt/lists/*\nRUN pip install awslambdaric\n" +
				"ENTRYPOINT [\"python3\", \"-m\", \"awslambdaric\"]\nCMD [\"app.handler\"]\n",
			Remedy: "Clear it in the same RUN step that fills it, or mount a cache with RUN --mount=type=cache.",
			Limits: "Caches of other tools, and those of users other than root, are not known.",
		},
		Refs: []audit.Ref{{Name: "hadolint DL3009, DL3019, DL3042"}},
	}}
}
