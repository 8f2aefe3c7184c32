package packages

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// Node.js finds a package under every name that leads to it, and the walk
// visits a file under its own: mods/lodash/package.json is no installed package
// until node_modules is a link to mods, or node_modules/lodash one to
// mods/lodash. Such packages are looked up here, after the walk.

// linked adds the npm packages that only a symbolic link makes installed.
func (c *collection) linked(ctx context.Context) []audit.Problem {
	known := map[name]bool{}
	for _, s := range c.sightings {
		if s.how == audit.HowInstalled {
			known[name{s.ecosystem, s.name + "@" + s.version}] = true
		}
	}
	var problems []audit.Problem
	for _, folder := range c.linkedFolders() {
		if ctx.Err() != nil {
			return problems
		}
		at := path.Join(folder, "package.json")
		found, err := c.readLinked(at)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotFolder):
			continue
		case err != nil:
			problems = append(problems, audit.Problem{Path: at, Reason: err.Error()})
		}
		for _, s := range found {
			key := name{s.ecosystem, s.name + "@" + s.version}
			if s.name == "" || s.version == "" || known[key] {
				continue
			}
			known[key] = true
			s.how, s.location.Path = audit.HowInstalled, at
			c.sightings = append(c.sightings, s)
		}
	}
	return problems
}

// errNotFolder is what looking for a file below a file gives.
var errNotFolder = errors.New("not a folder")

func (c *collection) readLinked(at string) ([]sighting, error) {
	if info, err := c.fsys.Stat(path.Dir(at)); err != nil || !info.IsDir() {
		return nil, errNotFolder
	}
	data, err := fs.ReadFile(c.fsys, at)
	if err != nil {
		return nil, err
	}
	return readPackageJSON(data)
}

// linkedFolders are the folders node_modules/name that there are by a link. A
// link to a package of the project's own workspace is left out: its name says
// nothing about a public package of that name.
func (c *collection) linkedFolders() []string {
	linker, ok := c.artifact.(audit.Linker)
	if !ok {
		return nil
	}
	var folders []string
	workspace := c.isWorkspace()
	for _, link := range linker.Links() {
		switch {
		case path.Base(link) == "node_modules":
			folders = append(folders, c.modulesIn(link)...)
		case isNodeModule(link) && !workspace:
			folders = append(folders, link)
		case strings.HasPrefix(path.Base(link), "@") && lastIs(path.Dir(link), "node_modules"):
			folders = append(folders, c.foldersIn(link)...)
		}
	}
	return folders
}

// modulesIn lists the packages of a node_modules folder.
func (c *collection) modulesIn(modules string) []string {
	var folders []string
	for _, folder := range c.foldersIn(modules) {
		if strings.HasPrefix(path.Base(folder), "@") {
			folders = append(folders, c.foldersIn(folder)...)
		} else {
			folders = append(folders, folder)
		}
	}
	return folders
}

func (c *collection) foldersIn(folder string) []string {
	entries, err := c.fsys.ReadDir(folder)
	if err != nil {
		return nil // the link leads to a file: nothing is installed there
	}
	var folders []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			folders = append(folders, path.Join(folder, e.Name()))
		}
	}
	return folders
}

// isWorkspace says whether the project has packages of its own
// (https://docs.npmjs.com/cli/using-npm/workspaces, https://pnpm.io/workspaces).
func (c *collection) isWorkspace() bool {
	if _, err := c.fsys.Stat("pnpm-workspace.yaml"); err == nil {
		return true
	}
	data, err := fs.ReadFile(c.fsys, "package.json")
	if err != nil {
		return false
	}
	f, err := parseJSON(data)
	return err == nil && f.Get("workspaces").Exists()
}
