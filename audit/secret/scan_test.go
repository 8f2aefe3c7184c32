package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lambdagate/lambdagate/audit"
)

// describe writes matches so that two scans can be compared.
func describe(matches []settled) string {
	var b strings.Builder
	for _, m := range matches {
		fmt.Fprintf(&b, "%s %d-%d %d:%d %s %s %v %s\n",
			m.detector.id, m.start, m.end, m.line, m.column, m.confidence, m.severity, m.strong, m.evidence)
	}
	return b.String()
}

// everySample joins the samples of all detectors, far apart and close together.
func everySample() string {
	var b strings.Builder
	for _, d := range detectors() {
		match, miss := d.samples()
		for i, s := range append(match, miss...) {
			b.WriteString(s + strings.Repeat("\n", i%3) + strings.Repeat(" filler;", i*i))
		}
	}
	return b.String()
}

func TestChunkedEqualsWhole(t *testing.T) {
	e := newEngine(detectors())
	text := everySample()
	want := describe(scanWhole(t, e, ".env", text))
	if strings.Count(want, "\n") < 40 {
		t.Fatalf("too few matches to compare:\n%s", want)
	}
	for size := smallestBuffer; size < smallestBuffer+40; size++ {
		if got := describe(scanStream(t, e, ".env", text, size)); got != want {
			t.Fatalf("a buffer of %d gives\n%s, want\n%s", size, got, want)
		}
	}
	s := scanner{engine: e, file: factsOf(".env"), claims: claims{hash: plainHash}}
	if err := s.stream(context.Background(), iotest.OneByteReader(strings.NewReader(text)), chunkLength); err != nil {
		t.Fatal(err)
	}
	if got := describe(s.claims.settled); got != want {
		t.Errorf("a buffer larger than the file gives\n%s, want\n%s", got, want)
	}
}

func TestPositions(t *testing.T) {
	e := newEngine(detectors())
	token := sampleChecksummed("gh"+"p_", 200)
	for _, tc := range []struct {
		before       string
		line, column int
	}{
		{"", 1, 1},
		{"\n", 2, 1},
		{"a\r\n\tb = ", 2, 6},
		{strings.Repeat("x\n", 5000) + "é ", 5001, 4},
		{strings.Repeat("no newline ", 900), 1, 9901},
	} {
		got := scanWhole(t, e, "f", tc.before+token)
		if len(got) != 1 || got[0].line != tc.line || got[0].column != tc.column {
			t.Errorf("after %d bytes: %s, want line %d column %d", len(tc.before), describe(got), tc.line, tc.column)
		}
	}
}

func TestMoreSpecificWins(t *testing.T) {
	e := newEngine(detectors())
	id, key := sampleAccessKeyID("AK"+"IA", 210), sampleSecretKey(211)
	github := sampleChecksummed("gh"+"p_", 212)
	for _, tc := range []struct{ name, text, want string }{
		{"vendor over name", `API_TOKEN = "` + github + `"`, "github-token high"},
		{"checksum over npmrc", "//npm.example.com/:_auth" + "Token=" + sampleChecksummed("npm"+"_", 213), "npm-token high"},
		{"short live key", `API_KEY = "` + "sk_" + "live_" + `1234567890abcdef"`, "stripe-live-key medium"},
		{"key id over name", `access_key = "` + id + `"`, "aws-access-key-id high"},
		{"pair", "aws_access_key_id = " + id + "\naws_secret_access_key = " + key, "aws-access-key-id high, aws-secret-key-paired high"},
		{"secret before id", `{"secretAccessKey":"` + key + `","accessKeyId":"` + id + `"}`, "aws-secret-key-named high, aws-access-key-id high"},
		{"named alone", "aws_secret_access_key = " + key, "aws-secret-key-named medium"},
		{"wrong checksum", github[:len(github)-6] + "0Aa1Bb", "github-token low"},
	} {
		var got []string
		for _, m := range scanWhole(t, e, "f", tc.text) {
			got = append(got, m.detector.id+" "+m.confidence.String())
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestManyCredentials(t *testing.T) {
	e := newEngine(detectors())
	var different, same strings.Builder
	for i := range maxValues + 5 {
		different.WriteString(sampleChecksummed("gh"+"p_", uint32(1000+i)) + "\n")
		same.WriteString(sampleChecksummed("gh"+"p_", 7) + "\n")
	}
	for _, tc := range []struct {
		text     string
		kept     int
		exceeded bool
	}{{different.String(), maxValues, true}, {same.String(), maxPlaces, false}} {
		s := scanner{engine: e, claims: claims{hash: plainHash}}
		if err := s.whole(context.Background(), []byte(tc.text)); err != nil {
			t.Fatal(err)
		}
		if len(s.claims.settled) != tc.kept || s.claims.exceeded != tc.exceeded {
			t.Errorf("%d kept, exceeded %v, want %d and %v", len(s.claims.settled), s.claims.exceeded, tc.kept, tc.exceeded)
		}
	}
}

// TestNeighboursInBinaries holds that a token's hash is the same whatever string
// the compiler lays after it.
func TestNeighboursInBinaries(t *testing.T) {
	e := newEngine(detectors())
	for _, tc := range []struct{ token, rule string }{
		{"gl" + "pat-" + drawn(alnum, 20, 220), "secret-gitlab-token"},
		{sampleSlackToken("b", 221), "secret-slack-token"},
		{sampleSlackWebhook(222), "secret-slack-webhook"},
		{"sk_" + "live_" + drawn(alnum, 24, 223), "secret-stripe-key"},
		{"wh" + "sec_" + drawn(alnum, 32, 224), "secret-stripe-key"},
		{sampleChecksummed("gh"+"s_", 225), "secret-github-token"},
		{sampleAccessKeyID("AK"+"IA", 226), "secret-aws-access-key"},
	} {
		for _, text := range []string{"\x00%s\x00", "\x00strings %snext one", "\x00strings %sUNKNOWN", "\x00" + string(rune(len(tc.token))) + "%sN"} {
			got := scanWhole(t, e, "bootstrap", strings.Replace(text, "%s", tc.token, 1))
			if len(got) != 1 || got[0].detector.rule != tc.rule || !strings.HasSuffix(tc.token, got[0].hash) {
				t.Errorf("%s in %q: %s", tc.rule, text, describe(got))
			}
		}
	}
}

func TestStreamErrors(t *testing.T) {
	e := newEngine(detectors())
	for _, cause := range []error{errors.New("broken"), io.ErrUnexpectedEOF} {
		s := scanner{engine: e, claims: claims{hash: plainHash}}
		r := io.MultiReader(strings.NewReader("some text"), iotest.ErrReader(cause))
		if err := s.stream(context.Background(), r, smallestBuffer); !errors.Is(err, cause) || !strings.Contains(err.Error(), "byte 9") {
			t.Errorf("error %v, want one that wraps %v and says where", err, cause)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := scanner{engine: e, claims: claims{hash: plainHash}}
	if err := s.stream(ctx, strings.NewReader(strings.Repeat("x", 3*smallestBuffer)), smallestBuffer); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context was cancelled", err)
	}
}

func TestWindowsAreBounded(t *testing.T) {
	seen := 0
	d := detector{id: "probe", keywords: []string{"secret", "secretsecret"}, check: func(w window) (found, bool) {
		seen++
		if len(w.data) > lookBack+lookAhead || w.end > lookBack || !hasPrefixFold(w.data[w.at:w.end], "secret") {
			t.Errorf("window of %d bytes, keyword at %d to %d", len(w.data), w.at, w.end)
		}
		return found{}, false
	}}
	scanWhole(t, newEngine([]detector{d}), "f", strings.Repeat("SeCrEt", 10_000))
	if seen != 10_000+9_999 {
		t.Errorf("%d keywords offered, want each once", seen)
	}
}

func FuzzScan(f *testing.F) {
	for _, d := range detectors() {
		match, miss := d.samples()
		for _, s := range append(match, miss...) {
			f.Add([]byte(s), uint16(lookBack), ".env")
		}
	}
	e := newEngine(detectors())
	f.Fuzz(func(t *testing.T, data []byte, pad uint16, name string) {
		// The first sniffLength bytes decide alike however they are read.
		text := strings.Repeat("\n", sniffLength) + string(data) + strings.Repeat(" ", int(pad)%(2*smallestBuffer)) + string(data)
		whole := scanWhole(t, e, name, text)
		for _, m := range whole {
			if m.start < 0 || m.end > int64(len(text)) || m.start >= m.end || m.line < 1 || m.column < 1 || m.value != (audit.Secret{}) {
				t.Fatalf("bad match %s", describe([]settled{m}))
			}
		}
		if got := scanStream(t, e, name, text, smallestBuffer); describe(got) != describe(whole) {
			t.Errorf("in chunks\n%s, whole\n%s", describe(got), describe(whole))
		}
	})
}

func FuzzBinary(f *testing.F) {
	for _, d := range detectors() {
		match, _ := d.samples()
		f.Add([]byte("\x00" + match[0]))
	}
	e := newEngine(detectors())
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range scanWhole(t, e, "bootstrap", "\x00"+string(data)) {
			if m.detector.specific == byName {
				t.Errorf("a generic credential in a binary: %s", describe([]settled{m}))
			}
		}
	})
}
