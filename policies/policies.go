// Package policies holds the built-in policies and the JSON Schema of policy
// files. It is data: package gate gives it meaning.
package policies

import (
	"embed"
	"io/fs"
	"slices"
)

//go:embed baseline.yaml strict.yaml
var files embed.FS

//go:embed policy.schema.json
var schema []byte

//go:embed template.yaml
var template []byte

// Files returns the built-in policies, each as NAME.yaml.
func Files() fs.FS { return files }

// Schema returns the JSON Schema (draft 2020-12) of policy files, for editors.
func Schema() []byte { return slices.Clone(schema) }

// Template returns a commented policy file to start from.
func Template() []byte { return slices.Clone(template) }
