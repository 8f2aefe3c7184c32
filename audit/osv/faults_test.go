package osv_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/osv"
	"github.com/lambdagate/lambdagate/audit/osv/osvtest"
)

// failures answers the first n requests to a path in some other way.
func failures(path string, n int, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if n == 0 || !strings.HasPrefix(r.URL.Path, path) {
			return false
		}
		n--
		answer(w, r)
		return true
	}
}

func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

func breakOff(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestAPIRetries(t *testing.T) {
	tests := []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request) bool
		least time.Duration // of all pauses
		most  time.Duration
	}{
		{"429 with seconds", failures("/v1/querybatch", 2, status(429, "3")), 6 * time.Second, 6 * time.Second},
		{"429 with a date", failures("/v1/querybatch", 1, status(429, start().Add(5*time.Second).Format(http.TimeFormat))), 5 * time.Second, 5 * time.Second},
		{"429 with a date in the past", failures("/v1/querybatch", 1, status(429, "Mon, 02 Jan 2006 15:04:05 GMT")), 0, 0},
		{"429 with nonsense", failures("/v1/querybatch", 1, status(429, "soon")), 125 * time.Millisecond, 250 * time.Millisecond},
		{"500, then well", failures("/v1/querybatch", 3, status(500, "")), 875 * time.Millisecond, 1750 * time.Millisecond},
		{"503 of a record", failures("/v1/vulns/GHSA-xvch", 4, status(503, "")), 1875 * time.Millisecond, 3750 * time.Millisecond},
		{"connection broken", failures("/v1/querybatch", 2, breakOff), 375 * time.Millisecond, 750 * time.Millisecond},
		{"answer broken off", failures("/v1/querybatch", 1, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"results":[`))
		}), 125 * time.Millisecond, 250 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := osvtest.NewServer(t, advisories)
			server.SetFault(tt.fault)
			source, clock := newAPI(server)
			checkAnswer(t, source)
			if slept := clock.now.Sub(start()); slept < tt.least || slept > tt.most {
				t.Errorf("slept %v, want %v to %v", clock.slept, tt.least, tt.most)
			}
		})
	}
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func blanks(mib int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for range mib {
			if _, err := w.Write([]byte(strings.Repeat(" ", 1<<20))); err != nil {
				return
			}
		}
	}
}

func TestAPIFailures(t *testing.T) {
	const always = -1
	results := func(n int, one string) string {
		return `{"results":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	n := len(vulnerablePackages())
	tests := []struct {
		name     string
		fault    func(http.ResponseWriter, *http.Request) bool
		want     string
		requests int
	}{
		{"never well", failures("/", always, status(503, "")), "503 Service Unavailable", 5},
		{"asks to wait too long", failures("/", always, status(429, "3600")), "too late", 1},
		{"asks to wait for ages", failures("/", always, status(429, "99999999999999999999999")), "too late", 1},
		{"asks to wait often", failures("/", always, status(429, "11")), "too late", 3},
		{"400", failures("/", always, status(400, "")), "400 Bad Request", 1},
		{"403 of a record", failures("/v1/vulns/MAL-", always, status(403, "")), "403 Forbidden", 0},
		{"always broken", failures("/", always, breakOff), "does not answer", 5},
		{"short", failures("/", always, body(results(n-1, "{}"))), fmt.Sprintf("answered %d of %d queries", n-1, n), 1},
		{"long", failures("/", always, body(results(n+1, "{}"))), "queries", 1},
		{"null", failures("/", always, body(`{"results":null}`)), "queries", 1},
		{"no JSON", failures("/", always, body("<html>Sign in</html>")), "not JSON", 1},
		{"other JSON", failures("/", always, body(`{"results":{}}`)), "not JSON", 1},
		{"no id", failures("/", always, body(results(n, `{"vulns":[{}]}`))), "no id", 1},
		{"pages without end", failures("/", always, func(w http.ResponseWriter, r *http.Request) {
			var request struct{ Queries []json.RawMessage }
			_ = json.NewDecoder(r.Body).Decode(&request)
			body(results(len(request.Queries), `{"next_page_token":"again"}`))(w, r)
		}), "more than 100 pages", 100},
		{"batch too large", failures("/", always, blanks(65)), "more than 64 MiB", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := osvtest.NewServer(t, advisories)
			server.SetFault(tt.fault)
			source, _ := newAPI(server)
			answer, err := source.Lookup(context.Background(), vulnerablePackages())
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(answer.Candidates) > 0 {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if got := len(server.Requests()); tt.requests > 0 && got != tt.requests {
				t.Errorf("%d requests, want %d", got, tt.requests)
			}
		})
	}
}

func TestAPIRecordProblems(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"404":       status(404, ""),
		"no JSON":   body("<html>"),
		"no id":     body(`{"summary":"x"}`),
		"other id":  body(`{"id":"GHSA-other"}`),
		"too large": blanks(9),
	} {
		t.Run(name, func(t *testing.T) {
			server := osvtest.NewServer(t, advisories)
			server.SetFault(failures("/v1/vulns/GHSA-35jh-r3h4-6jhm", -1, answer))
			source, _ := newAPI(server)
			got, err := source.Lookup(context.Background(), []audit.Package{pkg("npm", "lodash", "4.17.15")})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Reason, `"GHSA-35jh-r3h4-6jhm"`) {
				t.Errorf("problems: %+v", got.Problems)
			}
			if want := [][]string{{"GHSA-29mw-wpgm-hmr9"}}; !slices.EqualFunc(ids(got), want, slices.Equal) {
				t.Errorf("ids %q, want %q", ids(got), want)
			}
		})
	}
}

func TestAPIEscapesIDs(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	server.SetFault(failures("/v1/querybatch", 1, body(`{"results":[{"vulns":[{"id":"../../x?y#z"}]}]}`)))
	source, _ := newAPI(server)
	answer, err := source.Lookup(context.Background(), []audit.Package{pkg("npm", "lodash", "4.17.15")})
	if err != nil || len(answer.Problems) != 1 {
		t.Errorf("problems %v, error %v", answer.Problems, err)
	}
	if got := server.Requests()[1]; got != "GET /v1/vulns/..%2F..%2Fx%3Fy%23z" {
		t.Errorf("request %q", got)
	}
}

func TestAPIHangs(t *testing.T) {
	for _, path := range []string{"/v1/querybatch", "/v1/vulns/"} {
		t.Run(path, func(t *testing.T) {
			server := osvtest.NewServer(t, advisories)
			reached := make(chan struct{}, 100)
			release := make(chan struct{})
			defer close(release)
			server.SetFault(failures(path, 1, func(_ http.ResponseWriter, r *http.Request) {
				reached <- struct{}{}
				select {
				case <-r.Context().Done():
				case <-release:
				}
			}))
			cause := errors.New("the user pressed Ctrl-C")
			ctx, cancel := context.WithCancelCause(context.Background())
			go func() {
				<-reached
				cancel(cause)
			}()
			source, _ := newAPI(server)
			if _, err := source.Lookup(ctx, vulnerablePackages()); !errors.Is(err, cause) {
				t.Errorf("error %v, want the cause", err)
			}
		})
	}
}

// TestAPICancelledWhileWaiting uses the real sleep, which must end at once.
func TestAPICancelledWhileWaiting(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	cause := errors.New("the user pressed Ctrl-C")
	ctx, cancel := context.WithCancelCause(context.Background())
	server.SetFault(failures("/", -1, status(429, "3000")))
	source := osv.NewAPI(osv.APIConfig{BaseURL: server.URL, Timeout: time.Hour, Now: func() time.Time {
		if len(server.Requests()) > 0 {
			cancel(cause)
		}
		return start()
	}})
	if _, err := source.Lookup(ctx, vulnerablePackages()); !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
}

func TestAPITimeout(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	source := osv.NewAPI(osv.APIConfig{BaseURL: server.URL, Timeout: time.Nanosecond})
	_, err := source.Lookup(context.Background(), vulnerablePackages())
	if err == nil || !strings.Contains(err.Error(), "within 1ns") {
		t.Errorf("error %v", err)
	}
}

func TestAPIAddress(t *testing.T) {
	password := "hun" + "ter2"
	for _, address := range []string{"ftp://host", "host", "http://", "https://user:" + password + "@%zz"} {
		_, err := osv.NewAPI(osv.APIConfig{BaseURL: address}).Lookup(context.Background(), vulnerablePackages())
		if err == nil || !strings.Contains(err.Error(), "not a URL") || strings.Contains(err.Error(), password) {
			t.Errorf("%s: error %v", address, err)
		}
	}
	server := osvtest.NewServer(t, advisories)
	withPassword := strings.Replace(server.URL, "http://", "http://user:"+password+"@", 1)
	source := osv.NewAPI(osv.APIConfig{BaseURL: withPassword})
	answer := checkAnswer(t, source)
	server.SetFault(failures("/", -1, status(401, "")))
	_, err := source.Lookup(context.Background(), vulnerablePackages())
	if err == nil || strings.Contains(err.Error()+answer.Advisories.Source, password) {
		t.Errorf("the password is told: %v, %q", err, answer.Advisories.Source)
	}
}
