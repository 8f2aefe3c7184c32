package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// longestDockerfile bounds a Dockerfile, in bytes.
const longestDockerfile = 1 << 20

// from is the base that a Dockerfile names for its last stage.
type from struct {
	// name is empty if a build argument without a default decides.
	name string
	line int // of the FROM that names it, from 1
}

func readDockerfile(name string) (from, error) {
	f, err := os.Open(name)
	if err != nil {
		return from{}, fmt.Errorf("read the Dockerfile: %w", err)
	}
	defer func() { _ = f.Close() }() // opened for reading: nothing to lose
	data, err := io.ReadAll(io.LimitReader(f, longestDockerfile+1))
	if err != nil {
		return from{}, fmt.Errorf("read the Dockerfile %q: %w", name, err)
	}
	if len(data) > longestDockerfile {
		return from{}, fmt.Errorf("the Dockerfile %q is longer than %d bytes", name, longestDockerfile)
	}
	found, err := parseDockerfile(data)
	if err != nil {
		return from{}, fmt.Errorf("the Dockerfile %q %w", name, err)
	}
	return found, nil
}

// parseDockerfile finds the base of the last stage, followed through stages
// that build on each other
// (https://docs.docker.com/reference/dockerfile/#from). It reads FROM, and ARG
// before the first FROM.
func parseDockerfile(data []byte) (from, error) {
	args := map[string]string{}
	stages := map[string]from{}
	var last from
	seen := false
	for _, in := range instructions(data) {
		switch {
		case in.keyword == "ARG" && !seen:
			for _, word := range strings.Fields(in.rest) {
				name, value, _ := strings.Cut(word, "=")
				args[name] = expand(unquote(value), args)
			}
		case in.keyword == "FROM":
			words := strings.Fields(in.rest)
			for len(words) > 0 && strings.HasPrefix(words[0], "--") {
				words = words[1:]
			}
			if len(words) == 0 {
				return from{}, fmt.Errorf("has a FROM without an image in line %d", in.line)
			}
			seen = true
			last = from{name: expand(unquote(words[0]), args), line: in.line}
			if stage, ok := stages[strings.ToLower(last.name)]; ok {
				last = stage
			} else if !imageName.MatchString(last.name) {
				last.name = ""
			}
			if len(words) > 2 && strings.EqualFold(words[1], "AS") {
				stages[strings.ToLower(words[2])] = last
			}
		}
	}
	if !seen {
		return from{}, fmt.Errorf("has no FROM")
	}
	return last, nil
}

// instruction is one instruction, its lines joined.
type instruction struct {
	keyword string // in capitals
	rest    string
	line    int
}

var (
	escapeDirective = regexp.MustCompile("(?i)^#\\s*escape\\s*=\\s*`\\s*$")
	heredoc         = regexp.MustCompile(`^[0-9]*<<-?["']?([a-zA-Z_][a-zA-Z0-9_]*)["']?([>|;&)].*)?$`)
)

// instructions parts a Dockerfile. Comments go, also those between continued
// lines; here-documents go, since a script in one may have lines that look like
// instructions.
func instructions(data []byte) []instruction {
	var all []instruction
	escape := `\`
	scan := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	scan.Buffer(nil, longestDockerfile+1)
	var open *instruction
	var joined strings.Builder
	for n := 1; scan.Scan(); n++ {
		line := strings.TrimSpace(scan.Text())
		if strings.HasPrefix(line, "#") {
			if len(all) == 0 && open == nil && escapeDirective.MatchString(line) {
				escape = "`"
			}
			continue
		}
		if line == "" {
			continue
		}
		if open == nil {
			open = &instruction{line: n}
			joined.Reset()
		}
		if text, continued := strings.CutSuffix(line, escape); continued {
			joined.WriteString(text)
			continue
		}
		joined.WriteString(line)
		in := finish(*open, joined.String())
		all, open = append(all, in), nil
		n += skipHeredocs(scan, in)
	}
	if open != nil {
		all = append(all, finish(*open, joined.String()))
	}
	return all
}

func finish(in instruction, text string) instruction {
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		end = len(text)
	}
	in.keyword, in.rest = strings.ToUpper(text[:end]), text[end:]
	return in
}

// skipHeredocs passes the documents that an instruction opens, and says how
// many lines they have.
func skipHeredocs(scan *bufio.Scanner, in instruction) (lines int) {
	switch in.keyword {
	case "RUN", "COPY", "ADD":
	default:
		return 0
	}
	for _, word := range strings.Fields(in.rest) {
		m := heredoc.FindStringSubmatch(word)
		for m != nil && scan.Scan() {
			lines++
			if strings.TrimLeft(scan.Text(), "\t") == m[1] {
				break
			}
		}
	}
	return lines
}

var variable = regexp.MustCompile(`\$(\{[a-zA-Z_][a-zA-Z0-9_]*(:[-+][^}]*)?\}|[a-zA-Z_][a-zA-Z0-9_]*)`)

// expand puts build arguments in. One that is not set leaves the dollar sign of
// its name, which no image name has.
func expand(s string, args map[string]string) string {
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		name := strings.Trim(v[1:], "{}")
		name, word, modified := strings.Cut(name, ":")
		value := args[name]
		switch {
		case modified && word[0] == '+':
			if value == "" {
				return ""
			}
			return word[1:]
		case value != "":
			return value
		case modified:
			return word[1:]
		}
		return v
	})
}
