package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/log"

	"github.com/lambdagate/lambdagate/audit"
)

// SilenceLibraries stops osv-scalibr from writing to the standard error
// stream. That library logs through one logger for the whole process and
// offers no other way; call it once, before the first collection.
func SilenceLibraries() { log.SetLogger(silent{}) }

// silent is a logger that says nothing: what goes wrong with a file is
// returned as an error as well.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Error(...any)          {}
func (silent) Warnf(string, ...any)  {}
func (silent) Warn(...any)           {}
func (silent) Infof(string, ...any)  {}
func (silent) Info(...any)           {}
func (silent) Debugf(string, ...any) {}
func (silent) Debug(...any)          {}

// constructor makes one of osv-scalibr's extractors.
type constructor func(*cpb.PluginConfig) (filesystem.Extractor, error)

// extractorConfig keeps the jar extractor to what it is used for, one manifest.
func extractorConfig() *cpb.PluginConfig {
	hash := false
	return &cpb.PluginConfig{PluginSpecific: []*cpb.PluginSpecificConfig{{
		Config: &cpb.PluginSpecificConfig_JavaArchive{JavaArchive: &cpb.JavaArchiveConfig{HashJars: &hash, MaxZipDepth: 1}},
	}}}
}

// extract runs one of osv-scalibr's extractors over one file and gives what it
// found as packages of the ecosystem.
func (c *collection) extract(ctx context.Context, e filesystem.Extractor, ecosystem string, info audit.FileInfo, data []byte) ([]sighting, error) {
	packages, err := c.run(ctx, e, info, data)
	found := make([]sighting, 0, len(packages))
	for _, p := range packages {
		found = append(found, sightingOf(ecosystem, p))
	}
	return found, err
}

func (c *collection) run(ctx context.Context, e filesystem.Extractor, info audit.FileInfo, data []byte) ([]*extractor.Package, error) {
	inventory, err := e.Extract(ctx, &filesystem.ScanInput{
		FS: c.fsys, Path: info.Path, Info: fileInfo{info, int64(len(data))}, Reader: bytes.NewReader(data),
	})
	if err != nil {
		err = fmt.Errorf("can't be parsed: %w", err)
	}
	return inventory.Packages, err
}

// sightingOf leaves the ecosystem to the caller: osv-scalibr files a package
// that came from a Git repository under no ecosystem, while its name and
// version are the ecosystem's all the same.
func sightingOf(ecosystem string, p *extractor.Package) sighting {
	s := sighting{ecosystem: ecosystem, name: p.Name, version: p.Version}
	if d := p.Location.Descriptor; d != nil && d.File != nil {
		s.location.Line = d.File.LineNumber
	}
	return s
}

// fileInfo is a file of an artifact as fs.FileInfo.
type fileInfo struct {
	info audit.FileInfo
	size int64
}

func (f fileInfo) Name() string       { return path.Base(f.info.Path) }
func (f fileInfo) Size() int64        { return f.size }
func (f fileInfo) Mode() fs.FileMode  { return f.info.Mode }
func (f fileInfo) ModTime() time.Time { return time.Time{} }
func (f fileInfo) IsDir() bool        { return false }
func (f fileInfo) Sys() any           { return nil }

// maxSideFile bounds, in bytes, the files that an extractor may open beside
// the one it was given: a requirements file included with -r, go.sum, the
// parent of a pom.xml.
const maxSideFile = 2 << 20

// smallFiles is an artifact's files as osv-scalibr wants them, without those
// that are too large to be what an extractor looks for.
type smallFiles struct{ fs.FS }

// Open opens a file of at most maxSideFile bytes.
func (s smallFiles) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > maxSideFile {
		err = &fs.PathError{Op: "open", Path: name, Err: errTooLarge}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadDir lists a folder.
func (s smallFiles) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(s.FS, name) }

// Stat describes a file.
func (s smallFiles) Stat(name string) (fs.FileInfo, error) { return fs.Stat(s.FS, name) }
