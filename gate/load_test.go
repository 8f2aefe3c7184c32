package gate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/gate"
)

const fullPolicy = `version: 1
description: everything a policy can say
require:
  - inspector: osv
  - inspector: secret
    locked: true
block:
  - id: severity-high
    severity: high
    confidence: medium
    fixable: true
    locked: true
  - id: credential
    rule: [secret-*, osv-malicious]
    confidence: high
warn:
  - id: rest
    severity: low
  - id: theirs
    origin: base
advisories: {max-age: 36h, own-index: warn, named: ignore, locked: true}
limits: {total-bytes: 1GiB, file-bytes: 512MiB, entries: 250000, ratio: 1100, depth: 4, path-bytes: 4096, layers: 256, image-total-bytes: 12GiB, image-file-bytes: 4GiB, image-entries: 2000000}
image: {allowed-bases: [public.ecr.aws/lambda/*, "*.example.com:5000/base@sha256:*", scratch], locked: true}
waivers:
  - fingerprint: 1a2b3c4d
    owner: team@example.com
    reason: not reachable
    expires: 2026-12-31
  - rule: osv-*
    subject: CVE-2021-*
    target: fn*
    owner: team@example.com
    reason: |
      two
      lines
    expires: "2026-12-31"
`

func TestLoadReadsEveryKey(t *testing.T) {
	p := mustLoad(t, fullPolicy)
	if len(p.Require) != 2 || !p.Require[1].Locked || !strings.HasSuffix(p.Require[1].Source, "p.yaml:5") {
		t.Errorf("require: %+v", p.Require)
	}
	c := p.Block[0]
	if c.Name() != "p.yaml:severity-high" || c.Severity != audit.SeverityHigh || c.Confidence != audit.ConfidenceMedium ||
		!c.Fixable || !c.Locked || !strings.HasSuffix(c.Source, "p.yaml:8") {
		t.Errorf("block: %+v", c)
	}
	if c := p.Block[1]; len(c.Rules) != 2 || c.Confidence != audit.ConfidenceHigh || c.Locked {
		t.Errorf("block: %+v", c)
	}
	if len(p.Warn) != 2 || p.Warn[0].Severity != audit.SeverityLow || p.Warn[0].Origin != "" || p.Warn[1].Origin != audit.OriginBase {
		t.Errorf("warn: %+v", p.Warn)
	}
	if p.Advisories != (gate.AdvisoryRules{MaxAge: 36 * time.Hour, OwnIndex: gate.StaleWarn, Named: gate.StaleIgnore}) {
		t.Errorf("advisories: %+v", p.Advisories)
	}
	if p.Limits != (gate.Limits{
		TotalBytes: 1 << 30, FileBytes: 512 << 20, Entries: 250000, Ratio: 1100, Depth: 4, PathBytes: 4096,
		Layers: 256, ImageTotalBytes: 12 << 30, ImageFileBytes: 4 << 30, ImageEntries: 2_000_000,
	}) {
		t.Errorf("limits: %+v", p.Limits)
	}
	if want := []string{"public.ecr.aws/lambda/*", "*.example.com:5000/base@sha256:*", "scratch"}; !slices.Equal(p.Image.AllowedBases, want) {
		t.Errorf("image: %+v", p.Image)
	}
	w := p.Waivers[1]
	if w.Rule != "osv-*" || w.Subject != "CVE-2021-*" || w.Target != "fn*" || w.Reason != "two\nlines\n" ||
		!w.Expires.Equal(day(t, "2026-12-31")) || !strings.HasSuffix(w.Source, "p.yaml:29") {
		t.Errorf("waiver: %+v", w)
	}
}

func TestLoadDefaults(t *testing.T) {
	p := mustLoad(t, "version: 1\nrequire: [{inspector: osv}]\nblock:\nwarn:\nwaivers: # none yet\n")
	if p.Advisories != (gate.AdvisoryRules{MaxAge: 14 * 24 * time.Hour, OwnIndex: gate.StaleUndecided, Named: gate.StaleWarn}) {
		t.Errorf("advisories: %+v", p.Advisories)
	}
	if p.Limits != (gate.Limits{}) || len(p.Image.AllowedBases) != 0 {
		t.Errorf("limits: %+v, image: %+v", p.Limits, p.Image)
	}
}

func TestLoadRefuses(t *testing.T) {
	const base = "version: 1\nextends: baseline\n"
	const waiver = base + "waivers:\n  - {owner: o, reason: r, expires: 2026-12-31, "
	for name, c := range map[string]struct{ yaml, want string }{
		"empty":            {"", `p.yaml:1:1: policy is empty`},
		"only comments":    {"# nothing\n", `p.yaml:1:1: policy is empty`},
		"only a header":    {"---\n", `p.yaml:1:1: policy is empty`},
		"text":             {"hello", `p.yaml:1:1: the policy must be a mapping, not text`},
		"list":             {"- a\n", `p.yaml:1:1: the policy must be a mapping, not a list`},
		"no version":       {"extends: baseline\n", `p.yaml:1:1: the policy lacks its "version"`},
		"new version":      {"version: 2\nextends: baseline\n", `p.yaml:1:10: version 2 is not one that this release reads (allowed: 1)`},
		"version as text":  {"version: '1'\nextends: baseline\n", `p.yaml:1:10: version must be a whole number, not text`},
		"decides nothing":  {"version: 1\n", `p.yaml:1:1: policy requires nothing, blocks nothing`},
		"typo":             {base + "blok: []\n", `p.yaml:3:1: unknown key "blok" in the policy; did you mean "block"? (allowed: version`},
		"far typo":         {base + "zzzzzz: []\n", `p.yaml:3:1: unknown key "zzzzzz" in the policy (allowed: version`},
		"key case":         {base + "Block: []\n", `did you mean "block"?`},
		"number as key":    {base + "7: []\n", `p.yaml:3:1: a key of the policy must be a word`},
		"twice":            {base + "version: 1\n", `p.yaml:3:1: key "version" is in the policy twice; the first is in line 1`},
		"documents":        {base + "---\nversion: 1\n", `p.yaml:4:1: a policy is one YAML document`},
		"after the end":    {base + "...\nversion: 1\n", `p.yaml:4:1: a policy is one YAML document`},
		"anchor":           {base + "description: &a x\n", `p.yaml:3:14: anchors are not supported`},
		"alias":            {base + "block: [{id: a, rule: *x}]\n", `p.yaml:3:23: aliases are not supported; quote a glob that begins with "*"`},
		"tag":              {base + "description: !!str x\n", `p.yaml:3:14: tags are not supported`},
		"merge":            {base + "<<: {block: []}\n", `p.yaml:3:1: merge keys are not supported`},
		"directive":        {"%YAML 1.2\n---\n" + base, `p.yaml:1:1: directives are not supported`},
		"explicit key":     {"? version\n: 1\n", `p.yaml:1:1: explicit keys are not supported`},
		"syntax":           {base + "block: [\n", `p.yaml:3:8: not readable as YAML: sequence end token`},
		"tab":              {base + "block:\n\t- id: x\n", `p.yaml:4:`},
		"control":          {base + "description: a\x1b[1mb\n", `p.yaml:3:1: line holds the control character '\x1b'`},
		"not UTF-8":        {base + "description: \xff\n", `p.yaml:3:1: line is not UTF-8 text`},
		"lone CR":          {"version: 1\rextends: baseline\n", `p.yaml:1:1: line holds a carriage return`},
		"huge":             {base + "description: " + strings.Repeat("x", 1<<20), `p.yaml:1:1: policy is larger than 1048576 bytes`},
		"many tokens":      {"a: [" + strings.Repeat("1,", 20000), `p.yaml:1:20002: policy has more than 20000 YAML tokens`},
		"blank lines":      {base + "description: |\n" + strings.Repeat("  \n", 1<<18), `p.yaml:103:1: more than 100 blank lines in a row`},
		"deep flow":        {"a: " + strings.Repeat("[", 5000), `p.yaml:1:36: nested deeper than 32 levels`},
		"deep list":        {"a:\n " + strings.Repeat("- ", 5000), `p.yaml:2:66: nested deeper than 32 levels`},
		"null list":        {base + "block: null\n", `p.yaml:3:8: block must be a list, not nothing`},
		"mapping for list": {base + "block: {id: a}\n", `p.yaml:3:8: block must be a list, not a mapping`},
		"empty text":       {base + "description: ''\n", `p.yaml:3:14: description is empty`},
		"number for text":  {base + "description: 5\n", `p.yaml:3:14: description must be text, not the number 5; put it in quotes`},
		"bad flag":         {base + "require: [{inspector: osv, locked: 1}]\n", `p.yaml:3:36: locked must be true or false, not the number 1`},

		"unknown inspector": {base + "require: [{inspector: secrets}]\n", `p.yaml:3:23: inspector: unknown inspector "secrets"; did you mean "secret"? (allowed: osv, secret, image)`},
		"no inspector":      {base + "require: [{locked: true}]\n", `p.yaml:3:11: a requirement lacks its "inspector"`},
		"required twice":    {base + "require: [{inspector: osv}, {inspector: osv}]\n", `p.yaml:3:29: inspector "osv" is required twice; the first is in line 3`},
		"off and locked":    {base + "require: [{inspector: osv, off: true, locked: true}]\n", `p.yaml:3:11: a requirement that is off can't be locked`},
		"off, not required": {"version: 1\nrequire: [{inspector: osv, off: true}]\nblock: [{id: a, severity: low}]\n", `p.yaml:2:11: inspector "osv" is not required`},

		"no id":              {base + "block: [{severity: high}]\n", `p.yaml:3:9: a clause lacks its "id"`},
		"id":                 {base + "block: [{id: A b, severity: high}]\n", `p.yaml:3:14: id: "A b" is not a slug`},
		"id twice":           {base + "block: [{id: a, severity: high}]\nwarn: [{id: a, severity: low}]\n", `p.yaml:4:8: clause id "a" is used twice; the first is in line 3`},
		"no condition":       {base + "block:\n  - id: a\n    locked: true\n", `p.yaml:4:5: clause "a" has no condition`},
		"fixable: false":     {base + "block: [{id: a, fixable: false}]\n", `p.yaml:3:9: clause "a" has no condition`},
		"severity":           {base + "block: [{id: a, severity: hihg}]\n", `p.yaml:3:27: severity: unknown minimum "hihg"; did you mean "high"? (allowed: critical, high, medium, low, info)`},
		"severity unknown":   {base + "block: [{id: a, severity: unknown}]\n", `p.yaml:3:27: severity: unknown minimum "unknown" (allowed: critical`},
		"confidence":         {base + "block: [{id: a, confidence: sure}]\n", `p.yaml:3:29: confidence: unknown confidence "sure" (allowed: high, medium, low)`},
		"rule":               {base + "block: [{id: a, rule: osv-vulnerabel}]\n", `p.yaml:3:23: rule: "osv-vulnerabel" matches no known rule; did you mean "osv-vulnerable"?`},
		"glob":               {base + "block: [{id: a, rule: [osv-*, \"secert-*\"]}]\n", `p.yaml:3:31: rule: "secert-*" matches no known rule; did you mean "secret-aws-access-key"?`},
		"no rules":           {base + "block: [{id: a, rule: []}]\n", `p.yaml:3:23: rule is an empty list`},
		"off with condition": {base + "block: [{id: severity-high, off: true, severity: low}]\n", `p.yaml:3:9: clause "severity-high" is off; beside its "id" it can't have other keys`},
		"off, not inherited": {base + "block: [{id: severity-hihg, off: true}]\n", `p.yaml:3:9: clause "severity-hihg" is not inherited, so it can't be switched off; did you mean "severity-high"?`},
		"off in other list":  {base + "warn: [{id: severity-high, off: true}]\n", `p.yaml:3:8: clause "severity-high" is a block clause; switch it off under "block"`},

		"origin":            {base + "block: [{id: a, origin: bsae}]\n", `p.yaml:3:25: origin: unknown origin "bsae"; did you mean "base"? (allowed: base, own)`},
		"origin, empty":     {base + "block: [{id: a, origin: ''}]\n", `p.yaml:3:25: origin is empty`},
		"off with origin":   {base + "block: [{id: severity-high, off: true, origin: own}]\n", `it can't have other keys`},
		"image, no mapping": {base + "image: [a]\n", `p.yaml:3:8: image must be a mapping, not a list`},
		"image, typo":       {base + "image: {allowed-base: [a]}\n", `p.yaml:3:9: unknown key "allowed-base" in image; did you mean "allowed-bases"? (allowed: allowed-bases, locked)`},
		"bases, one word":   {base + "image: {allowed-bases: a}\n", `p.yaml:3:24: allowed-bases must be a list, not text`},
		"bases, no value":   {base + "image:\n  allowed-bases:\n", `p.yaml:4:18: allowed-bases has no value; write [] to allow every base`},
		"base, a number":    {base + "image: {allowed-bases: [12]}\n", `p.yaml:3:25: allowed-bases must be text, not the number 12; put it in quotes`},
		"base, empty":       {base + "image: {allowed-bases: [alpine, '']}\n", `p.yaml:3:33: allowed-bases is empty`},
		"base, a scheme":    {base + "image: {allowed-bases: [docker://alpine]}\n", `p.yaml:3:25: allowed-bases: "docker://alpine" is not a glob on an image name (form: registry/name, such as "public.ecr.aws/lambda/*")`},
		"base, spaces":      {base + "image: {allowed-bases: ['alpine ']}\n", `p.yaml:3:25: allowed-bases: "alpine " is not a glob`},
		"base, one letter":  {base + "image: {allowed-bases: ['alpine:?']}\n", `p.yaml:3:25: allowed-bases: "alpine:?" is not a glob`},
		"layers":            {base + "limits: {layers: many}\n", `p.yaml:3:18: layers must be a whole number, not text`},

		"age":       {base + "advisories: {max-age: 2w}\n", `p.yaml:3:23: max-age: "2w" is not an age (form: days such as "14d" or hours such as "36h"`},
		"age 0":     {base + "advisories: {max-age: 0d}\n", `"0d" is not an age`},
		"staleness": {base + "advisories: {named: warning}\n", `p.yaml:3:21: named: unknown value "warning" (allowed: undecided, warn, ignore)`},
		"size":      {base + "limits: {total-bytes: 1GB}\n", `p.yaml:3:23: total-bytes: "1GB" is not a size`},
		"big size":  {base + "limits: {total-bytes: 99999999999999TiB}\n", `size "99999999999999TiB" is out of range`},
		"fraction":  {base + "limits: {ratio: 1.5}\n", `p.yaml:3:17: ratio must be a whole number, not the number 1.5`},
		"negative":  {base + "limits: {depth: -1}\n", `p.yaml:3:17: depth must be a whole number from 0 to 2147483647, not -1`},
		"hex":       {base + "limits: {depth: 0x4}\n", `p.yaml:3:17: depth must be a whole number from 0 to 2147483647, not 0x4`},

		"waiver without anything": {waiver + "}\n", `p.yaml:4:5: waiver names neither a "fingerprint" nor a "rule"`},
		"both":                    {waiver + "fingerprint: 1a2b3c4d, rule: osv-*, subject: x}\n", `it is one or the other`},
		"short fingerprint":       {waiver + "fingerprint: 1a2b3c4}\n", `fingerprint "1a2b3c4" is not 8 to 64 lower-case hex digits`},
		"capital fingerprint":     {waiver + "fingerprint: 1A2B3C4D}\n", `is not 8 to 64 lower-case hex digits`},
		"number as fingerprint":   {waiver + "fingerprint: 12345678}\n", `fingerprint must be text, not the number 12345678; put it in quotes`},
		"no subject":              {waiver + "rule: osv-vulnerable}\n", `waiver of rule "osv-vulnerable" lacks its "subject"`},
		"subject **":              {waiver + `rule: osv-vulnerable, subject: "**"}` + "\n", `subject "**" matches nearly everything`},
		"subject ?*/*":            {waiver + `rule: unread, subject: "?*/*"}` + "\n", `subject "?*/*" matches nearly everything`},
		"waiver's rule":           {waiver + "rule: un*, subject: x}\n", `rule: "un*" matches no known rule`},
		"no owner":                {base + "waivers: [{fingerprint: 1a2b3c4d, reason: r, expires: 2026-12-31}]\n", `p.yaml:3:11: waiver lacks its "owner"`},
		"no reason":               {base + "waivers: [{fingerprint: 1a2b3c4d, owner: o, expires: 2026-12-31}]\n", `p.yaml:3:11: waiver lacks its "reason"`},
		"no expiry":               {base + "waivers: [{fingerprint: 1a2b3c4d, owner: o, reason: r}]\n", `p.yaml:3:11: waiver lacks its "expires"`},
		"no such day":             {base + "waivers: [{fingerprint: 1a2b3c4d, owner: o, reason: r, expires: 2026-02-30}]\n", `expires: "2026-02-30" is not a date (form: 2027-01-31)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.yaml)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			if pe := (*gate.Error)(nil); !errors.As(err, &pe) || pe.Line == 0 {
				t.Errorf("not an Error with a line: %#v", err)
			}
		})
	}
}

func TestLoadTellsAllErrors(t *testing.T) {
	_, err := load(t, "version: 1\nblok: []\nblock:\n  - id: a\n    severity: x\n  - id: b\n    rule: nope\nwaivers:\n  - owner: o\n")
	want := []string{"p.yaml:2:1: ", "p.yaml:5:15: ", "p.yaml:7:11: ", "p.yaml:9:5: ", "p.yaml:9:5: ", "p.yaml:9:5: "}
	var got []string
	for _, line := range strings.Split(err.Error(), "\n") {
		place, _, _ := strings.Cut(line, ": ")
		got = append(got, place+": ")
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got:\n%v", err)
	}
}

func TestLoadBoundsErrors(t *testing.T) {
	_, err := load(t, "version: 1\nblock:\n"+strings.Repeat("  - x\n", 1000))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 51 || lines[50] != "and 950 more errors" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestLoadReadsOtherWritings(t *testing.T) {
	for name, content := range map[string]string{
		"byte order mark": "\ufeffversion: 1\nextends: baseline\n",
		"CRLF":            "version: 1\r\nextends: baseline\r\nblock:\r\n  - id: a\r\n    rule: osv-*\r\n",
		"flow":            `{"version": 1, "extends": "baseline"}`,
		"header and end":  "--- # here\nversion: 1\nextends: baseline\n...\n# bye\n",
		"no last newline": "version: 1\nextends: baseline",
		"rule unread":     "version: 1\nextends: baseline\nwaivers: [{rule: unread, subject: a/*, owner: o, reason: r, expires: 2026-01-01}]\n",
	} {
		if _, err := load(t, content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
