package gate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/policies"
)

// knownRules are the rules that the tests' loader knows.
func knownRules() []audit.Rule {
	var rules []audit.Rule
	for _, id := range []string{
		"osv-vulnerable", "osv-malicious", "osv-lockfile-mismatch", "secret-aws-access-key", "secret-private-key",
		"image-os-end-of-life", "image-runtime-deprecated", "image-base-not-allowed", "image-mutable-tag",
		"image-no-runtime-client", "image-cannot-start", "image-architecture", "image-index", "image-too-large",
		"image-private-file", "image-setuid", "image-package-cache",
	} {
		rules = append(rules, audit.Rule{ID: id})
	}
	return rules
}

func newLoader() gate.Loader {
	return gate.Loader{BuiltIn: policies.Files(), Rules: knownRules(), Inspectors: []string{"osv", "secret", "image"}}
}

// write writes files into a new folder and returns its path, links resolved.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load loads a policy of one file.
func load(t *testing.T, content string) (gate.Policy, error) {
	t.Helper()
	dir := write(t, map[string]string{"p.yaml": content})
	p, err := newLoader().Load(filepath.Join(dir, "p.yaml"))
	if err != nil {
		err = &shortened{err, dir}
	}
	return p, err
}

func mustLoad(t *testing.T, content string) gate.Policy {
	t.Helper()
	p, err := load(t, content)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shortened is an error without the folder of the test in its words.
type shortened struct {
	error
	dir string
}

func (s *shortened) Error() string {
	return strings.ReplaceAll(s.error.Error(), s.dir+string(filepath.Separator), "")
}

func (s *shortened) Unwrap() error { return s.error }

// today is the clock of the tests.
func today() time.Time { return time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC) }

func day(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// flaw is a finding of osv-vulnerable in one package.
func flaw(severity audit.Severity, pkg, id string) audit.Finding {
	subject := "pkg:npm/" + pkg + "@1.0.0 " + id
	return audit.Finding{
		Fingerprint: audit.Fingerprint("osv-vulnerable", subject), Rule: "osv-vulnerable", Inspector: "osv",
		Severity: severity, Confidence: audit.ConfidenceHigh, Target: "fn", Subject: subject,
		Location: audit.Location{Path: "node_modules/" + pkg + "/package.json"},
		Package:  &audit.Package{PURL: "pkg:npm/" + pkg + "@1.0.0", Name: pkg},
		Advisory: &audit.Advisory{ID: id, Aliases: []string{"CVE-2021-" + id[len(id)-4:]}},
	}
}

// resultOf is a result of one target that everybody saw all of.
func resultOf(findings ...audit.Finding) audit.Result {
	return audit.Result{
		Targets:  []audit.TargetResult{{Name: "fn"}},
		Findings: findings,
		Outcomes: []audit.Outcome{
			{Inspector: "osv", Target: "fn", Status: audit.StatusComplete},
			{Inspector: "secret", Target: "fn", Status: audit.StatusComplete},
			{Inspector: "image", Target: "fn", Status: audit.StatusSkipped, Reason: "not an image"},
		},
	}
}
