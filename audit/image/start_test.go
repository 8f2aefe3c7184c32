package image

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lambdagate/lambdagate/audit"
)

// starting is a Debian image that starts something.
func starting(entrypoint ...string) *fake {
	f := bare("ID=debian\nVERSION_ID=13\n")
	f.layer("COPY")
	f.add("app/run", "\x7fELF AWS_LAMBDA_RUNTIME_API", 0o755)
	f.add("app/private", "\x7fELF AWS_LAMBDA_RUNTIME_API", 0o750)
	f.add("app/data", "x", 0o644)
	f.image.Config.Entrypoint = entrypoint
	return f
}

func change(f *fake, how func(*fake)) *fake {
	how(f)
	return f
}

func cmd(f *fake, words ...string) *fake {
	f.image.Config.Cmd = words
	return f
}

func TestCannotStart(t *testing.T) {
	secretive := "curl -H token=" + "hunter" + "2"
	for name, tc := range map[string]struct {
		image *fake
		over  Overrides
		says  string
	}{
		"program":                {image: starting("/app/run")},
		"program in a link":      {image: starting("/app/../app//run")},
		"program in PATH":        {image: starting("python3", "-m", "x")},
		"program as a command":   {image: cmd(starting(), "sh", "-c", "x")},
		"relative program":       {image: change(starting("./run"), func(f *fake) { f.image.Config.WorkingDir = "/app" })},
		"nothing":                {image: starting(), says: "nothing to start"},
		"missing":                {image: starting("/app/nothing"), says: `"/app/nothing", which the image starts, is not in its final`},
		"missing in PATH":        {image: starting("node"), says: `"node", which`},
		"not in this PATH":       {image: change(starting("python3"), func(f *fake) { f.env("PATH", "/opt/bin:/app") }), says: `"python3"`},
		"shell form in one word": {image: starting("/app/run --port 80"), says: `"/app/run…", which`},
		"a script with a secret": {image: starting(secretive), says: `"curl…"`},
		"deleted":                {image: change(starting("/app/run"), func(f *fake) { f.layer("RUN rm"); f.remove("app/run") }), says: "not in its final"},
		"folder":                 {image: starting("/app"), says: "is a folder"},
		"not executable":         {image: starting("/app/data"), says: "is not executable (mode -rw-r--r--)"},
		"for its owner":          {image: starting("/app/private"), says: "owner or group only"},
		"working directory":      {image: change(starting("/app/run"), func(f *fake) { f.image.Config.WorkingDir = "/srv" }), says: `directory "/srv" is not`},
		"working file":           {image: change(starting("/app/run"), func(f *fake) { f.image.Config.WorkingDir = "/app/data" }), says: "working directory"},
		"no valid name":          {image: starting("/app/\xff"), says: `"/app/\xff"`},

		"override program":   {image: starting("/app/nothing"), over: Overrides{Entrypoint: []string{"/app/run"}}},
		"override wrongly":   {image: starting("/app/run"), over: Overrides{Entrypoint: []string{"/run"}}, says: `"/run"`},
		"override directory": {image: starting("/app/run"), over: Overrides{WorkingDir: "/srv"}, says: "/srv"},
		"override command":   {image: python("3.13"), over: Overrides{Cmd: []string{"other.handler"}}, says: `"other.handler" is not in the image`},

		"python":                    {image: python("3.13")},
		"python, another file":      {image: cmd(python("3.13"), "main.handler"), says: `there is no "main.py" in /var/task`},
		"python in a folder":        {image: change(cmd(python("3.13"), "src/api.orders.handler"), func(f *fake) { f.add("var/task/src/api/orders.py", "", 0o644) })},
		"python package":            {image: change(cmd(python("3.13"), "api.handler"), func(f *fake) { f.add("var/task/api/__init__.py", "", 0o644) })},
		"python namespace":          {image: change(cmd(python("3.13"), "api.handler"), func(f *fake) { f.add("var/task/api/x.py", "", 0o644) }), says: "api.py"},
		"python extension":          {image: change(cmd(python("3.13"), "fast.handler"), func(f *fake) { f.add("var/task/fast.cpython-313-x86_64-linux-gnu.so", "", 0o755) })},
		"python installed":          {image: cmd(python("3.13"), "datadog_lambda.handler.handler")},
		"python path":               {image: change(cmd(python("3.13"), "x.handler"), func(f *fake) { f.env("PYTHONPATH", "/lib/x:/app"); f.add("app/x.py", "", 0o644) })},
		"python without a function": {image: cmd(python("3.13"), "app"), says: "is no handler"},
		"python unreadable":         {image: change(python("3.13"), func(f *fake) { f.add("var/task/app.py", "", 0o640) }), says: `"var/task/app.py" can be read by its owner`},
		"python, deleted":           {image: change(python("3.13"), func(f *fake) { f.layer("RUN rm"); f.remove("var/task/app.py") }), says: "app.py"},
		"python, own program":       {image: change(cmd(python("3.13"), "whatever"), func(f *fake) { f.image.Config.Entrypoint = []string{"/bin/sh"} })},
		"no handler":                {image: cmd(python("3.13")), says: "no command is set"},
		"handler in the entrypoint": {image: change(cmd(python("3.13")), func(f *fake) { f.image.Config.Entrypoint = []string{"/" + entryScript, "app.handler"} })},

		"node":              {image: node("22")},
		"node, no such":     {image: cmd(node("22"), "index.handler"), says: `there is no "index.js", .mjs or .cjs in`},
		"node, TypeScript":  {image: change(cmd(node("22"), "src/index.handler"), func(f *fake) { f.add("var/task/src/index.ts", "", 0o644) }), says: "index.js"},
		"node in a folder":  {image: change(cmd(node("22"), "src/index.handler"), func(f *fake) { f.add("var/task/src/index.js", "", 0o644) })},
		"node, nested name": {image: change(cmd(node("22"), "index.a.b"), func(f *fake) { f.add("var/task/index.cjs", "", 0o644) })},
		"node package":      {image: change(cmd(node("22"), "datadog-lambda-js/dist/handler.handler"), func(f *fake) { f.add("var/task/node_modules/datadog-lambda-js/dist/handler.js", "", 0o644) })},
		"node, absolute":    {image: change(cmd(node("22"), "/opt/nodejs/x.handler"), func(f *fake) { f.add("opt/nodejs/x.js", "", 0o644) })},
		"node, bad":         {image: cmd(node("22"), "index"), says: "is no handler"},

		"provided": {image: cmd(aws("2023"), "x")},
		"provided, no bootstrap": {image: change(cmd(aws("2023"), "x"), func(f *fake) {
			f.layer("RUN rm")
			f.remove(runtimeDir + "/bootstrap")
			f.add(runtimeDir+"/keep", "", 0o644)
		}), says: "bootstrap is missing"},
		"provided, not executable": {image: change(cmd(aws("2023"), "x"), func(f *fake) { f.add(runtimeDir+"/bootstrap", "", 0o644) }), says: "bootstrap is not executable"},
		"other language":           {image: change(cmd(aws("2023"), "com.example.App::run"), func(f *fake) { f.add(javaRelease, "JAVA_VERSION=\"21\"\n", 0o644) })},
	} {
		t.Run(name, func(t *testing.T) {
			f := expect(t, check(Options{Overrides: tc.over}, tc.image, packages{}), ruleCannotStart, tc.says)
			if strings.Contains(f.Message+f.Subject, "hunter") {
				t.Errorf("an argument is shown: %q", f.Message)
			}
		})
	}
}

func TestRuntimeClient(t *testing.T) {
	inventory := func(names ...string) packages { return packages{names: names} }
	script := change(starting("/app/start.sh"), func(f *fake) { f.add("app/start.sh", "#!/bin/sh\nexec x\n", 0o755) })
	silent := change(starting("/app/silent"), func(f *fake) { f.add("app/silent", "\x7fELF", 0o755) })
	with := func(file string) *fake {
		return change(starting("python3"), func(f *fake) { f.add(file, "x", 0o755) })
	}
	for name, tc := range map[string]struct {
		image      *fake
		inventory  packages
		found      bool
		confidence audit.Confidence
	}{
		"Python":               {image: starting("python3", "-m", "awslambdaric"), inventory: inventory("boto3", "awslambdaric")},
		"Node.js":              {image: starting("sh"), inventory: inventory("aws-lambda-ric")},
		"Java":                 {image: starting("sh"), inventory: inventory("com.amazonaws:aws-lambda-java-runtime-interface-client")},
		"dotnet":               {image: starting("sh"), inventory: inventory("Amazon.Lambda.RuntimeSupport")},
		"Ruby":                 {image: starting("sh"), inventory: inventory("aws_lambda_ric")},
		"Go":                   {image: starting("sh"), inventory: inventory("github.com/aws/aws-lambda-go")},
		"Rust":                 {image: starting("sh"), inventory: inventory("lambda_runtime")},
		"bootstrap":            {image: with("var/runtime/bootstrap")},
		"web adapter":          {image: with("opt/extensions/lambda-adapter")},
		"a program of its own": {image: starting("/app/run")},
		"on a base of AWS":     {image: python("3.13")},

		"interpreter":            {image: starting("python3", "app.py"), inventory: inventory("boto3"), found: true, confidence: audit.ConfidenceMedium},
		"lookalike":              {image: starting("python3"), inventory: inventory("github.com/aws/aws-lambda-golang", "awslambda"), found: true, confidence: audit.ConfidenceMedium},
		"compiled":               {image: silent, found: true, confidence: audit.ConfidenceMedium},
		"script":                 {image: script, found: true, confidence: audit.ConfidenceLow},
		"missing program":        {image: starting("/none"), found: true, confidence: audit.ConfidenceLow},
		"inventory not complete": {image: starting("python3"), inventory: packages{problems: []audit.Problem{{Reason: "x"}}}, found: true, confidence: audit.ConfidenceLow},
	} {
		t.Run(name, func(t *testing.T) {
			says := ""
			if tc.found {
				says = "no runtime interface client was found"
			}
			if f := expect(t, check(Options{}, tc.image, tc.inventory), ruleNoRuntimeClient, says); f.Confidence != tc.confidence {
				t.Errorf("confidence %s, want %s", f.Confidence, tc.confidence)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	ctx := context.Background()
	holds := func(r io.Reader, limit int64) (bool, error) {
		return search(ctx, r, len(runtimeAPI), limit, func(data []byte) bool { return strings.Contains(string(data), runtimeAPI) })
	}
	for _, before := range []int{0, 1, 256<<10 - 5, 256 << 10, 256<<10 + 21, 600 << 10} {
		text := strings.Repeat("A", before) + runtimeAPI
		if got, err := holds(iotest.HalfReader(strings.NewReader(text)), mostScanned); err != nil || !got {
			t.Errorf("after %d bytes: %v, %v", before, got, err)
		}
		if got, err := holds(strings.NewReader(text[:len(text)-1]), mostScanned); err != nil || got {
			t.Errorf("cut short after %d bytes: %v, %v", before, got, err)
		}
	}
	broken := errors.New("broken")
	if _, err := holds(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), mostScanned); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := holds(strings.NewReader(strings.Repeat("x", 1<<20)), 1000); !errors.Is(err, errTooLong) {
		t.Errorf("error %v", err)
	}
}

// TestNothingIsConcludedFromAbsence: if the layers were not read to their end,
// what is not there may be in the rest.
func TestNothingIsConcludedFromAbsence(t *testing.T) {
	f := starting("/app/nothing")
	f.broken = errors.New("layer 2 is cut short")
	f.add("app/.env", "x", 0o644)
	r := check(Options{}, f, packages{})
	if r.Outcomes[0].Status != audit.StatusFailed {
		t.Errorf("outcome %+v", r.Outcomes[0])
	}
	expect(t, r, ruleCannotStart, "")
	expect(t, r, ruleNoRuntimeClient, "")
	expect(t, r, rulePrivateFile, ".env")
}

// loop is a file system whose one link leads in a circle.
type loop struct{ fs.FS }

func (l loop) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "loop") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("too many links")}
	}
	return l.FS.Open(name)
}

type looping struct{ *fake }

func (l looping) FS() fs.FS { return loop{l.fake.FS()} }

func TestUnknownIsNotMissing(t *testing.T) {
	f := starting("/loop/run")
	f.image.Config.WorkingDir = "/loop"
	r := audit.Run(context.Background(), []audit.Target{{Name: "fn", Artifact: looping{f}}},
		audit.Options{Inspectors: []audit.Inspector{New(Options{Clock: clockAt("2026-11-22")})}})
	expect(t, r, ruleCannotStart, "")
}
