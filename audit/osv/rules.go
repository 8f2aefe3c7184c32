package osv

import "github.com/lambdagate/lambdagate/audit"

// Rules returns the rules of the inspector, in the order of the documentation.
func Rules() []audit.Rule {
	return []audit.Rule{vulnerable(), malicious(), lockfileMismatch()}
}

func vulnerable() audit.Rule {
	return audit.Rule{
		ID:        "osv-vulnerable",
		Title:     "Package with a known vulnerability",
		Severity:  audit.SeverityUnknown, // the advisory's counts
		Since:     "0.1.0",
		Inspector: Name,
		Doc: audit.Doc{
			What: `Reports a third-party package inside the artifact whose version is covered by an advisory. The severity is the
advisory's: its CVSS vector (version 4, then 3, then 2), else the word its database gives. A RustSec notice about an
unmaintained crate is info, and so is what Debian calls unimportant for its package. Without either the severity is
unknown, which policy treats as high. Advisories that name each other as aliases are one finding.`,
			Why: `A published flaw is a recipe that anybody can follow. The package ships inside the function, so an update of the
runtime or of the account never reaches it: only the next deployment does.`,
			Before: `-- node_modules/lodash/package.json --
{"name": "lodash", "version": "4.17.15"}
`,
			After: `-- node_modules/lodash/package.json --
{"name": "lodash", "version": "4.17.21"}
`,
			Remedy: `Update to the version that the finding names and build again. It is the lowest one that is outside the ranges of all
advisories of the package, or of those that have a fix. If there is none, remove or replace the package, or waive the
finding with a reason and an expiry date.`,
			Limits: `It compares names and versions. A flaw that was patched without a new version is still reported, one that nobody
has published is not, and whether the function reaches the flawed code is not asked. Ranges of commits are not evaluated.
A version that can't be compared makes the inspector's outcome partial. Packages of a Linux distribution are held against
the advisories of its release, by the name and version of their source package for Debian, Ubuntu and Alpine; packages of
a distribution without advisories in the data, such as Amazon Linux, make the outcome partial too. A language's package
that dpkg or apk installed is left to the distribution's advisories. A program
inside an npm package that hides what it is linked from, as esbuild's does, counts as that package and nothing more. A copy
of a repository's default branch that Composer installed ("dev-main") counts as newer than every release.`,
		},
		CWE: []int{1395},
		Refs: []audit.Ref{
			{Name: "OSV schema, evaluation", URL: "https://ossf.github.io/osv-schema/#evaluation"},
			{Name: "OWASP Serverless Top 10 SAS-06", URL: "https://owasp.org/www-project-serverless-top-10/"},
		},
	}
}

func malicious() audit.Rule {
	return audit.Rule{
		ID:        "osv-malicious",
		Title:     "Malicious package",
		Severity:  audit.SeverityCritical,
		Since:     "0.1.0",
		Inspector: Name,
		Doc: audit.Doc{
			What: `Reports a package whose version is listed by the OpenSSF as malicious: an advisory with an id that begins with
"MAL-".`,
			Why: `Such a package was published, or taken over, in order to attack whoever installs it. In a function it runs with the
function's role and reads its environment variables; on the machine that built the artifact it has run already.`,
			Before: `-- node_modules/flatmap-stream/package.json --
{"name": "flatmap-stream", "version": "0.1.1"}
`,
			After: `-- node_modules/split2/package.json --
{"name": "split2", "version": "4.2.0"}
`,
			Remedy: `Remove the package and whatever brought it in. Treat the machine that installed it as compromised, and rotate every
credential that the build or the function could read.`,
			Limits: `Only reported packages are known, and reports often come hours after publication.`,
		},
		CWE: []int{506},
		Refs: []audit.Ref{
			{Name: "OpenSSF malicious packages", URL: "https://github.com/ossf/malicious-packages"},
		},
	}
}

func lockfileMismatch() audit.Rule {
	return audit.Rule{
		ID:        "osv-lockfile-mismatch",
		Title:     "Installed package differs from the lockfile",
		Severity:  audit.SeverityMedium,
		Since:     "0.1.0",
		Inspector: Name,
		Doc: audit.Doc{
			What: `Reports an installed package whose version is not the one that the lockfile at the artifact's root declares.`,
			Why: `What was reviewed and scanned is the lockfile; what runs is what is installed. If they differ, the artifact was built
from a stale folder, without the lockfile, or was changed afterwards, and results of tools that read the lockfile don't
hold for it.`,
			Before: `-- package-lock.json --
{
  "name": "fn", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "fn", "version": "1.0.0", "dependencies": {"lodash": "^4.17.0"}},
    "node_modules/lodash": {"version": "4.17.21"}
  }
}
-- node_modules/lodash/package.json --
{"name": "lodash", "version": "4.17.20"}
`,
			After: `-- package-lock.json --
{
  "name": "fn", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "fn", "version": "1.0.0", "dependencies": {"lodash": "^4.17.0"}},
    "node_modules/lodash": {"version": "4.17.21"}
  }
}
-- node_modules/lodash/package.json --
{"name": "lodash", "version": "4.17.21"}
`,
			Remedy: `Delete what is installed and build again from the lockfile (npm ci, bundle install --frozen, composer install), or
bring the lockfile up to date.`,
			Limits: `Only lockfiles at the artifact's root are compared, and only packages that are installed: a lockfile may name
development packages that are rightly left out.`,
		},
		CWE: []int{1357},
		Refs: []audit.Ref{
			{Name: "npm ci", URL: "https://docs.npmjs.com/cli/commands/npm-ci"},
		},
	}
}
