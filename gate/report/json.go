package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxReport bounds what ReadJSON takes, in bytes: ten times the report on an
// artifact of 100,000 packages.
const maxReport = 512 << 20

// writeJSON writes the contract of docs/report.md, indented. Besides what
// encoding/json escapes (control characters, HTML), everything that can't be
// seen is written as \uNNNN: the same JSON value, harmless on a terminal.
func writeJSON(w io.Writer, r Report, _ Options) error {
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(raw.Bytes()))
	return err
}

// ReadJSON reads a report that Write wrote in the format json, up to 512 MiB,
// and nothing else: another kind of file and a newer schema are errors. Fields
// that it doesn't know are passed over, since a later version 1 may have added
// them.
func ReadJSON(r io.Reader) (Report, error) { return readJSON(r, maxReport) }

func readJSON(r io.Reader, limit int64) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return Report{}, fmt.Errorf("read a report: %w", err)
	}
	if int64(len(data)) > limit {
		return Report{}, fmt.Errorf("read a report: larger than %d bytes", limit)
	}
	if err := checkHeader(data); err != nil {
		return Report{}, err
	}
	var report Report
	if err := json.Unmarshal(data, &report); err != nil {
		return Report{}, fmt.Errorf("not a lambdagate report: %w", err)
	}
	return report, nil
}

// checkHeader looks at what tells a report from any other JSON, before the
// rest is read with the types of this schema.
func checkHeader(data []byte) error {
	var header struct {
		Schema  *int
		Tool    *struct{ Name string }
		Verdict *struct{ Decision string }
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return fmt.Errorf("not a lambdagate report: %w", err)
	}
	switch {
	case header.Schema == nil || *header.Schema < 1:
		return errors.New("not a lambdagate report: it has no schema number")
	case *header.Schema > Schema:
		return fmt.Errorf("schema %d is newer than this lambdagate, which reads up to %d", *header.Schema, Schema)
	case header.Tool == nil || header.Tool.Name == "":
		return errors.New("not a lambdagate report: it names no tool")
	case header.Verdict == nil || header.Verdict.Decision == "":
		return errors.New("not a lambdagate report: it has no verdict")
	}
	return nil
}
