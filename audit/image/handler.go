package image

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// handler judges what AWS's entry script is given: the handler's name, which it
// passes on to the runtime.
func (c *judging) handler() {
	args := append(append([]string(nil), c.start.entrypoint[1:]...), c.start.cmd...)
	if len(args) == 0 || args[0] == "" {
		c.unstartable("command", audit.ConfidenceHigh, "no command is set, and the entry script of AWS's base image ends without a handler's name",
			`set the handler: CMD ["app.handler"]`)
		return
	}
	switch c.lang.family {
	case "provided":
		c.bootstrap()
	case "python":
		c.pythonHandler(args[0])
	case "nodejs":
		c.nodeHandler(args[0])
	}
}

// bootstrap asks for the program that a base without a language leaves to the
// user.
func (c *judging) bootstrap() {
	info, exists, known := c.stat(runtimeDir + "/bootstrap")
	switch {
	case known && !exists:
		c.unstartable("bootstrap", audit.ConfidenceHigh, "/var/runtime/bootstrap is missing, which the entry script of this base starts",
			"COPY --chmod=755 bootstrap /var/runtime/bootstrap, or set ENTRYPOINT to the program")
	case exists && info.Mode().Perm()&0o111 == 0:
		c.unstartable("bootstrap", audit.ConfidenceHigh, "/var/runtime/bootstrap is not executable", "COPY --chmod=755 bootstrap /var/runtime/bootstrap")
	}
}

// pythonHandler looks for the module before the last dot on the search path of
// Lambda's Python runtime.
func (c *judging) pythonHandler(handler string) {
	dot := strings.LastIndexByte(handler, '.')
	if dot <= 0 {
		c.badHandler(handler)
		return
	}
	module := strings.ReplaceAll(handler[:dot], ".", "/")
	folders := []string{taskRoot, "opt/python", runtimeDir}
	for _, lib := range []string{langDir + "/lib", "opt/python/lib"} {
		for _, version := range c.list(lib) {
			if strings.HasPrefix(version, "python") {
				folders = append(folders, lib+"/"+version+"/site-packages")
			}
		}
	}
	for folder := range strings.SplitSeq(c.env("PYTHONPATH"), ":") {
		if folder != "" && len(folders) < mostFolders {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		if file := c.pythonModule(path.Join(folder, module)); file != "" {
			c.readable(file)
			return
		}
	}
	c.noHandler(handler, quoteWord(module+".py"))
}

// pythonModule finds a module as source, compiled, as an extension or as
// a package.
func (c *judging) pythonModule(module string) string {
	for _, ending := range []string{".py", "/__init__.py", ".pyc", "/__init__.pyc", ".so"} {
		if c.exists(module + ending) {
			return module + ending
		}
	}
	for _, name := range c.list(path.Dir(module)) {
		if strings.HasPrefix(name, path.Base(module)+".") && strings.HasSuffix(name, ".so") {
			return path.Join(path.Dir(module), name)
		}
	}
	return ""
}

// nodeHandler looks for the module before the first dot of the last part, as
// Lambda's Node.js runtime does, and then among the installed packages.
func (c *judging) nodeHandler(handler string) {
	dir, base := path.Split(handler)
	name, _, ok := strings.Cut(base, ".")
	if !ok || name == "" {
		c.badHandler(handler)
		return
	}
	module := dir + name
	candidates := []string{path.Join(taskRoot, module), path.Join(taskRoot, "node_modules", module), path.Join("opt/nodejs/node_modules", module)}
	if path.IsAbs(handler) {
		candidates = []string{module}
	}
	for _, candidate := range candidates {
		for _, ending := range []string{"", ".js", ".mjs", ".cjs", "/index.js", "/package.json"} {
			info, exists, known := c.stat(candidate + ending)
			if !known {
				return
			}
			if exists && !info.IsDir() {
				c.readable(candidate + ending)
				return
			}
		}
	}
	c.noHandler(handler, quoteWord(module+".js")+", .mjs or .cjs")
}

func (c *judging) badHandler(handler string) {
	c.unstartable("handler", audit.ConfidenceHigh, fmt.Sprintf("the command %s is no handler: it has no file and function with a dot between", quoteWord(handler)),
		`name both: CMD ["app.handler"] is the function handler in the file app`)
}

// noHandler reports a handler without its file; the file's name is fit for
// a sentence.
func (c *judging) noHandler(handler, file string) {
	c.unstartable("handler", audit.ConfidenceHigh, fmt.Sprintf("the handler %s is not in the image: there is no %s in /var/task", quoteWord(handler), file),
		"COPY the function's code to ${LAMBDA_TASK_ROOT}, or correct CMD")
}

// readable reports a handler that Lambda's own user can't read.
func (c *judging) readable(file string) {
	info, exists, _ := c.stat(file)
	if !exists || info.Mode().Perm()&0o004 != 0 {
		return
	}
	c.add(ruleCannotStart, audit.Finding{
		Confidence: audit.ConfidenceMedium,
		Message:    fmt.Sprintf("%s can be read by its owner or group only (mode %v), and Lambda runs another user", quote(rooted(file)), info.Mode().Perm()),
		Subject:    "handler",
		Location:   audit.Location{Path: rooted(file)},
		Remedy:     "COPY --chmod=644 the function's code, or chmod -R a+rX it in the build",
	})
}

// interpreted says whether a command line starts an interpreter, and so
// whether packages decide what it can do.
func interpreted(argv []string) bool {
	if len(argv) == 0 {
		return false
	}
	name := strings.TrimRight(path.Base(argv[0]), "0123456789.")
	return slices.Contains([]string{"python", "node", "nodejs", "ruby", "java", "dotnet", "php", "deno", "bun", "bundle", "npx", "npm", "poetry", "uv", "pipenv"}, name)
}
