package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit/builtin"
	"github.com/lambdagate/lambdagate/audit/secret"
	"github.com/lambdagate/lambdagate/gate/report"
)

// runHere is the program in this process: what it printed and its exit code.
func runHere(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	now, err := time.Parse(time.DateOnly, today)
	if err != nil {
		t.Fatal(err)
	}
	code = run(t.Context(), args, stdio{out: &out, err: &errs, getenv: func(string) string { return "" }},
		func() time.Time { return now })
	return out.String(), errs.String(), code
}

// planted writes one file for each credential rule and returns the raw values
// in them.
func planted(t *testing.T, dir string) (values []string) {
	t.Helper()
	long := regexp.MustCompile(`[A-Za-z0-9+/=_-]{12,}`)
	digit := regexp.MustCompile(`[0-9]`)
	n := 0
	for _, rule := range builtin.Rules() {
		before, _, ok := secret.Sample(rule.ID)
		if !ok {
			continue
		}
		n++
		for i, ext := range []string{"js", "py", "env", "bin", "json"} {
			content := before
			if ext == "bin" {
				content = "\x7fXYZ\x00\x01" + before + "\x00\x00"
			}
			name := filepath.Join(dir, fmt.Sprintf("%s-%d.%s", rule.ID, i, ext))
			if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range long.FindAllString(before, -1) {
			if digit.MatchString(v) {
				values = append(values, v)
			}
		}
	}
	if n < 10 || len(values) < n {
		t.Fatalf("%d samples with %d values: the test would see nothing", n, len(values))
	}
	return values
}

// TestNoSecretLeaves: no raw value of a planted credential appears in any
// format, on stdout or stderr, in a file, or in the policy file that waive
// writes.
func TestNoSecretLeaves(t *testing.T) {
	dir := t.TempDir()
	fn := filepath.Join(dir, "fn")
	if err := os.Mkdir(fn, 0o755); err != nil {
		t.Fatal(err)
	}
	values := planted(t, fn)
	zipped := filepath.Join(dir, "fn.zip")
	if err := zipFolder(zipped, fn); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(dir, "lambdagate.yaml")
	if err := os.WriteFile(policy, []byte("version: 1\nextends: strict\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	seen := map[string]string{}
	for _, format := range report.Formats() {
		for _, path := range []string{fn, zipped} {
			for _, more := range [][]string{nil, {"--quiet"}} {
				file := filepath.Join(dir, "report."+format)
				args := append([]string{"check", path, "--offline", "--policy", policy, "--format", format,
					"--output", format + "=" + file}, more...)
				stdout, stderr, code := runHere(t, args...)
				if code != exitBlock {
					t.Fatalf("%v: exit %d\n%s", args, code, stderr)
				}
				written, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				seen[strings.Join(args, " ")] = stdout + stderr + string(written)
			}
		}
	}
	for _, rule := range builtin.Rules() {
		if _, _, ok := secret.Sample(rule.ID); ok && !strings.Contains(seen["check "+fn+" --offline --policy "+policy+" --format json --output json="+filepath.Join(dir, "report.json")], rule.ID) {
			t.Errorf("%s was planted and not found", rule.ID)
		}
	}
	for args, text := range seen {
		for _, v := range values {
			if strings.Contains(text, v) {
				t.Errorf("%s shows a planted value of %d characters beginning %q", args, len(v), v[:4])
			}
		}
	}
}

// TestHostileNamesAreHarmless: no name out of an artifact drives the terminal
// or fakes a verdict line, whatever the format.
func TestHostileNamesAreHarmless(t *testing.T) {
	dir := t.TempDir()
	zipped := filepath.Join(dir, "fn.zip")
	names := []string{
		"a\x1b[2J\nPASS  all fine\r\x9b31m.js", "\u202egnp.js", "::error::x.js", "<script>alert(1)</script>.js",
		"../../etc/passwd", "/etc/shadow", "zero\u200bwidth.js",
	}
	if err := zipNames(zipped, names, `const DATABASE_PASSWORD = "super_`+`secret_password_123"`); err != nil {
		t.Fatal(err)
	}
	for _, format := range report.Formats() {
		stdout, stderr, code := runHere(t, "check", zipped, "--offline", "--format", format)
		if code != exitBlock {
			t.Errorf("%s: exit %d, want %d\n%s", format, code, exitBlock, stderr)
		}
		for _, bad := range []string{"\x1b", "\x9b", "\u202e", "\u200b", "\nPASS", "\r"} {
			if strings.Contains(stdout, bad) || strings.Contains(stderr, bad) {
				t.Errorf("%s lets %q through", format, bad)
			}
		}
		for _, want := range []string{"etc/passwd", "etc/shadow"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s does not name the refused entry %q", format, want)
			}
		}
	}
}
