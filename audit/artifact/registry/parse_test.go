package registry

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func TestECRRegion(t *testing.T) {
	for host, want := range map[string]string{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com":          "eu-west-1",
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "us-gov-west-1",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":      "cn-north-1",
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu":      "eusc-de-east-1",
		"123456789012.dkr-ecr.us-east-1.on.aws":                 "us-east-1",
		"123456789012.dkr-ecr-fips.us-east-1.on.aws":            "us-east-1",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.org": "",
		"evil.org/123456789012.dkr.ecr.eu-west-1.amazonaws.com": "",
		"123456789012xdkr.ecr.eu-west-1.amazonaws.com":          "",
		"public.ecr.aws": "",
	} {
		if got, ok := ecrRegion(host); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t", host, got, ok)
		}
	}
}

func TestStartsAt(t *testing.T) {
	for text, want := range map[string]bool{
		"bytes 10-99/100": true, "bytes 10-99/*": true,
		"bytes 10-99/200": false, "bytes 10-98/100": false, "bytes 0-99/100": false, "bytes */100": false,
		"items 10-99/100": false, "bytes=10-99/100": false, "": false, "bytes 10-99/": false, "bytes 10-99/100 ": false,
	} {
		if got := startsAt(text, 10, 100); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

func TestDaemonName(t *testing.T) {
	for name, want := range map[string]bool{
		"fn": true, "fn:v1": true, "localhost:5000/team/fn_a:v1.2": true, "3f2a11bc": true,
		"sha256:" + strings.Repeat("a", 64): true, "fn@sha256:" + strings.Repeat("a", 64): true,
		"": false, "..": false, "../x": false, "a/../b": false, "a//b": false, "/a": false, "a?b": false, "a#b": false,
		"a b": false, "a%2e%2e": false, "a\n": false, "a/": false,
	} {
		if got := isDaemonName(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	zero := strings.Repeat("0", 64)
	image := fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":2},"layers":[{"digest":"sha256:%[1]s","size":9}]}`, zero)
	f.Add([]byte(image), "linux/amd64")
	f.Add([]byte(fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":"sha256:%s","size":2,"platform":{"os":"linux","architecture":"arm64"}},{"platform":null}]}`, zero)), "linux/arm64/v8")
	f.Add([]byte(`{"schemaVersion":1}`), "")
	f.Fuzz(func(t *testing.T, data []byte, platform string) {
		doc, err := parseDocument(data)
		if err != nil {
			oneLine(t, err)
			return
		}
		if !doc.isIndex() {
			o := Options{}.withDefaults()
			if doc.check(o) == nil && (doc.Config.Size < 0 || doc.Config.Size > maxConfig || len(doc.Layers) > o.MaxLayers) {
				t.Errorf("out of bounds but taken: %s", data)
			}
			return
		}
		want, err := parsePlatform(platform)
		if err != nil {
			return
		}
		if len(platformNames(doc.Manifests)) != len(doc.Manifests) {
			t.Error("a platform is missing")
		}
		chosen, err := choose(doc.Manifests, want)
		if err != nil {
			oneLine(t, err)
		} else if want != nil && !fits(chosen.Platform, *want) {
			t.Errorf("%v chosen for %v", chosen.Platform, want)
		}
	})
}

// oneLine fails the test if an error could reach past its line of a terminal.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("control characters in %q", err)
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"fn", "fn:v1", "example.com:5000/a/b@sha256:" + strings.Repeat("0", 64), "https://u:p@h/x", "@", "a@b\x1b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := parseReference(s)
		if err != nil {
			oneLine(t, err)
			return
		}
		if (ref.tag() == "") != ref.byDigest() || ref.host() == "" || ref.repository() == "" {
			t.Errorf("%q: tag %q, by digest %t, host %q", s, ref.tag(), ref.byDigest(), ref.host())
		}
	})
}

func FuzzStartsAt(f *testing.F) {
	f.Add("bytes 10-99/100", int64(10), int64(100))
	f.Add("bytes 10-99/*", int64(10), int64(100))
	f.Fuzz(func(t *testing.T, s string, offset, size int64) {
		var from, to int64
		if startsAt(s, offset, size) {
			if n, err := fmt.Sscanf(s, "bytes %d-%d/", &from, &to); n != 2 || err != nil || from != offset || to != size-1 {
				t.Errorf("%q taken for %d of %d", s, offset, size)
			}
		}
	})
}

func FuzzSplitToken(f *testing.F) {
	f.Add("QVdTOnBhc3M=")
	f.Add("QVdT")
	f.Fuzz(func(t *testing.T, token string) {
		user, password, err := splitToken(token)
		if err == nil && (user == "" || password == "") {
			t.Errorf("%q gives nothing", token)
		}
		if err != nil && len(token) > 8 && strings.Contains(err.Error(), token) {
			t.Errorf("the error repeats the token: %v", err)
		}
	})
}

func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[2Jb\n::error::\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s)
		if len([]rune(got)) > maxWords+1 || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", got)
		}
	})
}

func TestChoose(t *testing.T) {
	amd := &v1.Platform{OS: "linux", Architecture: "amd64"}
	attestation := v1.Descriptor{Size: 1, Platform: amd, Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}}
	nested := v1.Descriptor{Size: 1, Platform: amd, MediaType: types.OCIImageIndex}
	for name, all := range map[string][]v1.Descriptor{
		"of two that fit the first":      {{Size: 7, Platform: amd}, {Size: 2, Platform: amd}},
		"an attestation never":           {attestation, {Size: 7, Platform: amd}},
		"an index never":                 {nested, {Size: 7, Platform: amd}},
		"the only one without platform":  {attestation, {Size: 7}},
		"not one without if another has": {{Size: 1}, {Size: 7, Platform: amd}},
	} {
		if got, err := choose(all, nil); err != nil || got.Size != 7 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
