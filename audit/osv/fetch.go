package osv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lambdagate/lambdagate/audit"
)

// records fetches each record once. One that the API names but does not have,
// or that can't be read, is a problem; the others stay.
func (l *lookup) records(ctx context.Context, ids [][]string) (map[string]*Record, []audit.Problem, error) {
	all := slices.Concat(ids...)
	slices.Sort(all)
	all = slices.Compact(all)
	found := make([]*Record, len(all))
	problems := make([]audit.Problem, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelVulns)
	for i, id := range all {
		group.Go(func() error {
			record, err := l.record(ctx, id)
			if errors.Is(err, errNoRecord) {
				problems[i].Reason = fmt.Sprintf("advisory %q concerns a package but can't be read: %v", id, err)
				return nil
			}
			found[i] = record
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	records := make(map[string]*Record, len(all))
	for i, id := range all {
		records[id] = found[i]
	}
	return records, slices.DeleteFunc(problems, func(p audit.Problem) bool { return p.Reason == "" }), nil
}

// errNoRecord marks the failure to get one record, while the API works.
var errNoRecord = errors.New("no usable record")

func (l *lookup) record(ctx context.Context, id string) (*Record, error) {
	data, err := l.ask(ctx, http.MethodGet, "/v1/vulns/"+url.PathEscape(id), nil, maxVulnSize)
	var status statusError
	switch {
	case errors.As(err, &status) && status.code == http.StatusNotFound, errors.Is(err, errTooLong):
		return nil, fmt.Errorf("%w: %w", errNoRecord, err)
	case err != nil:
		return nil, err
	}
	record, err := ParseRecord(bytes.TrimSpace(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRecord, err)
	}
	if record.ID != id {
		return nil, fmt.Errorf("%w: the answer is about %q", errNoRecord, record.ID)
	}
	return record, nil
}
