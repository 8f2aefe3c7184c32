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
	return len(content) >= magicSize && executableOpener(content[:magicSize]) != nil
}

// executable is a program's section table.
type executable struct {
	// section gives a section's content by name, or nil.
	section func(name string) io.Reader
	// names is true if a Go program would name its sections: it has a table,
	// and its format gives Go's data sections of their own.
	names bool
}

func (i executable) hasAny(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return i.section(name) != nil })
}

// openExecutable reads the section table of a program.
func openExecutable(r io.ReaderAt) (executable, error) {
	var magic [magicSize]byte
	if _, err := r.ReadAt(magic[:], 0); err != nil {
		return executable{}, err
	}
	return executableOpener(magic[:])(r)
}

func executableOpener(magic []byte) func(io.ReaderAt) (executable, error) {
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

func openELF(r io.ReaderAt) (executable, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return executable{}, err
	}
	section := func(name string) io.Reader {
		if s := f.Section(name); s != nil {
			return s.Open()
		}
		return nil
	}
	return executable{section: section, names: len(f.Sections) > 0}, nil
}

func openPE(r io.ReaderAt) (executable, error) {
	f, err := pe.NewFile(r)
	if err != nil {
		return executable{}, err
	}
	section := func(name string) io.Reader {
		if s := f.Section(name); s != nil {
			return s.Open()
		}
		return nil
	}
	return executable{section: section}, nil
}

func openMachO(r io.ReaderAt) (executable, error) {
	f, err := macho.NewFile(r)
	if err != nil {
		return executable{}, err
	}
	section := func(name string) io.Reader {
		if s := f.Section(name); s != nil {
			return s.Open()
		}
		return nil
	}
	return executable{section: section, names: len(f.Sections) > 0}, nil
}
