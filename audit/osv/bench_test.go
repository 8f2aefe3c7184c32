package osv

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

// BenchmarkFolderLookup looks 300 packages up in an archive of 20,000 records
// of about 1.2 KB.
func BenchmarkFolderLookup(b *testing.B) {
	dir := filepath.Join(b.TempDir(), npm)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, archiveName))
	if err != nil {
		b.Fatal(err)
	}
	archive := zip.NewWriter(file)
	const records = 20000
	size := 0
	for i := range records {
		entry, err := archive.Create(fmt.Sprintf("MAL-2024-%d.json", i))
		if err != nil {
			b.Fatal(err)
		}
		n, err := entry.Write([]byte(benchRecord(i)))
		if err != nil {
			b.Fatal(err)
		}
		size += n
	}
	if err := archive.Close(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	source := open(b, filepath.Dir(dir))
	packages := make([]audit.Package, 300)
	for i := range packages {
		packages[i] = pkg(npm, fmt.Sprintf("package-%d", i*records/150), "1.0.0")
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if answer := lookup1(b, source, packages...); len(answer.Candidates[1]) != 1 {
			b.Fatalf("%d candidates", len(answer.Candidates[1]))
		}
	}
}

func benchRecord(i int) string {
	return fmt.Sprintf(`{"modified":"2024-06-25T13:%02d:%02dZ","published":"2024-06-25T12:43:51Z","schema_version":"1.5.0","id":"MAL-2024-%d",
"summary":"Malicious code in package-%d (npm)","details":%q,"affected":[{"package":{"ecosystem":"npm","name":"package-%d"},
"versions":["1.0.0","1.0.1"],"database_specific":{"cwes":[{"cweId":"CWE-506","name":"Embedded Malicious Code"}]}}],
"credits":[{"name":"somebody","type":"FINDER"}],"database_specific":{"malicious-packages-origins":[{"source":"x","versions":["1.0.0"]}]}}`,
		i/60%60, i%60, i, i, strings.Repeat("The package speaks to a host that is known for it.\n", 12), i)
}
