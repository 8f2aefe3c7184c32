package main

import (
	"archive/zip"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lambdagate/lambdagate/audit/osv/osvtest"
	"github.com/lambdagate/lambdagate/audit/secret"
)

// today is the clock of every script that doesn't set its own with
// `env CLOCK=YYYY-MM-DD`.
const today = "2026-11-22"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lambdagate": func() {
		now, err := time.Parse(time.DateOnly, os.Getenv("CLOCK"))
		if err != nil {
			panic(err)
		}
		os.Exit(run(context.Background(), os.Args[1:], stdio{
			out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
		}, func() time.Time { return now }))
	}})
}

func TestScripts(t *testing.T) {
	root, err := filepath.Abs(repo)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CLOCK", today)
			env.Setenv("TESTDATA", filepath.Join(root, "testdata"))
			// Nothing answers there: a script that forgets its advisories must
			// not reach the real ones.
			env.Setenv("LAMBDAGATE_OSV_API", "http://127.0.0.1:1")
			env.Setenv("HTTP_PROXY", "")
			env.Setenv("HTTPS_PROXY", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"gate": cmdGate, "mkzip": cmdMkzip, "osvserver": cmdOSVServer(t), "sample": cmdSample, "plant": cmdPlant,
			"mkimage": cmdMkimage(t), "registry": cmdRegistry(t), "cut": cmdCut, "digest": cmdDigest, "replace": cmdReplace,
		},
	})
}

// cmdGate runs lambdagate and wants an exact exit code: gate CODE ARGS...
func cmdGate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: gate CODE ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("lambdagate", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("lambdagate did not run: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdMkzip zips a folder: mkzip OUT.zip DIR
func cmdMkzip(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: mkzip OUT.zip DIR")
	}
	ts.Check(zipFolder(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
}

func zipFolder(out, dir string) (err error) {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := zip.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return w.Close()
}

// cmdOSVServer starts a server that speaks the OSV protocol for a folder of
// records and points lambdagate at it: osvserver DIR
func cmdOSVServer(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		if len(args) != 1 {
			ts.Fatalf("usage: osvserver DIR")
		}
		ts.Setenv("LAMBDAGATE_OSV_API", osvtest.NewServer(t, ts.MkAbs(args[0])).URL)
	}
}

// cmdSample writes a rule's own examples, with values put together now:
// sample RULE BEFORE AFTER
func cmdSample(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: sample RULE BEFORE AFTER")
	}
	before, after, ok := secret.Sample(args[0])
	if !ok {
		ts.Fatalf("rule %q has no sample", args[0])
	}
	for file, text := range map[string]string{args[1]: before, args[2]: after} {
		ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(file)), 0o755))
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
	}
}

// cmdPlant replaces «a|b» in files with "ab", so that a script can hold a
// credential that no scanner sees: plant FILE...
func cmdPlant(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args {
		data, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		out := strings.NewReplacer("«", "", "»", "", "|", "").Replace(string(data))
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(out), 0o644))
	}
}

// TestEveryRuleHasItsScript: a rule without a case that fires it and a near
// miss that doesn't is not a rule.
func TestEveryRuleHasItsScript(t *testing.T) {
	for _, id := range ruleIDs() {
		data, err := os.ReadFile(filepath.Join(repo, "testdata", "script", "rule-"+id+".txtar"))
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("rule %s has no testdata/script/rule-%s.txtar", id, id)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"# fires\n", "# near miss\n", "stdout '\"rule\": \"" + id + "\"'", "! stdout '\"rule\": \"" + id + "\"'"} {
			if !strings.Contains(string(data), want) {
				t.Errorf("rule-%s.txtar lacks %q", id, want)
			}
		}
	}
}

// zipNames writes a zip whose entries have these names and one content.
func zipNames(out string, names []string, content string) (err error) {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := zip.NewWriter(f)
	for _, name := range names {
		e, err := w.Create(name)
		if err != nil {
			return err
		}
		if _, err := e.Write([]byte(content)); err != nil {
			return err
		}
	}
	return w.Close()
}
