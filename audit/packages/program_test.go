package packages_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit/audittest"
)

// buildGo compiles a program that links one module, from its vendor folder so
// that no network is needed.
func buildGo(t *testing.T) []byte {
	t.Helper()
	dir := audittest.Dir(t, map[string]string{
		"go.mod":                        "module example.com/own\n\ngo 1.24\n\nrequire example.com/dep v1.2.3\n",
		"main.go":                       "package main\n\nimport \"example.com/dep\"\n\nfunc main() { println(dep.Word) }\n",
		"vendor/modules.txt":            "# example.com/dep v1.2.3\n## explicit; go 1.24\nexample.com/dep\n",
		"vendor/example.com/dep/dep.go": "package dep\n\nvar Word = \"word\"\n",
	})
	out := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-mod=vendor", "-buildvcs=false", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOTOOLCHAIN=local")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoProgram(t *testing.T) {
	program := buildGo(t)
	for _, mode := range []fs.FileMode{0o644, 0o755} {
		inventory := collect(t, audittest.OpenPath(t, audittest.Zip(t, audittest.Entry{Name: "some.data", Content: string(program), Mode: mode})))
		lines := describe(inventory)
		if len(lines) != 2 || lines[0] != "Go example.com/dep@1.2.3 binary some.data" || !strings.HasPrefix(lines[1], "Go stdlib@1.") {
			t.Errorf("mode %o: got %q, want example.com/dep and the standard library", mode, lines)
		}
	}
	t.Run("without its build information", func(t *testing.T) {
		damaged := bytes.Replace(program, []byte("\xff Go buildinf:"), make([]byte, 14), 1)
		expectProblem(t, collectFiles(t, map[string]string{"bootstrap": string(damaged)}), "bootstrap", "is a Go program whose build information")
	})
	t.Run("without a section table", func(t *testing.T) {
		bare := bytes.Clone(program)
		clear(bare[0x28:0x30]) // e_shoff
		clear(bare[0x3c:0x40]) // e_shnum, e_shstrndx
		lines := describe(collectFiles(t, map[string]string{"bootstrap": string(bare)}))
		if len(lines) != 2 || lines[0] != "Go example.com/dep@1.2.3 binary bootstrap" {
			t.Errorf("got %q, want example.com/dep and the standard library", lines)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		inventory := collectFiles(t, map[string]string{"bootstrap": string(program[:len(program)-5000])})
		expectProblem(t, inventory, "bootstrap", "is a Go program whose build information")
	})
}

func TestGoModules(t *testing.T) {
	const modules = "path\texample.com/own\nmod\texample.com/own\tv1.0.0\t\n" +
		"dep\tgithub.com/BurntSushi/toml\tv1.0.0+incompatible\th1:x\n" +
		"dep\texample.com/old\tv1.0.0\n=>\texample.com/fork\tv1.0.1\th1:x\n" +
		"dep\texample.com/here\tv1.0.0\n=>\t./here\t(devel)\t\n"
	for _, c := range []struct {
		name, version, modules string
		want                   []string
	}{
		{"modules", "go1.22.3", modules, []string{
			"Go example.com/fork@1.0.1 binary bootstrap", "Go github.com/BurntSushi/toml@1.0.0+incompatible binary bootstrap", "Go stdlib@1.22.3 binary bootstrap",
		}},
		{"somebody else's program", "go1.20 X:boringcrypto", "path\texample.com/tool/cmd\nmod\texample.com/tool\tv1.5.0\th1:x\n",
			[]string{"Go example.com/tool@1.5.0 binary bootstrap", "Go stdlib@1.20.0 binary bootstrap"}},
		{"release candidate", "go1.22rc2", "path\tm\nmod\tm\t(devel)\t\n", []string{"Go stdlib@1.22.0-rc.2 binary bootstrap"}},
		{"development toolchain", "devel go1.23-0123456789 Mon Jan 1", "path\tm\nmod\tm\t(devel)\th1:x\n", nil},
		{"without modules", "go1.22.3-custom", "", []string{
			"Go stdlib@1.22.3 binary bootstrap",
			"problem bootstrap is a Go program without module information: built without modules, or obfuscated",
		}},
		{"no version", "", "", []string{"problem bootstrap is a Go program whose build information can't be read: not a Go executable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := elfImage(t, goInfo(c.version, c.modules))
			expect(t, collectFiles(t, map[string]string{"bootstrap": string(program)}), c.want...)
		})
	}
}

// A program that hides what it is made of is known all the same if it is part of
// an npm package, whose name and version are.
func TestOpaqueProgramOfPackage(t *testing.T) {
	hidden := string(elfImage(t, goInfo("", "")))
	files := map[string]string{
		"node_modules/@esbuild/linux-x64/package.json": `{"name":"@esbuild/linux-x64","version":"0.25.0"}`,
		"node_modules/@esbuild/linux-x64/bin/esbuild":  hidden,
		"node_modules/.bin/esbuild":                    hidden,
	}
	expect(t, collectFiles(t, files), "npm @esbuild/linux-x64@0.25.0 installed node_modules/@esbuild/linux-x64/package.json")
	files["bin/esbuild"] = hidden
	expectProblem(t, collectFiles(t, files), "bin/esbuild", "is a Go program whose build information")
}

func TestRustProgram(t *testing.T) {
	list := []byte(`{"packages":[{"name":"own","version":"0.1.0","source":"local","root":true},
		{"name":"part","version":"0.1.0","source":"local"},
		{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
		{"name":"time","version":"0.1.43","source":"crates.io","kind":"runtime"},
		{"name":"regex","version":"1.5.0","source":"git"}]}`)
	want := []string{"crates.io regex@1.5.0 binary lib.so", "crates.io time@0.1.43 binary lib.so"}
	for name, program := range map[string][]byte{
		"ELF":    elfImage(t, section{".text", []byte("x")}, crates(t, list)),
		"PE":     peImage(t, crates(t, list)),
		"Mach-O": machoImage(t, crates(t, list)),
	} {
		t.Run(name, func(t *testing.T) { expect(t, collectFiles(t, map[string]string{"lib.so": string(program)}), want...) })
	}
	for name, s := range map[string]section{
		"not compressed": {".dep-v0", []byte("{}")},
		"not JSON":       crates(t, []byte("x")),
		"too large":      crates(t, bytes.Repeat([]byte(" "), 9<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			expectProblem(t, collectFiles(t, map[string]string{"lib.so": string(elfImage(t, s))}), "lib.so", "list of crates")
		})
	}
}

func TestOtherPrograms(t *testing.T) {
	files := map[string]string{
		"lib.so":     string(elfImage(t, section{".data", make([]byte, 100_000)})),
		"lib.dll":    string(peImage(t, section{".data", []byte("x")})),
		"lib.dylib":  string(machoImage(t, section{"__data", []byte("x")})),
		"broken.so":  "\x7fELF" + strings.Repeat("x", 8192),
		"broken.exe": "MZ" + strings.Repeat("x", 8192),
		"text.js":    strings.Repeat("// a comment\n", 1000),
		"small":      "\x7fELF",
	}
	expect(t, collectFiles(t, files))
	packed := maps.Clone(files)
	packed["bootstrap"] = "\x7fELF" + string(elfImage(t, section{"UPX!", nil})[4:])
	head := []byte(packed["bootstrap"])
	packed["bootstrap"] = string(append(head[:120:120], append([]byte("UPX!"), head[124:]...)...))
	expectProblem(t, collectFiles(t, packed), "bootstrap", "packed with UPX")
}

// A program too large to be held in memory is read by its tables alone.
func TestLargeProgram(t *testing.T) {
	program := elfImage(t, section{".text", make([]byte, 30<<20)}, goInfo("go1.22.3", "path\tm\nmod\tm\t(devel)\t\ndep\texample.com/dep\tv1.2.3\n"))
	files := map[string]string{
		"bootstrap":   string(program),
		"large.bin":   strings.Repeat("\x00", 30<<20),
		"damaged.bin": "\x7fELF" + strings.Repeat("\x00", 30<<20) + "\xff Go buildinf:",
	}
	inventory := collectFiles(t, files)
	expectProblem(t, inventory, "damaged.bin", "is a Go program whose build information")
	inventory.Problems = nil
	expect(t, inventory, "Go example.com/dep@1.2.3 binary bootstrap", "Go stdlib@1.22.3 binary bootstrap")
}
