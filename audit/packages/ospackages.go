package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	apkmeta "github.com/google/osv-scalibr/extractor/filesystem/os/apk/metadata"
	dpkgmeta "github.com/google/osv-scalibr/extractor/filesystem/os/dpkg/metadata"
	rpmmeta "github.com/google/osv-scalibr/extractor/filesystem/os/rpm/metadata"
	"github.com/google/osv-scalibr/purl"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/packages/rpmdb"
)

// osPlace is what a path is to an operating system's package manager.
type osPlace uint8

const (
	osNowhere      osPlace = iota
	osRelease              // which distribution it is
	dpkgStatus             // var/lib/dpkg/status, or status.d/name of a distroless image
	dpkgFiles              // var/lib/dpkg/info/name.list
	apkInstalled           // lib/apk/db/installed
	rpmDatabase            // var/lib/rpm/rpmdb.sqlite and its like
	rpmWriteAhead          // changes that are not yet in rpmdb.sqlite
	dpkgInfoFolder = "var/lib/dpkg/info"
	distrolessPath = "var/lib/dpkg/status.d"
)

// osPlaceOf is called for every file of an image: string comparisons only.
func osPlaceOf(path string) osPlace {
	switch path {
	case "etc/os-release", "usr/lib/os-release":
		return osRelease
	case "var/lib/dpkg/status":
		return dpkgStatus
	case "lib/apk/db/installed", "usr/lib/apk/db/installed":
		return apkInstalled
	}
	dir, base := cutLast(path)
	switch dir {
	case dpkgInfoFolder:
		if strings.HasSuffix(base, ".list") {
			return dpkgFiles
		}
	case distrolessPath:
		if !strings.HasSuffix(base, ".md5sums") {
			return dpkgStatus
		}
	case "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm":
		switch base {
		case "rpmdb.sqlite", "Packages.db", "Packages":
			return rpmDatabase
		case "rpmdb.sqlite-wal":
			return rpmWriteAhead
		}
	}
	return osNowhere
}

// Limits on what a package manager keeps as text, in bytes; a system with
// 5,000 packages has 10 MB of each.
const (
	maxOSDatabase = 128 << 20
	maxOSRelease  = 64 << 10
	maxFileList   = 64 << 20
)

var errWriteAhead = errors.New("holds changes to the package database that were not read (run rpmdb --rebuilddb in the image)")

// readOSPackages lists the packages in one database. What distribution they
// are of is filled in later.
func (c *collection) readOSPackages(ctx context.Context, where osPlace, file audit.File) ([]*extractor.Package, error) {
	if where == rpmDatabase {
		return readRPM(file)
	}
	data, err := upTo(file, maxOSDatabase)
	if err != nil {
		return nil, err
	}
	if where == apkInstalled {
		if file.Info().HiddenBy == "" {
			c.own(apkOwned(data))
		}
		return runOS(ctx, c.os.apk, file.Info(), data)
	}
	found, err := runOS(ctx, c.os.dpkg, file.Info(), data)
	found = slices.DeleteFunc(found, notUnpacked)
	if err == nil && len(found) == 0 && strings.HasPrefix(file.Info().Path, distrolessPath) {
		err = errors.New("names no package")
	}
	return found, err
}

// dpkgConfig has the extractor give packages in every state.
func dpkgConfig() *cpb.PluginConfig {
	return &cpb.PluginConfig{PluginSpecific: []*cpb.PluginSpecificConfig{{
		Config: &cpb.PluginSpecificConfig_Dpkg{Dpkg: &cpb.DpkgConfig{IncludeNotInstalled: true}},
	}}}
}

// notUnpacked says whether a package's files are not there. In all other states
// (half-configured, triggers-pending) they are
// (https://man7.org/linux/man-pages/man1/dpkg.1.html#INFORMATION_ABOUT_PACKAGES).
// The packages of distroless images have no state.
func notUnpacked(p *extractor.Package) bool {
	m, ok := p.Metadata.(*dpkgmeta.Metadata)
	return ok && (strings.HasSuffix(m.Status, " not-installed") || strings.HasSuffix(m.Status, " config-files"))
}

// runOS runs one of osv-scalibr's extractors. It sees no other file: the
// distribution is not known before the walk has ended.
func runOS(ctx context.Context, e filesystem.Extractor, info audit.FileInfo, data []byte) ([]*extractor.Package, error) {
	inventory, err := e.Extract(ctx, &filesystem.ScanInput{
		FS: smallFiles{noFiles{}}, Path: info.Path, Info: fileInfo{info, int64(len(data))}, Reader: bytes.NewReader(data),
	})
	if err != nil {
		err = fmt.Errorf("can't be parsed: %w", err)
	}
	return inventory.Packages, err
}

// readRPM lists the packages of rpm's database, as osv-scalibr does: it has
// rpm's library read a copy on disk. The keys that rpm files as packages are
// left out.
func readRPM(file audit.File) (found []*extractor.Package, err error) {
	r, err := file.ReaderAt()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	packages, err := rpmdb.Read(r, file.Info().Size)
	if err != nil {
		err = fmt.Errorf("can't be parsed: %w", err)
	}
	for _, p := range packages {
		if p.Name == "gpg-pubkey" {
			continue
		}
		found = append(found, &extractor.Package{
			Name: p.Name, Version: p.Version + "-" + p.Release, PURLType: purl.TypeRPM,
			Metadata: &rpmmeta.Metadata{PackageName: p.Name, SourceRPM: p.SourceRPM, Epoch: p.Epoch, Architecture: p.Arch},
		})
	}
	return found, err
}

// upTo reads a file of at most limit bytes.
func upTo(file audit.File, limit int64) (data []byte, err error) {
	if size := file.Info().Size; size > limit {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d", errTooLarge, size, limit)
	}
	r, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(io.LimitReader(r, limit))
}

// osPackage completes a package with the distribution it is of.
func (d distribution) osPackage(p *extractor.Package) audit.Package {
	d.fill(p.Metadata)
	out := audit.Package{
		PURL: p.PURL().String(), Ecosystem: d.ecosystem(p.Metadata), Name: p.Name, Version: p.Version, How: audit.HowInstalled,
	}
	switch m := p.Metadata.(type) {
	case *dpkgmeta.Metadata:
		// Debian's and Ubuntu's advisories name the source package, whose
		// version may differ: bsdutils 1:2.38.1-5 is made of util-linux 2.38.1-5.
		if m.SourceName != "" && m.SourceName != p.Name || m.SourceVersion != "" {
			out.SourceName, out.SourceVersion = m.SourceName, m.SourceVersion
		}
	case *apkmeta.Metadata:
		if m.OriginName != p.Name {
			out.SourceName = m.OriginName
		}
	case *rpmmeta.Metadata:
		if m.Epoch > 0 {
			out.Version = fmt.Sprintf("%d:%s", m.Epoch, p.Version)
		}
	}
	return out
}
