package osv

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lambdagate/lambdagate/audit"
)

// archiveName is what an OSV export calls the records of an ecosystem
// (https://google.github.io/osv.dev/data/#data-dumps).
const archiveName = "all.zip"

// OpenFolder returns a source that reads a folder laid out as an OSV export:
// DIR/<Ecosystem>/all.zip with a JSON file a record. Records may also lie
// unpacked beside or instead of the archive, as DIR/<Ecosystem>/*.json. A
// folder that does not exist is an error that wraps [os.ErrNotExist]; so is,
// without wrapping it, one that holds no records.
func OpenFolder(dir string) (Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("advisory folder %q: %w", dir, err)
	}
	f := folder{dir: dir, shelves: make(map[string][]string)}
	for _, e := range entries {
		names, err := shelfFiles(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("advisory folder %q: %w", dir, err)
		}
		if len(names) > 0 {
			f.shelves[e.Name()] = names
		}
	}
	if len(f.shelves) == 0 {
		return nil, fmt.Errorf("folder %q holds no advisories (expected: <Ecosystem>/%s or <Ecosystem>/*.json, such as npm/%s)",
			dir, archiveName, archiveName)
	}
	return f, nil
}

// folder is a source; it is read anew for each lookup and holds no records.
type folder struct {
	dir string
	// shelves are the names of the record files of each ecosystem, sorted.
	shelves map[string][]string
}

// shelfFiles lists the record files of one ecosystem; none if the path is no
// folder.
func shelfFiles(dir string) ([]string, error) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && (e.Name() == archiveName || isRecordFile(e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func isRecordFile(name string) bool { return strings.HasSuffix(name, ".json") }

func (f folder) Lookup(ctx context.Context, packages []audit.Package) (Answer, error) {
	answer := Answer{
		Candidates: make([][]Candidate, len(packages)),
		Advisories: audit.Advisories{Source: f.dir, Named: true},
	}
	asked := make(map[string][]int) // ecosystem → indexes of packages
	for i, p := range packages {
		asked[p.Ecosystem] = append(asked[p.Ecosystem], i)
	}
	digest := sha256.New()
	for _, ecosystem := range slices.Sorted(maps.Keys(asked)) {
		shelf, ok := f.shelfOf(ecosystem)
		if !ok {
			answer.Problems = append(answer.Problems, audit.Problem{
				Reason: fmt.Sprintf("no advisories for ecosystem %q in %q", ecosystem, f.dir)})
			continue
		}
		found, err := f.read(ctx, ecosystem, shelf, wantedNames(ecosystem, packages, asked[ecosystem]), digest)
		if err != nil {
			return Answer{}, err
		}
		answer.Problems = append(answer.Problems, found.problems...)
		if !found.named && ecosystem != baseEcosystem(ecosystem) {
			answer.Problems = append(answer.Problems, audit.Problem{
				Reason: fmt.Sprintf("no advisories for release %q in %q, only for others", ecosystem, f.dir)})
		}
		// The oldest ecosystem counts: fresh Go advisories must not hide npm's
		// from years ago. An unknown date is older than any.
		if answer.Advisories.Digest == "" || found.newest.Before(answer.Advisories.Date) {
			answer.Advisories.Date = found.newest
		}
		answer.Advisories.Digest = fmt.Sprintf("sha256:%x", digest.Sum(nil))
		assign(answer.Candidates, packages, asked[ecosystem], found.records)
	}
	return answer, nil
}

// shelfOf finds the folder of an ecosystem: its own, or that of all its
// releases.
func (f folder) shelfOf(ecosystem string) (string, bool) {
	for _, name := range []string{ecosystem, baseEcosystem(ecosystem)} {
		if _, ok := f.shelves[name]; ok {
			return name, true
		}
	}
	return "", false
}

func wantedNames(ecosystem string, packages []audit.Package, indexes []int) map[string]bool {
	names := make(map[string]bool, len(indexes))
	for _, i := range indexes {
		names[normalName(ecosystem, packages[i].Name)] = true
	}
	return names
}

// assign gives each package the records that mention it.
func assign(candidates [][]Candidate, packages []audit.Package, indexes []int, records []*Record) {
	byName := make(map[string][]int)
	for _, i := range indexes {
		name := normalName(packages[i].Ecosystem, packages[i].Name)
		byName[name] = append(byName[name], i)
	}
	for _, r := range records {
		given := make(map[int]bool)
		for _, a := range r.Affected {
			for _, i := range byName[normalName(a.Package.Ecosystem, a.Package.Name)] {
				if !given[i] && r.Mentions(packages[i]) {
					given[i] = true
					candidates[i] = append(candidates[i], Candidate{Record: r})
				}
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// read looks through the files on the shelf of an ecosystem and adds them to the digest.
func (f folder) read(ctx context.Context, ecosystem, shelf string, wanted map[string]bool, digest hash.Hash) (*haul, error) {
	h := &haul{base: baseEcosystem(shelf), ecosystem: ecosystem, wanted: wanted}
	var files []string
	for _, name := range f.shelves[shelf] {
		if name != archiveName {
			files = append(files, name)
			continue
		}
		sum, err := h.readArchive(ctx, filepath.Join(f.dir, shelf, name))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(digest, "%s/%s %x\n", shelf, name, sum)
	}
	sums, err := h.readFiles(ctx, filepath.Join(f.dir, shelf), files)
	if err != nil {
		return nil, err
	}
	for i, name := range files {
		fmt.Fprintf(digest, "%s/%s %x\n", shelf, name, sums[i])
	}
	slices.SortStableFunc(h.records, func(a, b *Record) int { return compareIDs(a.ID, b.ID) })
	return h, nil
}
