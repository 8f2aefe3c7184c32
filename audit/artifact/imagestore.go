package artifact

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// store holds the documents and layers of an image on disk, by path.
type store interface {
	// open gives a file and its size; the error wraps fs.ErrNotExist if there
	// is none.
	open(name string) (io.ReadCloser, int64, error)
	Close() error
}

// folderStore is a folder, such as an OCI image layout. Nothing leads out of it.
type folderStore struct{ root *os.Root }

func (s folderStore) open(name string) (io.ReadCloser, int64, error) {
	f, stat, err := openRegular(s.root, name)
	if err != nil {
		return nil, 0, err
	}
	if stat.IsDir() {
		_ = f.Close() // it was only read
		return nil, 0, fmt.Errorf("%q %w", name, errIsFolder)
	}
	return f, stat.Size(), nil
}

func (s folderStore) Close() error { return s.root.Close() }

// tarStore is a tar archive, read in place.
type tarStore struct {
	file  *os.File
	parts map[string]part
}

// part is where the content of an archive's entry lies, or the target of a link.
type part struct {
	offset, size int64
	link         string
}

const (
	// maxParts bounds the entries of the outer archive: an image has three for
	// each layer, and an archive may hold many images.
	maxParts = 50_000
	// maxLinksInStore is how many links in a row are followed there.
	maxLinksInStore = 8
)

// openTar lists the entries of a tar archive; it skips their content.
func openTar(ctx context.Context, name string) (*tarStore, error) {
	f, err := os.OpenFile(name, readOnly, 0)
	if err != nil {
		return nil, fmt.Errorf("can't be opened: %w", cause(err))
	}
	s := &tarStore{file: f, parts: map[string]part{}}
	if err := s.list(ctx); err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	return s, nil
}

func (s *tarStore) list(ctx context.Context) error {
	stat, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("can't be read: %w", cause(err))
	}
	section := io.NewSectionReader(s.file, 0, stat.Size())
	archive := tar.NewReader(section)
	for n := 0; ; n++ {
		h, err := archive.Next()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("is cut short: an entry of the tar archive goes beyond the end of the file")
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return fmt.Errorf("is a damaged tar archive: %w", err)
		case n == maxParts:
			return fmt.Errorf("is a tar archive with more than %d entries, which no image has", maxParts)
		}
		at, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return fmt.Errorf("can't be read: %w", cause(err))
		}
		switch h.Typeflag {
		case tar.TypeReg:
			if !isSparse(h) {
				s.parts[path.Clean(h.Name)] = part{offset: at, size: h.Size}
			}
		case tar.TypeSymlink: // docker save makes them for layers that are the same
			s.parts[path.Clean(h.Name)] = part{link: path.Join(path.Dir(h.Name), h.Linkname)}
		case tar.TypeLink:
			s.parts[path.Clean(h.Name)] = part{link: path.Clean(h.Linkname)}
		}
	}
}

// isSparse says whether an entry's content is not stored as it is. No tool
// writes an image so.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (s *tarStore) open(name string) (io.ReadCloser, int64, error) {
	p, ok := s.parts[path.Clean(name)]
	for range maxLinksInStore {
		if p.link == "" {
			break
		}
		p, ok = s.parts[p.link]
	}
	if !ok || p.link != "" {
		return nil, 0, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	return io.NopCloser(io.NewSectionReader(s.file, p.offset, p.size)), p.size, nil
}

func (s *tarStore) has(name string) bool {
	_, ok := s.parts[name]
	return ok
}

func (s *tarStore) Close() error { return s.file.Close() }

// readDocument reads a file of bounded size.
func readDocument(s store, name string) ([]byte, error) {
	r, size, err := s.open(name)
	if err != nil {
		return nil, fmt.Errorf("has no %q that can be read: %w", name, cause(err))
	}
	defer func() { _ = r.Close() }() // it was only read
	if size > maxDocument {
		return nil, fmt.Errorf("has a %q that %w", name, errDocument)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("has a %q that can't be read: %w", name, cause(err))
	}
	return data, nil
}

// storedImage is an image in a store.
type storedImage struct {
	store     store
	manifest  []byte
	config    []byte
	mediaType types.MediaType
	layers    map[v1.Hash]storedLayer
}

// image makes go-containerregistry's image of it.
func (i *storedImage) image() (v1.Image, error) { return partial.CompressedToImage(i) }

func (i *storedImage) RawConfigFile() ([]byte, error)      { return i.config, nil }
func (i *storedImage) MediaType() (types.MediaType, error) { return i.mediaType, nil }
func (i *storedImage) RawManifest() ([]byte, error)        { return i.manifest, nil }

// LayerByDigest gives a layer of the manifest.
func (i *storedImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	l, ok := i.layers[h]
	if !ok {
		return nil, fmt.Errorf("layer %s is not in the manifest", h)
	}
	return l, nil
}

// storedLayer is a layer in a store.
type storedLayer struct {
	store store
	name  string
	desc  v1.Descriptor
}

func (l storedLayer) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l storedLayer) Size() (int64, error)                { return l.desc.Size, nil }
func (l storedLayer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }

// Compressed gives the blob as it is stored.
func (l storedLayer) Compressed() (io.ReadCloser, error) {
	r, _, err := l.store.open(l.name)
	return r, err
}
