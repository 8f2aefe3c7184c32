package gate

// The functions under test that users of the package don't need.
var (
	MatchGlob    = matchGlob
	EditDistance = editDistance
	ParseSize    = parseSize
	ParseAge     = parseAge
)

// Keys returns the keys that the loader knows, by the kind of mapping; these are
// the names in the JSON Schema's $defs, with "" for the policy itself.
func Keys() map[string][]string {
	d := &decoder{errs: &errorList{}}
	keys := map[string][]string{}
	for kind, fields := range map[string][]field{
		"":            d.documentFields(&document{}),
		"requirement": d.requirementFields(&requirementEntry{}),
		"clause":      d.clauseFields(&clauseEntry{}),
		"advisories":  d.advisoryFields(&document{}),
		"limits":      d.limitFields(&document{}),
		"image":       d.imageFields(&document{}),
		"waiver":      d.waiverFields(&Waiver{}),
	} {
		for _, f := range fields {
			keys[kind] = append(keys[kind], f.key)
		}
	}
	return keys
}

// RequiredKeys returns those that the loader insists on.
func RequiredKeys() []string {
	d := &decoder{errs: &errorList{}}
	var keys []string
	for _, f := range d.documentFields(&document{}) {
		if f.required {
			keys = append(keys, f.key)
		}
	}
	return keys
}
