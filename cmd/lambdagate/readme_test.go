package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeTranscript: what the README shows is what the program prints, but
// for the time it took.
func TestReadmeTranscript(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repo, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(repo)
	stdout, _, code := runHere(t, "check", "testdata/functions/orders", "--db", "testdata/osv")
	if code != exitBlock {
		t.Errorf("exit %d, want %d", code, exitBlock)
	}
	_, transcript, _ := strings.Cut(string(data), "```console\n")
	transcript, _, found := strings.Cut(transcript, "```")
	if !found {
		t.Fatal("the README has no transcript")
	}
	shown := 0
	for line := range strings.Lines(transcript) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "$ ") || line == "[…]" || line == "1" || strings.HasPrefix(line, "  time ") {
			continue
		}
		shown++
		if !strings.Contains("\n"+stdout, "\n"+line+"\n") {
			t.Errorf("the README shows a line that is not printed: %q", line)
		}
	}
	if shown < 20 {
		t.Errorf("the transcript has only %d lines", shown)
	}
}
