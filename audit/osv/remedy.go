package osv

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// maxRemedy bounds a remedy in bytes: it is one line.
const maxRemedy = 160

// A command that a user pastes into a shell must not be made of anything else:
// names come out of the artifact.
var (
	safeName    = regexp.MustCompile(`^[A-Za-z0-9@][A-Za-z0-9@/._:+-]*$`)
	safeVersion = regexp.MustCompile(`^v?[0-9][A-Za-z0-9._+:-]*$`)
)

// upgradeRemedy says how to get the fixed version with the ecosystem's package
// manager. An empty fixed means that none is known.
func (m *manifest) upgradeRemedy(p audit.Package, fixed string) string {
	name := plain(p.Name, maxRemedy/2)
	if fixed == "" {
		return fmt.Sprintf("no fixed version is known: remove or replace %s, or waive it until a date", name)
	}
	if command := upgradeOf(p.Ecosystem); command != "" {
		return distributionRemedy(p, command)
	}
	if !safeName.MatchString(p.Name) || !safeVersion.MatchString(fixed) {
		return fmt.Sprintf("update %s to the version that its advisory calls fixed", name)
	}
	if carrier := carrierOf(p); carrier != "" {
		if p.Name == "stdlib" {
			name = "Go"
		}
		return plain(fmt.Sprintf("update %s to a release built with %s %s or later, or leave it out", carrier, name, fixed), maxRemedy)
	}
	if command := m.upgradeCommand(p, fixed); len(command) <= maxRemedy {
		return command
	}
	return fmt.Sprintf("update to %s or later", plain(fixed, maxRemedy/2))
}

func (m *manifest) upgradeCommand(p audit.Package, fixed string) string {
	switch baseEcosystem(p.Ecosystem) {
	case npm:
		return m.npmCommand(p, fixed)
	case pypi:
		return m.pythonCommand(p, fixed)
	case golang:
		if p.Name == "stdlib" || p.Name == "toolchain" {
			return fmt.Sprintf("rebuild with Go %s or later", fixed)
		}
		return fmt.Sprintf("go get %s@v%s", p.Name, strings.TrimPrefix(fixed, "v"))
	case maven:
		return fmt.Sprintf("set the version of %s to %s or later in the build file", p.Name, fixed)
	case rubygems:
		return fmt.Sprintf("put gem '%s', '>= %s' in the Gemfile and run bundle update %s", p.Name, fixed, p.Name)
	case nuget:
		return fmt.Sprintf("dotnet add package %s --version %s", p.Name, fixed)
	case packagist:
		return fmt.Sprintf("composer require %s:^%s", p.Name, strings.TrimPrefix(fixed, "v"))
	case cratesIO:
		return fmt.Sprintf("cargo update -p %s --precise %s", p.Name, fixed)
	default:
		return fmt.Sprintf("update %s to %s or later", p.Name, fixed)
	}
}

// distributionRemedy is for a package of the operating system. In a base image
// it is the vendor's to update; until then the image's own build can.
func distributionRemedy(p audit.Package, command string) string {
	remedy := "update " + plain(p.Name, maxRemedy/4) + " with the distribution's package manager"
	if safeName.MatchString(p.Name) && len(p.Name) <= maxRemedy/4 {
		remedy = command + " " + p.Name
	}
	if p.Origin == audit.OriginBase {
		return "rebuild on a newer base image, or: " + remedy
	}
	return remedy
}

// npmCommand installs a package that the function asks for itself. Of one that
// another package asks for, that would add a second copy beside the flawed one.
func (m *manifest) npmCommand(p audit.Package, fixed string) string {
	manager := m.managerOf(p)
	if !m.indirect(p.Name) && (manager != "npm" || !nested(p)) {
		verb := "add"
		if manager == "npm" {
			verb = "install"
		}
		return fmt.Sprintf("%s %s %s@%s", manager, verb, p.Name, fixed)
	}
	override := fmt.Sprintf("{%q: %q}", p.Name, fixed)
	switch manager {
	case "yarn":
		override = `"resolutions": ` + override
	case "pnpm":
		override = `"pnpm": {"overrides": ` + override + "}"
	default:
		override = `"overrides": ` + override
	}
	return fmt.Sprintf("set %s in package.json and run %s install", override, manager)
}

// managerOf is the package manager that installed a package or wrote the
// lockfile that declares it.
func (m *manifest) managerOf(p audit.Package) string {
	for _, l := range p.Locations {
		if strings.Contains("/"+l.Path, "/node_modules/.pnpm/") {
			return "pnpm"
		}
		if manager := nodeManagers()[path.Base(l.Path)]; manager != "" {
			return manager
		}
	}
	return cmp.Or(m.node, "npm")
}

// pythonCommand puts the requirement where the next build finds it. It holds for
// packages that another asks for too, as there is one version of each.
func (m *manifest) pythonCommand(p audit.Package, fixed string) string {
	command, known := pythonManagers()[m.python]
	if known && command == "" {
		return fmt.Sprintf("put %s>=%s in %s and build again", p.Name, fixed, m.python)
	}
	return fmt.Sprintf("%s '%s>=%s'", cmp.Or(command, "pip install"), p.Name, fixed)
}

// nested says whether an npm package lies inside another's node_modules only,
// where `npm install` of it would not reach.
func nested(p audit.Package) bool {
	for _, l := range p.Locations {
		if strings.Count("/"+l.Path, "/node_modules/") < 2 {
			return false
		}
	}
	return len(p.Locations) > 0
}

// carrierOf names the npm package whose program a package is linked into, and
// which alone can be updated; empty if there is none.
func carrierOf(p audit.Package) string {
	if p.How != audit.HowBinary || len(p.Locations) == 0 {
		return ""
	}
	const modules = "node_modules/"
	location := p.Locations[0].Path
	at := strings.LastIndex(location, modules)
	if at < 0 {
		return ""
	}
	parts := strings.SplitN(location[at+len(modules):], "/", 3)
	carrier := parts[0]
	if strings.HasPrefix(carrier, "@") && len(parts) > 1 {
		carrier += "/" + parts[1]
	}
	if !safeName.MatchString(carrier) {
		return ""
	}
	return carrier
}

// removeRemedy is for a package that is itself the attack.
func removeRemedy(p audit.Package) string {
	return fmt.Sprintf("remove %s and rotate every credential that it could have read", plain(p.Name, maxRemedy/2))
}

// reinstallRemedy brings what is installed back to what the lockfile declares.
func reinstallRemedy(p audit.Package) string {
	const build = "build again from the lockfile"
	command := map[string]string{
		npm: "npm ci", rubygems: "bundle install --frozen", packagist: "composer install",
		cratesIO: "cargo build --locked", nuget: "dotnet restore --locked-mode",
	}[baseEcosystem(p.Ecosystem)]
	if command == "" {
		return build + ", in an empty folder"
	}
	return build + ", in an empty folder: " + command
}
