package audit

import "fmt"

// Severity says how much harm a flaw can do. The order is by harm, with one
// exception: unknown is the zero value, and policy treats it as high.
type Severity uint8

// The severities, from the JSON contract.
const (
	SeverityUnknown Severity = iota
	SeverityInfo
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

func severityNames() []string {
	return []string{"unknown", "info", "low", "medium", "high", "critical"}
}

// String returns the lower-case name, or "unknown" for a value out of range.
func (s Severity) String() string { return nameOf(severityNames(), int(s)) }

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name and refuses any other word.
func (s *Severity) UnmarshalText(text []byte) error {
	v, err := ParseSeverity(string(text))
	*s = v
	return err
}

// ParseSeverity reads one of critical, high, medium, low, info, unknown.
func ParseSeverity(name string) (Severity, error) {
	i, ok := indexOf(severityNames(), name)
	if !ok {
		return SeverityUnknown, fmt.Errorf("unknown severity %q (allowed: critical, high, medium, low, info, unknown)", name)
	}
	return Severity(i), nil
}

// Confidence says how sure a finding is. The zero value is low.
type Confidence uint8

// The confidences, from the JSON contract.
const (
	ConfidenceLow Confidence = iota
	ConfidenceMedium
	ConfidenceHigh
)

func confidenceNames() []string { return []string{"low", "medium", "high"} }

// String returns the lower-case name.
func (c Confidence) String() string { return nameOf(confidenceNames(), int(c)) }

// MarshalText writes the name.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a name and refuses any other word.
func (c *Confidence) UnmarshalText(text []byte) error {
	v, err := ParseConfidence(string(text))
	*c = v
	return err
}

// ParseConfidence reads one of high, medium, low.
func ParseConfidence(name string) (Confidence, error) {
	i, ok := indexOf(confidenceNames(), name)
	if !ok {
		return ConfidenceLow, fmt.Errorf("unknown confidence %q (allowed: high, medium, low)", name)
	}
	return Confidence(i), nil
}

func nameOf(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return names[0]
	}
	return names[i]
}

func indexOf(names []string, name string) (int, bool) {
	for i, n := range names {
		if n == name {
			return i, true
		}
	}
	return 0, false
}
