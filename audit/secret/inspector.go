package secret

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/lambdagate/lambdagate/audit"
)

// Name is what outcomes and --only call the inspector.
const Name = "secret"

// Options are what the inspector works with.
type Options struct {
	// Key is the key of the HMAC-SHA256 of a value that stands in a finding's
	// subject, so that a waiver holds for one value and a report does not let a
	// guess at it be tested. It must be the same from build to build, and whoever
	// has both key and report can test guesses.
	Key []byte
}

// New returns the inspector. It builds its automaton here, once.
func New(o Options) audit.Inspector {
	return &inspector{engine: newEngine(detectors()), key: o.Key}
}

type inspector struct {
	engine *engine
	key    []byte
}

func (*inspector) Name() string        { return Name }
func (*inspector) Rules() []audit.Rule { return Rules() }

// Begin starts the examination of one target.
func (in *inspector) Begin(_ context.Context, target audit.Target) (audit.Examination, error) {
	rules := map[string]audit.Rule{}
	for _, rule := range Rules() {
		rules[rule.ID] = rule
	}
	return &examination{inspector: in, target: target.Name, artifact: target.Artifact, rules: rules, thirdParty: installed{}}, nil
}

// examination is the work on one target.
type examination struct {
	*inspector
	target   string
	artifact audit.Artifact
	rules    map[string]audit.Rule

	mu         sync.Mutex
	files      []fileMatches
	thirdParty installed
}

// fileMatches are the credentials of one file.
type fileMatches struct {
	info    audit.FileInfo
	matches []settled
}

// Wants every file: a credential may be in any.
func (*examination) Wants(audit.FileInfo) bool { return true }

// Visit scans one file. It holds one megabyte of a file that is not in memory.
func (e *examination) Visit(ctx context.Context, file audit.File) error {
	info := file.Info()
	if path.Base(info.Path) == recordName {
		if err := e.readRecord(file, info.Path); err != nil {
			return err
		}
	}
	s := scanner{engine: e.engine, file: factsOf(info.Path), claims: claims{hash: e.hash}}
	err := s.scan(ctx, file)
	if len(s.claims.settled) > 0 {
		e.mu.Lock()
		e.files = append(e.files, fileMatches{info: info, matches: s.claims.settled})
		e.mu.Unlock()
	}
	if err == nil && s.claims.exceeded {
		err = errTooMany
	}
	return err
}

func (e *examination) readRecord(file audit.File, name string) error {
	data, whole, err := file.Bytes()
	if err != nil || !whole {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.thirdParty.addRecord(name, data)
	return nil
}

func (s *scanner) scan(ctx context.Context, file audit.File) error {
	data, whole, err := file.Bytes()
	if err != nil {
		return err
	}
	if whole {
		return s.whole(ctx, data)
	}
	r, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return s.stream(ctx, r, chunkLength)
}

// hash is the keyed hash of a value, 16 hexadecimal digits.
func (in *inspector) hash(value audit.Secret) string {
	mac := hmac.New(sha256.New, in.key)
	mac.Write([]byte(value.Reveal()))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Conclude turns what was found into findings. What lies in third-party code is
// known only now. An image's configuration is looked at here too.
func (e *examination) Conclude(ctx context.Context, _ audit.Inventory) audit.Conclusion {
	var c audit.Conclusion
	img, isImage := e.artifact.(audit.ImageArtifact)
	if isImage {
		c = e.image(ctx, img.Image())
	}
	for _, file := range e.files {
		foreign := e.thirdParty.owns(file.info.Path) || isImage && ofDistribution(file.info.Path)
		for _, m := range file.matches {
			if foreign && !m.strong {
				continue
			}
			remedy := m.detector.revoke + remedyAfter
			if foreign && m.detector.vendor == "" {
				// What somebody else published for everybody is hardly secret:
				// mostly it is an example or the key of a test. Only a vendor
				// can tell whose a credential is that it issued.
				m.confidence = audit.ConfidenceLow
				remedy = "if it is your own and not an example of the package's authors: " + remedy
			}
			finding, err := e.finding(file.info, m, remedy)
			if err != nil {
				c.Failed = fmt.Errorf("make a finding: %w", err)
				return c
			}
			c.Findings = append(c.Findings, finding)
		}
	}
	return c
}

func (e *examination) finding(info audit.FileInfo, m settled, remedy string) (audit.Finding, error) {
	suffix, related := e.hidden(info)
	return audit.NewFinding(e.rules[m.detector.rule], audit.Finding{
		Severity: m.rated(), Confidence: m.confidence,
		Message: message(info.Path, m) + suffix,
		Target:  e.target,
		Origin:  info.Origin,
		Related: related,
		Location: audit.Location{
			Path: info.Path, Line: m.line, Column: m.column, Layer: info.Layer,
		},
		Subject:  info.Path + "#" + m.hash,
		Evidence: m.evidence,
		Remedy:   remedy,
	})
}

// rated is the match's severity, or else its detector's.
func (m settled) rated() audit.Severity {
	if m.severity != audit.SeverityUnknown {
		return m.severity
	}
	return m.detector.severity
}

// message is the finding's sentence: what is where, and what it opens.
func message(name string, m settled) string {
	file := clean(path.Base(name))
	if variable, generic := strings.CutSuffix(m.shown, "="); generic && m.detector.specific == byName {
		return fmt.Sprintf("%s is hardcoded in %s; %s", variable, file, m.detector.opens)
	}
	return fmt.Sprintf("%s in %s, which %s", m.detector.kind, file, m.detector.opens)
}

const remedyAfter = ", then load it at run time from AWS Secrets Manager or SSM Parameter Store and build again"

// clean replaces control characters and anything outside ASCII's printable
// range, so that a name out of an artifact is safe in a sentence.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
}
