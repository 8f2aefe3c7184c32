package packages_test

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"testing"
)

// section is a part of a program to build.
type section struct {
	name string
	data []byte
}

// base is the address at which elfImage loads the start of the file.
const base = 0x10000

// elfImage builds a program with the sections and one segment that holds the
// whole file.
func elfImage(t testing.TB, sections ...section) []byte {
	t.Helper()
	const headerSize, segmentSize, entrySize = 64, 56, 64
	var body bytes.Buffer
	body.Write(make([]byte, headerSize+segmentSize))
	names := []byte{0}
	table := []elf.Section64{{}}
	for _, s := range append(sections, section{name: ".shstrtab"}) {
		name := uint32(len(names))
		names = append(append(names, s.name...), 0)
		if s.name == ".shstrtab" {
			s.data = names
		}
		body.Write(make([]byte, -body.Len()&15))
		table = append(table, elf.Section64{
			Name: name, Type: uint32(elf.SHT_PROGBITS), Addr: base + uint64(body.Len()),
			Off: uint64(body.Len()), Size: uint64(len(s.data)), Addralign: 16,
		})
		body.Write(s.data)
	}
	table[len(table)-1].Type = uint32(elf.SHT_STRTAB)
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: headerSize, Shoff: uint64(body.Len()),
		Ehsize: headerSize, Phentsize: segmentSize, Phnum: 1, Shentsize: entrySize,
		Shnum: uint16(len(table)), Shstrndx: uint16(len(table) - 1),
	}
	copy(header.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	write(t, &body, table)
	file := body.Bytes()
	segment := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Vaddr: base,
		Filesz: uint64(len(file)), Memsz: uint64(len(file)),
	}
	var head bytes.Buffer
	write(t, &head, header)
	write(t, &head, segment)
	copy(file, head.Bytes())
	return padded(file)
}

// peImage builds a Windows program with one section.
func peImage(t testing.TB, s section) []byte {
	t.Helper()
	const dosSize = 64
	dos := make([]byte, dosSize)
	copy(dos, "MZ")
	dos[0x3c] = dosSize
	header := pe.SectionHeader32{SizeOfRawData: uint32(len(s.data)), VirtualSize: uint32(len(s.data)), PointerToRawData: 256}
	copy(header.Name[:], s.name)
	file := bytes.NewBuffer(append(dos, "PE\x00\x00"...))
	write(t, file, pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1})
	write(t, file, header)
	file.Write(make([]byte, 256-file.Len()))
	file.Write(s.data)
	return padded(file.Bytes())
}

// machoImage builds a macOS program with one section.
func machoImage(t testing.TB, s section) []byte {
	t.Helper()
	segment := macho.Segment64{Cmd: macho.LoadCmdSegment64, Len: 72 + 80, Nsect: 1}
	header := macho.Section64{Size: uint64(len(s.data)), Offset: 256}
	copy(header.Name[:], s.name)
	var file bytes.Buffer
	write(t, &file, macho.FileHeader{Magic: macho.Magic64, Cpu: macho.CpuAmd64, Type: macho.TypeExec, Ncmd: 1, Cmdsz: segment.Len})
	write(t, &file, uint32(0)) // reserved
	write(t, &file, segment)
	write(t, &file, header)
	file.Write(make([]byte, 256-file.Len()))
	file.Write(s.data)
	return padded(file.Bytes())
}

func write(t testing.TB, out *bytes.Buffer, value any) {
	t.Helper()
	if err := binary.Write(out, binary.LittleEndian, value); err != nil {
		t.Fatal(err)
	}
}

// padded makes a file as large as a program is.
func padded(file []byte) []byte { return append(file, make([]byte, 4096)...) }

// goInfo is the section that the Go linker writes: the toolchain's version and
// the module information, which is framed.
func goInfo(version, modules string) section {
	data := make([]byte, 32)
	copy(data, "\xff Go buildinf:\x08\x02")
	if modules != "" {
		const frame = "0123456789abcdef"
		modules = frame + modules + frame
	}
	for _, text := range []string{version, modules} {
		data = append(binary.AppendUvarint(data, uint64(len(text))), text...)
	}
	return section{".go.buildinfo", data}
}

// crates is the section that cargo-auditable writes.
func crates(t testing.TB, json []byte) section {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(json); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return section{".dep-v0", out.Bytes()}
}
