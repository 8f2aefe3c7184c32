package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestFingerprint(t *testing.T) {
	forged := bare("ID=debian\nVERSION_ID=13\n")
	forged.env("LAMBDA_TASK_ROOT", "/var/task")
	forged.env("LAMBDA_RUNTIME_DIR", "/var/runtime")
	filesOnly := aws("2023")
	filesOnly.image.Config.Env = nil
	otherSystem := aws("2023")
	otherSystem.add(osReleaseEtc, "ID=debian\nVERSION_ID=13\n", 0o644)
	emptyScript := aws("2023")
	emptyScript.add(entryScript, "", 0o755)
	noRuntime := aws("2023")
	noRuntime.layer("RUN rm")
	noRuntime.remove(runtimeDir)
	ownEntrypoint := python("3.13")
	ownEntrypoint.image.Config.Entrypoint = []string{"/usr/bin/python3"}
	for name, tc := range map[string]struct {
		image *fake
		aws   bool
	}{
		"genuine":                  {python("3.13"), true},
		"without a language":       {aws("2"), true},
		"another entrypoint":       {ownEntrypoint, true},
		"environment alone":        {forged, false},
		"files alone":              {filesOnly, false},
		"on another distribution":  {otherSystem, false},
		"an empty entry script":    {emptyScript, false},
		"runtime's folder deleted": {noRuntime, false},
	} {
		r := check(Options{AllowedBases: []string{"public.ecr.aws/lambda/*"}}, tc.image, packages{})
		if got := len(of(r, ruleBaseNotAllowed)) == 0; got != tc.aws {
			t.Errorf("%s: allowed as a base of AWS: %v, want %v", name, got, tc.aws)
		}
	}
}

func TestAllowedBases(t *testing.T) {
	named := func(f *fake, name string) *fake {
		f.image.Annotations = map[string]string{baseAnnotation: name}
		return f
	}
	labelled := bare("ID=alpine\nVERSION_ID=3.23\n")
	labelled.image.Config.Labels = map[string]audit.Secret{baseAnnotation: audit.NewSecret("alpine:3.23")}
	nonsense := bare("ID=alpine\nVERSION_ID=3.23\n")
	nonsense.image.Config.Labels = map[string]audit.Secret{baseAnnotation: audit.NewSecret("not a name: " + "hunter" + "2")}
	digest := "@sha256:" + strings.Repeat("0a", 32)
	debian := func() *fake { return bare("ID=debian\nVERSION_ID=13\n") }
	for name, tc := range map[string]struct {
		allowed string
		image   *fake
		says    string
	}{
		"any":                       {"", debian(), ""},
		"by fingerprint":            {"public.ecr.aws/lambda/python:3.13", python("3.13"), ""},
		"another version":           {"public.ecr.aws/lambda/python:3.14", python("3.13"), `"public.ecr.aws/lambda/python:3.13", according to its files`},
		"provided":                  {"public.ecr.aws/lambda/provided:al2023", aws("2023"), ""},
		"node":                      {"public.ecr.aws/lambda/nodejs:22", node("22"), ""},
		"annotation":                {"debian:*", named(debian(), "debian:13-slim"), ""},
		"in full":                   {"docker.io/library/debian:*", named(debian(), "debian:13-slim"), ""},
		"any version":               {"debian", named(debian(), "debian:13-slim"+digest), ""},
		"digest":                    {"debian@" + digest[1:], named(debian(), "debian"+digest), ""},
		"a namespace":               {"docker.io/acme/*", named(debian(), "acme/base:1"), ""},
		"a host with a port":        {"localhost:5000/base", named(debian(), "localhost:5000/base:1"), ""},
		"lookalike":                 {"public.ecr.aws/lambda/*", named(debian(), "evil.example/public.ecr.aws/lambda/python:3.13"), "is not one"},
		"claims to be AWS's":        {"public.ecr.aws/lambda/*", named(debian(), "public.ecr.aws/lambda/python:3.13"), "lacks the files"},
		"label":                     {"debian:*", labelled, `"alpine:3.23", according to a label`},
		"unknown":                   {"debian:*", debian(), "nothing tells which"},
		"a label that is no name":   {"debian:*", nonsense, "nothing tells which"},
		"glob needs the whole name": {"debian:1", named(debian(), "debian:13"), "is not one"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{}
			if tc.allowed != "" {
				o.AllowedBases = []string{"nothing/like/it", tc.allowed}
			}
			f := expect(t, check(o, tc.image, packages{}), ruleBaseNotAllowed, tc.says)
			if strings.Contains(f.Message, "hunter") {
				t.Errorf("a label's text is shown: %q", f.Message)
			}
		})
	}
}

func TestDockerfileNamesTheBase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(file, []byte("# base\nFROM golang:1.26 AS build\nFROM debian\nCOPY --from=build /x /x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := check(Options{Dockerfile: file, AllowedBases: []string{"alpine:*"}}, bare("ID=debian\nVERSION_ID=13\n"), packages{})
	want := audit.Location{Path: file, Line: 3}
	if f := expect(t, r, ruleBaseNotAllowed, `"debian", according to the Dockerfile`); f.Location != want {
		t.Errorf("location %+v, want %+v", f.Location, want)
	}
	if f := expect(t, r, ruleMutableTag, "whatever was latest"); f.Location != want {
		t.Errorf("location %+v, want %+v", f.Location, want)
	}
	// An argument without a default leaves it to the annotation.
	if err := os.WriteFile(file, []byte("ARG BASE\nFROM $BASE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := bare("ID=debian\nVERSION_ID=13\n")
	f.image.Annotations = map[string]string{baseAnnotation: "debian:13"}
	expect(t, check(Options{Dockerfile: file, AllowedBases: []string{"alpine:*"}}, f, packages{}), ruleBaseNotAllowed, `"debian:13", according to an annotation`)
	for _, bad := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		r := check(Options{Dockerfile: bad}, python("3.13"), packages{})
		if o := r.Outcomes[0]; o.Status != audit.StatusFailed || !strings.Contains(o.Reason, "Dockerfile") {
			t.Errorf("outcome %+v, want failed", o)
		}
	}
}

func TestParseDockerfile(t *testing.T) {
	for _, tc := range []struct {
		text, name string
		line       int
	}{
		{"FROM debian:13", "debian:13", 1},
		{"\xef\xbb\xbf# syntax=docker/dockerfile:1\n\nfrom --platform=linux/amd64 debian:13 as x\nUSER 1\n", "debian:13", 3},
		{"ARG V=3.13\nFROM public.ecr.aws/lambda/python:${V}", "public.ecr.aws/lambda/python:3.13", 2},
		{"ARG A=x B=\"13\"\nARG C=$B-slim\nFROM debian:$C", "debian:13-slim", 3},
		{"ARG V\nFROM debian:$V", "", 2},
		{"FROM debian:${V:-13}", "debian:13", 1},
		{"ARG V=1\nFROM debian${V:+:13}", "debian:13", 2},
		{"FROM debian${V:+:13}", "debian", 1},
		{"FROM debian:12\nARG V=13\nFROM debian:$V", "", 3},
		{"FROM a:1 AS Base\nFROM base AS two\nFROM two", "a:1", 1},
		{"FROM a:1 AS base\nFROM b:1\nCOPY --from=base /x /x", "b:1", 2},
		{"FROM scratch", "scratch", 1},
		{"FROM \\\n  # a comment\n\n  debian:13 \\\n  AS x\n", "debian:13", 1},
		{"# escape=`\nFROM `\ndebian:13\n", "debian:13", 2},
		{"FROM a:1\nRUN <<EOF\nFROM b:1\nEOF\nCMD x", "a:1", 1},
		{"FROM a:1\nRUN <<-\"END\" bash\n\tFROM b:1\n\tEND\nFROM c:1", "c:1", 5},
		{"FROM a:1\nCOPY <<one <<two /dst/\nFROM b:1\none\nFROM b:2\ntwo\nFROM c:1", "c:1", 7},
		{"FROM a:1\nRUN cat <<<x\nFROM c:1", "c:1", 3},
		{"FROM a:1\nRUN echo $((1<<X))\nFROM c:1", "c:1", 3},
		{"FROM a:1\nLABEL x=<<EOF\nFROM c:1", "c:1", 3},
		{"FROM $(id)", "", 1},
		{"FROM user:" + "pass@host/x", "", 1},
	} {
		got, err := parseDockerfile([]byte(tc.text))
		if err != nil || got != (from{tc.name, tc.line}) {
			t.Errorf("%q: %+v, %v, want %q in line %d", tc.text, got, err, tc.name, tc.line)
		}
	}
	for _, bad := range []string{"", "RUN x", "FROM", "FROM --platform=x", "# FROM x"} {
		if got, err := parseDockerfile([]byte(bad)); err == nil {
			t.Errorf("%q: %+v, want an error", bad, got)
		}
	}
}

func FuzzDockerfile(f *testing.F) {
	for _, s := range []string{"ARG V=1\nFROM a:${V:-2} AS b\nFROM b\n", "# escape=`\nRUN <<E\nFROM x\nE\nFROM `\ny", "FROM $A${B:+c}\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseDockerfile(data)
		if err == nil && (got.line < 1 || got.name != "" && !imageName.MatchString(got.name)) {
			t.Errorf("%+v", got)
		}
	})
}

func TestMutableTag(t *testing.T) {
	reference := func(ref, tag string, byDigest bool) *fake {
		f := python("3.13")
		f.image.Reference, f.image.Tag, f.image.ByDigest, f.image.Digest = ref, tag, byDigest, diffID(7)
		return f
	}
	for name, tc := range map[string]struct {
		image        *fake
		says, remedy string
	}{
		"latest":         {reference("registry.example.com/fn", "latest", false), `"registry.example.com/fn" is a tag`, "registry.example.com/fn@" + diffID(7)},
		"a version":      {reference("registry.example.com:5000/fn:1.2", "1.2", false), "is a tag", "registry.example.com:5000/fn@" + diffID(7)},
		"odd reference":  {reference("registry fn", "x", false), "is a tag", "NAME@sha256:…"},
		"digest":         {reference("registry.example.com/fn@"+diffID(7), "", true), "", ""},
		"tag and digest": {reference("registry.example.com/fn:1@"+diffID(7), "1", true), "", ""},
		"a file":         {reference("fn.tar", "", false), "", ""},
	} {
		f := expect(t, check(Options{}, tc.image, packages{}), ruleMutableTag, tc.says)
		if !strings.HasSuffix(f.Remedy, tc.remedy) {
			t.Errorf("%s: remedy %q, want it to end with %q", name, f.Remedy, tc.remedy)
		}
	}
	for name, says := range map[string]string{"debian": "latest", "debian:latest": "latest", "debian:13": "", "scratch": "", "debian@sha256:" + strings.Repeat("0", 64): ""} {
		f := bare("ID=debian\nVERSION_ID=13\n")
		f.image.Annotations = map[string]string{baseAnnotation: name}
		expect(t, check(Options{}, f, packages{}), ruleMutableTag, says)
	}
}

func TestMatchGlob(t *testing.T) {
	for _, tc := range []struct {
		glob, s string
		want    bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b", "ab", true}, {"*", "", true}, {"a*a", "a", false},
		{"a*b*c", "a/b/c", true}, {"a*b*c", "acb", false}, {"a**b", "ab", true}, {"*x*", "y", false}, {"", "a", false},
	} {
		if got := matchGlob(tc.glob, tc.s); got != tc.want {
			t.Errorf("%q on %q: %v", tc.glob, tc.s, got)
		}
	}
}
