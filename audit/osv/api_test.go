package osv_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/osv"
	"github.com/lambdagate/lambdagate/audit/osv/osvtest"
)

const advisories = "../../testdata/osv"

func start() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// clock is a time that passes only while somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

func newAPI(server *osvtest.Server) (osv.Source, *clock) {
	c := &clock{now: start()}
	return osv.NewAPI(osv.APIConfig{BaseURL: server.URL + "/", UserAgent: "lambdagate/1.2.3", Now: c.Now, Sleep: c.Sleep}), c
}

func pkg(ecosystem, name, version string) audit.Package {
	return audit.Package{
		PURL: "pkg:" + ecosystem + "/" + name + "@" + version, Ecosystem: ecosystem, Name: name, Version: version,
		Locations: []audit.Location{{Path: "lib/" + name}}, How: audit.HowInstalled,
	}
}

func vulnerablePackages() []audit.Package {
	return []audit.Package{
		pkg("Go", "golang.org/x/net", "v0.17.0"), pkg("Go", "stdlib", "go1.22.1"),
		pkg("PyPI", "Jinja2", "3.1.2"), pkg("PyPI", "PyYAML", "5.3.1"), pkg("PyPI", "requests", "2.31.0"),
		pkg("npm", "flatmap-stream", "0.1.1"), pkg("npm", "left-pad", "1.3.0"),
		pkg("npm", "lodash", "4.17.15"), pkg("npm", "minimist", "1.2.0"), pkg("npm", "minimist", "^1.0.0"),
	}
}

func ids(answer osv.Answer) [][]string {
	all := make([][]string, len(answer.Candidates))
	for i, list := range answer.Candidates {
		for _, c := range list {
			all[i] = append(all[i], c.Record.ID)
		}
	}
	return all
}

func wantIDs() [][]string {
	return [][]string{
		{"GO-2024-2687"}, {"GO-2024-2687"}, {"PYSEC-2026-1473"}, {"GHSA-8q59-q68h-6hv4", "PYSEC-2021-142"}, nil,
		{"MAL-2025-20690"}, nil, {"GHSA-29mw-wpgm-hmr9", "GHSA-35jh-r3h4-6jhm"}, {"GHSA-xvch-5gv4-984h"}, {"GHSA-xvch-5gv4-984h"},
	}
}

func checkAnswer(t *testing.T, source osv.Source) osv.Answer {
	t.Helper()
	answer, err := source.Lookup(context.Background(), vulnerablePackages())
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(answer); !slices.EqualFunc(got, wantIDs(), slices.Equal) {
		t.Errorf("ids %q,\nwant %q", got, wantIDs())
	}
	return answer
}

func TestAPILookup(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	var mu sync.Mutex
	agents := make(map[string]bool)
	server.SetFault(func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		agents[r.UserAgent()] = true
		return false
	})
	source, clock := newAPI(server)
	answer := checkAnswer(t, source)
	a := answer.Advisories
	if a.Source != server.URL+"/" || !a.Live || a.Named || a.Digest != "" || !a.Date.Equal(start()) {
		t.Errorf("advisories: %+v", a)
	}
	if len(answer.Problems) > 0 || len(clock.slept) > 0 {
		t.Errorf("problems %v, slept %v", answer.Problems, clock.slept)
	}
	requests := server.Requests()
	slices.Sort(requests)
	if n := len(slices.Compact(slices.Clone(requests))); n != len(requests) {
		t.Errorf("asked for something twice: %q", requests)
	}
	if len(agents) != 1 || !agents["lambdagate/1.2.3"] {
		t.Errorf("user agents %v", agents)
	}
	for i, list := range answer.Candidates {
		for _, c := range list {
			if comparable := i != 9; c.Affected != comparable {
				t.Errorf("package %d: the API decided %v, want %v", i, c.Affected, comparable)
			}
		}
	}
}

func TestAPIPages(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	server.SetPageSize(1)
	source, _ := newAPI(server)
	checkAnswer(t, source)
}

func TestAPIBatches(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	source, _ := newAPI(server)
	var packages []audit.Package
	for i := range 2100 {
		packages = append(packages, pkg("npm", fmt.Sprintf("p%d", i), "1.0.0"))
	}
	packages = append(packages, pkg("npm", "lodash", "4.17.15"), pkg("npm", "lodash", "4.17.15"))
	answer, err := source.Lookup(context.Background(), packages)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{2100, 2101} {
		if len(answer.Candidates[i]) != 2 {
			t.Errorf("package %d: %d candidates", i, len(answer.Candidates[i]))
		}
	}
	if n := len(server.Requests()); n != 3+2 {
		t.Errorf("%d requests, want 3 batches and 2 records", n)
	}
}

func TestUnavailable(t *testing.T) {
	_, err := osv.Unavailable("no network").Lookup(context.Background(), vulnerablePackages())
	if err == nil || err.Error() != "no network" {
		t.Errorf("error %v", err)
	}
}
