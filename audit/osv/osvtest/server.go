// Package osvtest is an OSV API for tests: a server in the test's own process
// that speaks the real protocol over records from a folder.
package osvtest

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/osv"
)

// Server is a running API.
type Server struct {
	// URL is its address, for osv.APIConfig.BaseURL.
	URL string

	records []*osv.Record
	raw     map[string]json.RawMessage

	mu       sync.Mutex
	pageSize int
	fault    func(http.ResponseWriter, *http.Request) bool
	requests []string
}

// NewServer serves the records in dir, laid out as for osv.OpenFolder, until
// the test ends.
func NewServer(t testing.TB, dir string) *Server {
	t.Helper()
	s := &Server{raw: make(map[string]json.RawMessage)}
	if err := s.load(dir); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/querybatch", s.querybatch)
	mux.HandleFunc("GET /v1/vulns/{id}", s.vuln)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := s.note(r); fault == nil || !fault(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// SetPageSize makes the server give at most n ids a result and a token for
// the next page; 0 gives all at once.
func (s *Server) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = n
}

// SetFault has every request offered to fault first; if that returns true it
// has answered.
func (s *Server) SetFault(fault func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Requests are the method and path of every request so far.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) note(r *http.Request) func(http.ResponseWriter, *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.EscapedPath())
	return s.fault
}

func (s *Server) load(dir string) error {
	archives, _ := filepath.Glob(filepath.Join(dir, "*", "all.zip"))
	for _, name := range archives {
		archive, err := zip.OpenReader(name)
		if err != nil {
			return err
		}
		defer archive.Close()
		for _, entry := range archive.File {
			content, err := entry.Open()
			if err != nil {
				return err
			}
			data, err := io.ReadAll(content)
			content.Close()
			if err != nil {
				return err
			}
			s.add(data)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		s.add(data)
	}
	if len(s.records) == 0 {
		return fmt.Errorf("no records in %q", dir)
	}
	return nil
}

// add takes in a record; like the real database the server holds valid ones
// only.
func (s *Server) add(data []byte) {
	record, err := osv.ParseRecord(data)
	if err != nil || record.Withdrawn != "" {
		return
	}
	if _, known := s.raw[record.ID]; !known {
		s.records = append(s.records, record)
	}
	s.raw[record.ID] = data
}

type query struct {
	Package struct {
		Name      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Version   string `json:"version"`
	PageToken string `json:"page_token"`
}

type vuln struct {
	ID       string `json:"id"`
	Modified string `json:"modified"`
}

type result struct {
	Vulns         []vuln `json:"vulns,omitempty"`
	NextPageToken string `json:"next_page_token,omitempty"`
}

func (s *Server) querybatch(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Queries []query `json:"queries"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if len(request.Queries) > 1000 {
		refuse(w, http.StatusBadRequest, "too many queries")
		return
	}
	results := make([]result, 0, len(request.Queries))
	for _, q := range request.Queries {
		if q.Package.Name == "" || q.Package.Ecosystem == "" {
			refuse(w, http.StatusBadRequest, "invalid query")
			return
		}
		results = append(results, s.page(s.find(q), q.PageToken))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
}

// find returns the advisories that affect the version, or without one all
// that name the package.
func (s *Server) find(q query) []vuln {
	p := audit.Package{Ecosystem: q.Package.Ecosystem, Name: q.Package.Name, Version: q.Version}
	var found []vuln
	for _, r := range s.records {
		matches := r.Mentions(p)
		if matches && q.Version != "" {
			affected, err := r.Affects(p)
			matches = affected && err == nil
		}
		if matches {
			found = append(found, vuln{ID: r.ID, Modified: "2024-01-01T00:00:00Z"})
		}
	}
	return found
}

// page cuts out one page; a token is the number of advisories already given.
func (s *Server) page(found []vuln, token string) result {
	s.mu.Lock()
	size := s.pageSize
	s.mu.Unlock()
	start, _ := strconv.Atoi(strings.TrimPrefix(token, "from-"))
	found = found[min(start, len(found)):]
	if size == 0 || len(found) <= size {
		return result{Vulns: found}
	}
	return result{Vulns: found[:size], NextPageToken: fmt.Sprintf("from-%d", start+size)}
}

func (s *Server) vuln(w http.ResponseWriter, r *http.Request) {
	raw, known := s.raw[r.PathValue("id")]
	if !known {
		refuse(w, http.StatusNotFound, "bug not found")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw)
}

// refuse answers with the API's form of an error.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": status, "message": message})
}
