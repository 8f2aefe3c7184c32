package image

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Where Lambda's base images keep things.
const (
	taskRoot    = "var/task"
	runtimeDir  = "var/runtime"
	langDir     = "var/lang"
	entryScript = "lambda-entrypoint.sh"
)

// runtime is the Lambda runtime inside a base image of AWS.
type runtime struct {
	// family is python, nodejs, java, dotnet, ruby or provided.
	family string
	// id is as in a function's configuration; empty if the version is unknown.
	id string
	// path is the file or folder that tells.
	path string
}

// image names the base image of a runtime.
func (r runtime) image() string {
	name := "public.ecr.aws/lambda/" + r.family
	if version := strings.Trim(strings.TrimPrefix(strings.TrimSuffix(r.id, ".x"), r.family), "."); version != "" {
		name += ":" + version
	}
	return name
}

var (
	pythonBinary = regexp.MustCompile(`^python([23]\.[0-9]{1,2})$`)
	nodeMajor    = regexp.MustCompile(`(?m)^#define NODE_MAJOR_VERSION ([0-9]{1,3})\r?$`)
	nodeInBinary = regexp.MustCompile(`v([0-9]{2})\.[0-9]{1,2}\.[0-9]{1,2}\x00`)
	rubyFolder   = regexp.MustCompile(`^([0-9]\.[0-9])\.0$`)
	dotnetFolder = regexp.MustCompile(`^([0-9]{1,2})\.([0-9])\.[0-9]`)
)

// runtime tells the runtime by what lies in /var/lang.
func (c *judging) runtime(ctx context.Context) runtime {
	for _, name := range c.list(langDir + "/bin") {
		if m := pythonBinary.FindStringSubmatch(name); m != nil {
			return runtime{"python", "python" + m[1], langDir + "/bin/" + name}
		}
	}
	if t, ok := c.files.read(nodeVersion); ok {
		if m := nodeMajor.FindSubmatch(t.content); m != nil {
			return runtime{"nodejs", "nodejs" + string(m[1]) + ".x", nodeVersion}
		}
	}
	if t, ok := c.files.read(javaRelease); ok {
		if id := javaID(assignments(t.content)["JAVA_VERSION"], c.system.version); id != "" {
			return runtime{"java", id, javaRelease}
		}
	}
	if r, ok := c.versionedFolder("ruby", rubyFolder, langDir+"/lib/ruby"); ok {
		return r
	}
	if r, ok := c.versionedFolder("dotnet", dotnetFolder, langDir+"/bin/shared/Microsoft.NETCore.App",
		"usr/share/dotnet/shared/Microsoft.NETCore.App", "usr/lib64/dotnet/shared/Microsoft.NETCore.App"); ok {
		return r
	}
	return c.runtimeByName(ctx)
}

// versionedFolder finds the newest runtime that a folder is named after.
func (c *judging) versionedFolder(family string, version *regexp.Regexp, dirs ...string) (runtime, bool) {
	var newest runtime
	for _, dir := range dirs {
		for _, name := range c.list(dir) {
			m := version.FindStringSubmatch(name)
			if m == nil {
				continue
			}
			r := runtime{family, family + m[1], dir + "/" + name}
			if family == "dotnet" {
				r.id = dotnetID(m[1], m[2])
			}
			if newest.path == "" || older(versionOf(newest.path), versionOf(r.path)) {
				newest = r
			}
		}
	}
	return newest, newest.path != ""
}

func versionOf(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// javaID is the identifier of a Java runtime, which for old versions depends
// on the system below it. Up to 8 a version begins with "1.".
func javaID(version, system string) string {
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "1."), ".")
	if !isNumber(major) {
		return ""
	}
	switch id := "java" + major; {
	case id == "java8" && system == "2":
		return "java8.al2"
	case (id == "java8" || id == "java11" || id == "java17") && system == "2023":
		return id + ".al2023"
	default:
		return id
	}
}

// dotnetID is the identifier of a .NET runtime, whose form changed with each
// of its first versions.
func dotnetID(major, minor string) string {
	switch n, _ := strconv.Atoi(major); { // digits only
	case n < 5:
		return fmt.Sprintf("dotnetcore%s.%s", major, minor)
	case n == 5:
		return "dotnet5.0"
	}
	return "dotnet" + major
}

// runtimeByName is what is left when no language is found: what the
// configuration says, or a base without a language.
func (c *judging) runtimeByName(ctx context.Context) runtime {
	if id, ok := strings.CutPrefix(c.env("AWS_EXECUTION_ENV"), "AWS_Lambda_"); ok {
		for _, family := range []string{"python", "nodejs", "java", "ruby", "dotnet"} {
			if strings.HasPrefix(id, family) {
				return runtime{family, id, configPath}
			}
		}
	}
	if c.exists(langDir + "/bin/node") {
		r := runtime{family: "nodejs", path: langDir + "/bin/node"}
		if major := c.nodeProgram(ctx); major != "" {
			r.id = "nodejs" + major + ".x"
		}
		return r
	}
	id := map[string]string{"2018.03": "provided", "2": "provided.al2", "2023": "provided.al2023"}[c.system.version]
	return runtime{"provided", id, c.system.info.Path}
}

// nodeProgram reads the version out of Node.js itself, which holds it as
// a string of C: slower than its headers, which an image may lack. Empty if it
// is not found.
func (c *judging) nodeProgram(ctx context.Context) string {
	f, err := c.fsys.Open(langDir + "/bin/node")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	major := ""
	const longest = len("v00.00.00\x00")
	// A program that can't be read to its end has failed the walk already.
	_, _ = search(ctx, f, longest, mostScanned, func(data []byte) bool {
		if m := nodeInBinary.FindSubmatch(data); m != nil {
			major = string(m[1])
		}
		return major != ""
	})
	return major
}
