package osv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// DefaultAPI is the public OSV API.
const DefaultAPI = "https://api.osv.dev"

// Limits of the API (https://google.github.io/osv.dev/post-v1-querybatch/) and
// of our patience with it.
const (
	maxQueries     = 1000     // a batch
	maxPages       = 100      // of the answers to one batch
	maxBatchSize   = 64 << 20 // bytes of an answer
	maxVulnSize    = 8 << 20
	parallelVulns  = 8
	defaultTimeout = 30 * time.Second
)

// APIConfig says how to ask an OSV API. The zero value asks the public one.
type APIConfig struct {
	// BaseURL is the address without path, [DefaultAPI] if empty.
	BaseURL string
	// UserAgent is sent with every request, such as "lambdagate/1.2.3".
	UserAgent string
	// Timeout bounds one lookup as a whole, with all requests, retries and
	// pauses; 30 s if zero.
	Timeout time.Duration
	// Client makes the requests; nil takes one that honours HTTPS_PROXY.
	Client *http.Client
	// Now and Sleep are the clock; nil takes the real one. Sleep returns the
	// cause early when the context ends.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// NewAPI returns a source that asks an OSV API
// (https://google.github.io/osv.dev/api/). It tells the API names and versions
// of the packages and nothing else.
func NewAPI(cfg APIConfig) Source {
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultAPI
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	return api{cfg}
}

type api struct{ cfg APIConfig }

// query is one question of a batch, as the API reads it.
type query struct {
	Package struct {
		Name      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Version   string `json:"version,omitempty"`
	PageToken string `json:"page_token,omitempty"`
}

// newQuery asks for one version; for all of them if the package's can't be
// compared, so that it is known whether that matters.
func newQuery(p audit.Package) query {
	var q query
	q.Package.Ecosystem = p.Ecosystem
	if baseEcosystem(p.Ecosystem) == redHat {
		// It knows a product together with one repository only: all are asked
		// for, and judged here.
		q.Package.Ecosystem = redHat
	}
	q.Package.Name = p.Name
	if baseEcosystem(p.Ecosystem) == pypi {
		q.Package.Name = normalName(pypi, p.Name)
	}
	if v, err := parseVersion(p.Ecosystem, p.Version); err == nil {
		q.Version = v.text
	}
	return q
}

func (a api) Lookup(ctx context.Context, packages []audit.Package) (Answer, error) {
	base, err := parseBase(a.cfg.BaseURL)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, a.cfg.Timeout,
		fmt.Errorf("no complete answer from %s within %s", base.Redacted(), a.cfg.Timeout))
	defer cancel()
	l := &lookup{cfg: a.cfg, base: strings.TrimSuffix(base.String(), "/"), deadline: a.cfg.Now().Add(a.cfg.Timeout)}

	// Copies of one package are asked about once.
	index := make(map[query]int)
	var queries []query
	for _, p := range packages {
		q := newQuery(p)
		if _, known := index[q]; !known {
			index[q] = len(queries)
			queries = append(queries, q)
		}
	}
	ids, err := l.idsOf(ctx, queries)
	if err != nil {
		return Answer{}, err
	}
	records, problems, err := l.records(ctx, ids)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{
		Candidates: make([][]Candidate, len(packages)),
		Advisories: audit.Advisories{Source: base.Redacted(), Date: a.cfg.Now().UTC(), Live: true},
		Problems:   problems,
	}
	for i, p := range packages {
		q := newQuery(p)
		for _, id := range ids[index[q]] {
			if r := records[id]; r != nil {
				answer.Candidates[i] = append(answer.Candidates[i], Candidate{Record: r, Affected: q.Version != "" && q.Package.Ecosystem == p.Ecosystem})
			}
		}
	}
	return answer, nil
}

func parseBase(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		// The address may hold a password: it is not repeated.
		return nil, errors.New("the address of the OSV API is not a URL (expected: https://HOST or http://HOST)")
	}
	return base, nil
}

// lookup is one use of the API.
type lookup struct {
	cfg      APIConfig
	base     string
	deadline time.Time
}

// idsOf returns the ids of the advisories that each query has, sorted.
func (l *lookup) idsOf(ctx context.Context, queries []query) ([][]string, error) {
	ids := make([][]string, len(queries))
	for start := 0; start < len(queries); start += maxQueries {
		end := min(start+maxQueries, len(queries))
		if err := l.batch(ctx, queries[start:end], ids[start:end]); err != nil {
			return nil, err
		}
	}
	for i := range ids {
		slices.SortFunc(ids[i], compareIDs)
		ids[i] = slices.Compact(ids[i])
	}
	return ids, nil
}

// batch asks one batch, and again for the queries whose answer has further
// pages until none has.
func (l *lookup) batch(ctx context.Context, queries []query, ids [][]string) error {
	open := make([]int, len(queries)) // indexes of the queries that still have pages
	for i := range open {
		open[i] = i
	}
	asked := slices.Clone(queries)
	for range maxPages {
		results, err := l.page(ctx, asked)
		if err != nil {
			return err
		}
		var again []int
		var next []query
		for k, result := range results {
			i := open[k]
			for _, v := range result.Vulns {
				if v.ID == "" {
					return fmt.Errorf("%s answered with an advisory that has no id", l.shown())
				}
				ids[i] = append(ids[i], v.ID)
			}
			if result.NextPageToken != "" {
				q := queries[i]
				q.PageToken = result.NextPageToken
				again, next = append(again, i), append(next, q)
			}
		}
		if len(again) == 0 {
			return nil
		}
		open, asked = again, next
	}
	return fmt.Errorf("%s answered with more than %d pages", l.shown(), maxPages)
}

// result is the answer to one query.
type result struct {
	Vulns []struct {
		ID string `json:"id"`
	} `json:"vulns"`
	NextPageToken string `json:"next_page_token"`
}

func (l *lookup) page(ctx context.Context, queries []query) ([]result, error) {
	body, err := json.Marshal(map[string]any{"queries": queries})
	if err != nil {
		return nil, err
	}
	data, err := l.ask(ctx, http.MethodPost, "/v1/querybatch", body, maxBatchSize)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []result `json:"results"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("%s gave an answer that is not JSON as documented: %w", l.shown(), err)
	}
	if len(answer.Results) != len(queries) {
		return nil, fmt.Errorf("%s answered %d of %d queries", l.shown(), len(answer.Results), len(queries))
	}
	return answer.Results, nil
}

// shown is the address for messages.
func (l *lookup) shown() string {
	if base, err := url.Parse(l.base); err == nil {
		return base.Redacted()
	}
	return "the OSV API"
}
