package osv

import (
	"context"
	"encoding/json"
	"path"
	"sync"

	"github.com/lambdagate/lambdagate/audit"
)

// manifest is what the files at the artifact's root, or at that of a layer for
// Node.js, tell of how packages are updated there. It only words remedies: what
// can't be read leaves them as they are.
type manifest struct {
	mu sync.Mutex
	// direct are the npm packages that the function asks for itself; nil if
	// unknown.
	direct map[string]bool
	// node and python are the package managers whose lockfiles lie there.
	node, python string
}

// nodeManagers are the package managers for npm packages by their lockfiles.
func nodeManagers() map[string]string {
	return map[string]string{
		"package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm", "bun.lock": "bun",
	}
}

// pythonManagers are the commands that add a requirement, by lockfile; none
// where it is written by hand.
func pythonManagers() map[string]string {
	return map[string]string{
		"uv.lock": "uv add", "poetry.lock": "poetry add", "pdm.lock": "pdm add", "Pipfile.lock": "pipenv install", "requirements.txt": "",
	}
}

// wants says whether a file is the package.json or a lockfile.
func (m *manifest) wants(name string) bool {
	dir, base := path.Split(name)
	_, python := pythonManagers()[base]
	return (dir == "" || dir == "nodejs/") && (base == "package.json" || nodeManagers()[base] != "" || python)
}

func (m *manifest) visit(file audit.File) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	base := path.Base(file.Info().Path)
	if manager := nodeManagers()[base]; manager != "" {
		if m.node != "npm" {
			m.node = manager
		}
		return nil
	}
	if _, python := pythonManagers()[base]; python {
		if m.python == "" || m.python == "requirements.txt" { // others export one
			m.python = base
		}
		return nil
	}
	data, whole, err := file.Bytes()
	if err != nil || !whole {
		return err
	}
	var content struct {
		Dependencies, OptionalDependencies, DevDependencies map[string]any
	}
	if json.Unmarshal(data, &content) != nil {
		return nil
	}
	for _, group := range []map[string]any{content.Dependencies, content.OptionalDependencies, content.DevDependencies} {
		for name := range group {
			if m.direct == nil {
				m.direct = map[string]bool{}
			}
			m.direct[name] = true
		}
	}
	return nil
}

// indirect says that the function does not ask for the package itself.
func (m *manifest) indirect(name string) bool { return m.direct != nil && !m.direct[name] }

// Wants the files that word remedies.
func (e examination) Wants(info audit.FileInfo) bool { return e.manifest.wants(info.Path) }

// Visit reads one of them.
func (e examination) Visit(_ context.Context, file audit.File) error { return e.manifest.visit(file) }
