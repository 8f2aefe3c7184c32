package packages

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"io"
	"slices"
)

// magicSize is how many bytes tell a program.
const magicSize = 4

// hasMagic says whether content begins like an ELF, PE or Mach-O program.
func hasMagic(content []byte) bool {
	return len(content) >= magicSize && imageOpener(content[:magicSize]) != nil
}

// image is a program's section table.
type image struct {
	// section gives a section's content by name, or nil.
	section func(name string) io.Reader
	// names is true if a Go program would name its sections: it has a table,
	// and its format gives Go's data sections of their own.
	names bool
}

func (i image) hasAny(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return i.section(name) != nil })
}

// openImage reads the section table of a program.
func openImage(r io.ReaderAt) (image, error) {
	var magic [magicSize]byte
	if _, err := r.ReadAt(magic[:], 0); err != nil {
		return image{}, err
	}
	return imageOpener(magic[:])(r)
}

func imageOpener(magic []byte) func(io.ReaderAt) (image, error) {
	switch {
	case string(magic) == elf.ELFMAG:
		return openELF
	case bytes.HasPrefix(magic, []byte("MZ")):
		return openPE
	case string(magic[:3]) == "\xfe\xed\xfa", string(magic[1:]) == "\xfa\xed\xfe":
		return openMachO
	}
	return nil
}

func openELF(r io.ReaderAt) (image, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return image{}, err
	}
	section := func(name string) io.Reader {
		if s := f.Section(name); s != nil {
			return s.Open()
		}
		return nil
	}
	return image{section: section, names: len(f.Sections) > 0}, nil
}

func openPE(r io.ReaderAt) (image, error) {
	f, err := pe.NewFile(r)
	if err != nil {
		return image{}, err
	}
	section := func(name string) io.Reader {
		if s := f.Section(name); s != nil {
			return s.Open()
		}
		return nil
	}
	return image{section: section}, nil
}

func openMachO(r io.ReaderAt) (image, error) {
	f, err := macho.NewFile(r)
	if err != nil {
		return image{}, err
	}
	section := func(name string) io.Reader {
		if s := f.Section(name); s != nil {
			return s.Open()
		}
		return nil
	}
	return image{section: section, names: len(f.Sections) > 0}, nil
}
