package image

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

func TestContract(t *testing.T) {
	audittest.AcceptInspector(t, New(Options{Clock: clockAt("2026-11-22")}))
	r := audittest.RunInspector(t, New(Options{Clock: clockAt("2026-11-22")}), nil, map[string]string{".env": "A=b"})
	if o := r.Outcomes[0]; o.Status != audit.StatusSkipped || o.Reason != "not an image" {
		t.Errorf("outcome of a zip %+v, want skipped", o)
	}
}

func TestShape(t *testing.T) {
	platform := func(os, architecture string) *fake {
		f := python("3.13")
		f.image.Config.OS, f.image.Config.Architecture = os, architecture
		return f
	}
	for _, tc := range []struct{ os, arch, function, says string }{
		{"linux", "amd64", "", ""}, {"linux", "arm64", "", ""}, {"", "", "arm64", ""},
		{"linux", "amd64", "x86_64", ""}, {"linux", "arm64", "arm64", ""},
		{"linux", "amd64", "arm64", `is for x86_64, and the function is configured for "arm64"`},
		{"linux", "arm64", "x86_64", `is for arm64, and the function is configured for "x86_64"`},
		{"windows", "amd64", "", `"windows"`}, {"linux", "riscv64", "", `"riscv64"`},
	} {
		expect(t, check(Options{FunctionArchitecture: tc.function}, platform(tc.os, tc.arch), packages{}), ruleArchitecture, tc.says)
	}
	for size, says := range map[int64]string{10 << 30: "", 10<<30 + 1: "10.00 GiB uncompressed", 12 << 30: "12.00 GiB"} {
		f := python("3.13")
		f.image.Size = size
		expect(t, check(Options{}, f, packages{}), ruleTooLarge, says)
	}
	f := platform("linux", "arm64")
	f.image.Platforms = []string{"linux/amd64", "linux/arm64", "unknown/unknown", "unknown/unknown", "linux/s390x"}
	got := expect(t, check(Options{}, f, packages{}), ruleIndex, `an index of 5 manifests ("linux/amd64", "linux/arm64", "unknown/unknown", "unknown/unknown", …)`)
	if !strings.Contains(got.Remedy, "--provenance=false --sbom=false --platform linux/arm64") || got.Severity != audit.SeverityMedium {
		t.Errorf("severity %s, remedy %q", got.Severity, got.Remedy)
	}
	for _, f := range []*fake{platform("linux", "arm64"), platform("linux", "amd64")} {
		f.image.Platforms = []string{"linux/amd64", "linux/arm64"}
		f.image.Tag, f.image.ByDigest = "v1", f.image.Config.Architecture == "amd64"
		if got := expect(t, check(Options{}, f, packages{}), ruleIndex, "an index of 2 manifests"); got.Severity != audit.SeverityHigh {
			t.Errorf("in a registry the severity is %s", got.Severity)
		}
	}
}

// TestHarmlessImages: images that are as they should be give nothing. None of
// them names a user.
func TestHarmlessImages(t *testing.T) {
	for name, f := range map[string]*fake{"python": python("3.13"), "node": node("22"), "provided": cmd(aws("2023"), "x"), "own base": starting("/app/run")} {
		r := check(Options{}, f, packages{})
		if len(r.Findings) != 0 || r.Outcomes[0].Status != audit.StatusComplete {
			t.Errorf("%s: %+v, %+v", name, r.Findings, r.Outcomes[0])
		}
	}
}

// TestHostileNames: nothing out of an image starts a terminal escape or makes
// a sentence long.
func TestHostileNames(t *testing.T) {
	bad := "\x1b[31m\u202e" + strings.Repeat("x", 5000)
	f := python("3.13")
	f.image.Reference, f.image.Tag = bad, bad
	f.image.Platforms = []string{bad}
	f.image.Config.OS, f.image.Config.WorkingDir, f.image.Config.Cmd = bad, "/"+bad, []string{bad + ".x"}
	f.image.Annotations = map[string]string{baseAnnotation: bad}
	f.files = append(f.files, fakeFile{path: "x/" + bad + "/.env", mode: 0o644, layer: 2}, fakeFile{path: bad, mode: fs.ModeSetuid | 0o755, layer: 2})
	r := check(Options{AllowedBases: []string{"x"}, FunctionArchitecture: "arm64"}, f, packages{})
	if len(r.Findings) < 6 {
		t.Errorf("%d findings, want most of the rules", len(r.Findings))
	}
	for _, found := range r.Findings {
		for _, text := range []string{found.Message, found.Remedy} {
			if len(text) > 1500 || strings.ContainsAny(text, "\x1b\u202e") {
				t.Errorf("%s: %.80q (%d bytes)", found.Rule, text, len(text))
			}
		}
	}
}

func TestRules(t *testing.T) {
	for _, rule := range Rules() {
		if rule.Doc.Limits == "" || len(rule.Refs) == 0 {
			t.Errorf("rule %q lacks limits or references", rule.ID)
		}
	}
}

// TestExamples builds the image that each rule's example describes, and the
// corrected one.
func TestExamples(t *testing.T) {
	for _, rule := range Rules() {
		r := build(t, rule.Doc.Before)
		if len(of(r, rule.ID)) == 0 {
			t.Errorf("the example of %s does not fire it: %+v", rule.ID, r.Findings)
		}
		if r := build(t, rule.Doc.After); len(r.Findings) != 0 {
			t.Errorf("the corrected example of %s gives %+v", rule.ID, r.Findings)
		}
	}
}

// build is a builder of images that knows as much of a Dockerfile, and of the
// comments above it, as the examples use. Its files have no content but for
// their names.
func build(t *testing.T, dockerfile string) audit.Result {
	t.Helper()
	var f *fake
	var o Options
	var inventory packages
	before := func(*fake) {}
	for line := range strings.Lines(dockerfile) {
		line = strings.ReplaceAll(strings.TrimSpace(line), "${LAMBDA_TASK_ROOT}", "/var/task")
		words := strings.Fields(line)
		switch {
		case line == "":
		case words[0] == "#":
			before = comment(t, words[1:], &o, before)
		case words[0] == "FROM":
			f = baseImage(t, words[1])
			before(f)
		case words[0] == "COPY":
			f.layer(line)
			for _, name := range words[1 : len(words)-1] {
				f.add(strings.TrimSuffix(words[len(words)-1], "/"+name)+"/"+name, "x", 0o644)
			}
			if strings.Contains(line, "model") {
				f.image.Size = 11 << 30
			}
		case words[0] == "RUN":
			f.layer(line)
			inventory.names = append(inventory.names, run(f, line)...)
		case words[0] == "CMD":
			f.image.Config.Cmd = list(words[1:])
		case words[0] == "ENTRYPOINT":
			f.image.Config.Entrypoint = list(words[1:])
		default:
			t.Fatalf("the builder does not know %q", line)
		}
	}
	return check(o, f, inventory)
}

func baseImage(t *testing.T, name string) *fake {
	t.Helper()
	repository, version := splitTag(name)
	version = strings.TrimSuffix(version, "-slim")
	if repository == "public.ecr.aws/lambda/python" {
		f := python(version)
		f.layer("")
		f.remove("var/task/app.py")
		return f
	}
	f := bare("ID=" + repository + "\nVERSION_ID=" + version + "\n")
	f.image.Annotations = map[string]string{baseAnnotation: name}
	return f
}

func comment(t *testing.T, words []string, o *Options, before func(*fake)) func(*fake) {
	t.Helper()
	last := words[len(words)-1]
	switch text := strings.Join(words, " "); {
	case strings.HasPrefix(text, "policy: allowed bases "):
		o.AllowedBases = []string{last}
	case strings.HasPrefix(text, "function: Architectures "):
		o.FunctionArchitecture = strings.Trim(last, "[]")
	case strings.HasPrefix(text, "lambdagate check "):
		return func(f *fake) {
			before(f)
			_, f.image.Tag = splitTag(last)
			f.image.Reference = last
			if f.image.ByDigest = strings.Contains(last, "@"); f.image.ByDigest {
				f.image.Tag = ""
			}
		}
	case strings.HasPrefix(text, "docker build --platform linux/"):
		return func(f *fake) { before(f); f.image.Config.Architecture = strings.TrimPrefix(words[3], "linux/") }
	case strings.HasPrefix(text, "docker buildx build"):
		if !strings.Contains(text, "--provenance=false") {
			return func(f *fake) { before(f); f.image.Platforms = []string{"linux/amd64", "unknown/unknown"} }
		}
	default:
		t.Fatalf("the builder does not know the comment %q", text)
	}
	return before
}

// run does what a command would do, and returns the packages that it installs.
func run(f *fake, line string) []string {
	if strings.Contains(line, "apt-get update") && !strings.Contains(line, "rm -rf /var/lib/apt/lists") {
		f.files = append(f.files, fakeFile{path: "var/lib/apt/lists/deb.example_main", size: 20 << 20, mode: 0o644, layer: len(f.image.Layers)})
	}
	words := strings.Fields(line)
	last := words[len(words)-1]
	switch words[1] {
	case "rm":
		f.remove(last)
	case "chmod":
		f.add(last, "x", fs.ModeSetuid|0o755)
	case "pip":
		return words[3:]
	}
	return nil
}

var quoted = regexp.MustCompile(`"([^"]*)"`)

// list reads a command in exec form.
func list(words []string) []string {
	var all []string
	for _, m := range quoted.FindAllStringSubmatch(strings.Join(words, " "), -1) {
		all = append(all, m[1])
	}
	return all
}
