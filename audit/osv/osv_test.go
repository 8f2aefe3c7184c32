package osv_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/audittest"
	"github.com/lambdagate/lambdagate/audit/osv"
	"github.com/lambdagate/lambdagate/audit/osv/osvtest"
)

func examine(t testing.TB, source osv.Source, inventory audit.Inventory) audit.Conclusion {
	t.Helper()
	examination, err := osv.New(source).Begin(context.Background(), audit.Target{Name: "fn.zip"})
	if err != nil {
		t.Fatal(err)
	}
	return examination.Conclude(context.Background(), inventory)
}

func folder(t testing.TB, dir string) osv.Source {
	t.Helper()
	source, err := osv.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestFindings(t *testing.T) {
	c := examine(t, folder(t, advisories), audit.Inventory{Packages: vulnerablePackages()})
	if c.Failed != nil || c.Skipped != "" {
		t.Fatalf("failed %v, skipped %q", c.Failed, c.Skipped)
	}
	want := []struct{ rule, severity, message, remedy, aliases, fixed string }{
		{"osv-vulnerable", "unknown", "golang.org/x/net v0.17.0 has CVE-2023-45288: HTTP/2 CONTINUATION frames without end keep net/http busy",
			"go get golang.org/x/net@v0.23.0", "GHSA-4v7x-pqxf-cx7m GO-2024-2687", "0.23.0"},
		{"osv-vulnerable", "unknown", "stdlib go1.22.1 has CVE-2023-45288: HTTP/2 CONTINUATION frames without end keep net/http busy",
			"rebuild with Go 1.22.2 or later", "GHSA-4v7x-pqxf-cx7m GO-2024-2687", "1.22.2"},
		{"osv-vulnerable", "medium", "Jinja2 3.1.2 has CVE-2024-22195: The xmlattr filter of Jinja accepts keys with blanks",
			"pip install 'Jinja2>=3.1.3'", "GHSA-h5c8-rqwp-cp95 PYSEC-2026-1473", "3.1.3"},
		{"osv-vulnerable", "critical", "PyYAML 5.3.1 has CVE-2020-14343: full_load of PyYAML runs code from a document",
			"pip install 'PyYAML>=5.4'", "GHSA-8q59-q68h-6hv4 PYSEC-2021-142", "5.4"},
		{"osv-malicious", "critical", "flatmap-stream 0.1.1 is malicious (MAL-2025-20690): Code that steals from cryptocurrency wallets",
			"remove flatmap-stream and rotate every credential that it could have read", "", ""},
		{"osv-vulnerable", "medium", "lodash 4.17.15 has CVE-2020-28500: Long runs of blanks stall trim, trimEnd and toNumber of lodash",
			"npm install lodash@4.17.21", "GHSA-29mw-wpgm-hmr9", "4.17.21"},
		{"osv-vulnerable", "high", "lodash 4.17.15 has CVE-2021-23337: Template options of lodash end up as code",
			"npm install lodash@4.17.21", "GHSA-35jh-r3h4-6jhm", "4.17.21"},
		{"osv-vulnerable", "critical", "minimist 1.2.0 has CVE-2021-44906: Arguments given to minimist can change Object.prototype",
			"npm install minimist@1.2.6", "GHSA-xvch-5gv4-984h", "1.2.6"},
	}
	if len(c.Findings) != len(want) {
		t.Fatalf("%d findings, want %d", len(c.Findings), len(want))
	}
	for i, w := range want {
		f := c.Findings[i]
		if f.Rule != w.rule || f.Severity.String() != w.severity || f.Message != w.message || f.Remedy != w.remedy ||
			strings.Join(f.Advisory.Aliases, " ") != w.aliases || f.Advisory.Fixed != w.fixed {
			t.Errorf("finding %d: %s %s %q %q %q %q,\nwant %+v", i, f.Rule, f.Severity, f.Message, f.Remedy, f.Advisory.Aliases, f.Advisory.Fixed, w)
		}
		if f.Confidence != audit.ConfidenceHigh || f.Target != "fn.zip" || f.Subject != f.Package.PURL+" "+f.Advisory.ID ||
			f.Location != f.Package.Locations[0] || f.Inspector != "osv" {
			t.Errorf("finding %d: %+v", i, f)
		}
	}
	if len(c.Problems) != 1 || !strings.Contains(c.Problems[0].Reason, `"^1.0.0"`) || c.Problems[0].Path != "lib/minimist" {
		t.Errorf("problems %+v, want one on the version that is a range", c.Problems)
	}
	if c.Advisories == nil || c.Advisories.Digest == "" {
		t.Errorf("advisories %+v", c.Advisories)
	}
}

// TestSourcesAgree holds both sources to the same findings for the same
// records.
func TestSourcesAgree(t *testing.T) {
	inventory := audit.Inventory{Packages: vulnerablePackages()}
	api, _ := newAPI(osvtest.NewServer(t, advisories))
	fromAPI := examine(t, api, inventory)
	fromFolder := examine(t, folder(t, advisories), inventory)
	a, b := asJSON(t, fromAPI.Findings), asJSON(t, fromFolder.Findings)
	if a != b || len(fromAPI.Findings) == 0 {
		t.Errorf("the API gives\n%s\nthe folder\n%s", a, b)
	}
	if a, b := asJSON(t, fromAPI.Problems), asJSON(t, fromFolder.Problems); a != b {
		t.Errorf("the API has problems\n%s\nthe folder\n%s", a, b)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAPIKnowsBetter has the API name an advisory whose ranges don't hold the
// version: it may know more than the ranges tell.
func TestAPIKnowsBetter(t *testing.T) {
	server := osvtest.NewServer(t, advisories)
	server.SetFault(failures("/v1/querybatch", 1, body(`{"results":[{"vulns":[{"id":"GHSA-35jh-r3h4-6jhm"}]}]}`)))
	source, _ := newAPI(server)
	c := examine(t, source, audit.Inventory{Packages: []audit.Package{pkg("npm", "lodash", "5.0.0")}})
	if len(c.Findings) != 1 || c.Findings[0].Advisory.Fixed != "" || !strings.HasPrefix(c.Findings[0].Remedy, "no fixed version is known") {
		t.Errorf("findings %+v", c.Findings)
	}
}

func TestNothingToAsk(t *testing.T) {
	problem := audit.Problem{Path: "package-lock.json", Reason: "can't be read"}
	c := examine(t, osv.Unavailable("no network"), audit.Inventory{Problems: []audit.Problem{problem}})
	if c.Failed != nil || c.Skipped != "" || c.Advisories != nil || !slices.Equal(c.Problems, []audit.Problem{problem}) {
		t.Errorf("without packages: %+v", c)
	}
	c = examine(t, osv.Unavailable("no network"), audit.Inventory{Packages: []audit.Package{{PURL: "pkg:rpm/amzn/curl@8?arch=x86_64&distro=amzn-2023", Name: "curl"}}})
	if c.Failed != nil || len(c.Problems) != 1 || c.Problems[0].Reason != "1 package of Amazon Linux 2023 has no advisories in this data" {
		t.Errorf("without ecosystem: %+v", c)
	}
}

func TestUnavailableFails(t *testing.T) {
	for _, source := range []osv.Source{osv.Unavailable("no network"), nil, wrongLength{}} {
		c := examine(t, source, audit.Inventory{Packages: vulnerablePackages()})
		if c.Failed == nil || len(c.Findings) > 0 || c.Advisories != nil {
			t.Errorf("%+v", c)
		}
	}
}

// wrongLength is a source that loses a package.
type wrongLength struct{}

func (wrongLength) Lookup(_ context.Context, packages []audit.Package) (osv.Answer, error) {
	return osv.Answer{Candidates: make([][]osv.Candidate, len(packages)-1)}, nil
}

func TestPlaces(t *testing.T) {
	p := pkg("npm", "lodash", "4.17.15")
	p.How, p.Origin = audit.HowBundle, audit.OriginBase
	p.Locations = []audit.Location{{Path: "a.js", Line: 3}, {Path: "b.js", Layer: "sha256:x"}}
	lost := pkg("npm", "minimist", "1.2.0")
	lost.Locations = nil
	c := examine(t, folder(t, advisories), audit.Inventory{Packages: []audit.Package{p, lost}})
	f := c.Findings[0]
	if f.Location != p.Locations[0] || !slices.Equal(f.Related, p.Locations[1:]) || f.Origin != audit.OriginBase || f.Confidence != audit.ConfidenceMedium {
		t.Errorf("finding %+v", f)
	}
	if last := c.Findings[len(c.Findings)-1]; last.Location.Path != "fn.zip" {
		t.Errorf("finding without a place: %+v", last)
	}
}

func TestLockfileMismatch(t *testing.T) {
	installed := pkg("npm", "lodash", "4.17.20")
	lock := audit.Location{Path: "package-lock.json", Line: 12}
	inventory := audit.Inventory{Disagreements: []audit.Disagreement{
		{Lockfile: lock, Declared: []string{"4.17.21", "5.0.0"}, Installed: installed},
		{Lockfile: lock, Installed: pkg("PyPI", "requests", "2.31.0")},
	}}
	// It needs no advisories.
	c := examine(t, osv.Unavailable("no network"), inventory)
	if c.Failed != nil || len(c.Findings) != 2 {
		t.Fatalf("%+v", c)
	}
	f := c.Findings[0]
	if f.Rule != "osv-lockfile-mismatch" || f.Severity != audit.SeverityMedium || f.Location != installed.Locations[0] || !slices.Equal(f.Related, []audit.Location{lock}) ||
		f.Message != "lodash 4.17.20 is installed, but package-lock.json declares 4.17.21, 5.0.0" || f.Subject != installed.PURL+" package-lock.json" ||
		f.Remedy != "build again from the lockfile, in an empty folder: npm ci" {
		t.Errorf("%+v", f)
	}
	if f := c.Findings[1]; f.Message != "requests 2.31.0 is installed, but package-lock.json declares no version of it" ||
		f.Remedy != "build again from the lockfile, in an empty folder" {
		t.Errorf("%+v", f)
	}
}

func TestContract(t *testing.T) {
	audittest.AcceptInspector(t, osv.New(folder(t, advisories)))
}

// cancelling is a source whose user loses patience while it answers.
type cancelling struct {
	osv.Source
	cancel context.CancelCauseFunc
}

func (s cancelling) Lookup(ctx context.Context, packages []audit.Package) (osv.Answer, error) {
	answer, err := s.Source.Lookup(ctx, packages)
	s.cancel(errImpatient)
	return answer, err
}

var errImpatient = errors.New("the user pressed Ctrl-C")

func TestCancelledWhileJudging(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	examination, err := osv.New(cancelling{folder(t, advisories), cancel}).Begin(ctx, audit.Target{Name: "fn.zip"})
	if err != nil {
		t.Fatal(err)
	}
	c := examination.Conclude(ctx, audit.Inventory{Packages: vulnerablePackages()})
	if !errors.Is(c.Failed, errImpatient) {
		t.Errorf("failed %v, want the cause", c.Failed)
	}
}

func TestRules(t *testing.T) {
	rules := osv.New(osv.Unavailable("not asked")).Rules()
	if len(rules) != 3 || asJSON(t, rules) != asJSON(t, osv.Rules()) {
		t.Errorf("%d rules", len(rules))
	}
	for _, r := range rules {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		if len(r.CWE) == 0 || len(r.Refs) == 0 || r.Doc.Limits == "" || r.Inspector != osv.Name || !strings.HasPrefix(r.ID, "osv-") {
			t.Errorf("rule %+v", r)
		}
	}
}
