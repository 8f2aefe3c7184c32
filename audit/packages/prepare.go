package packages

import (
	"bytes"
	"fmt"
)

// osv-scalibr's extractors trust what they read. What follows keeps from them
// the input that would make one stop halfway without a word, recurse until the
// stack overflows (which ends the process; it can't be recovered from), or run
// for hours.

// Limits on lockfiles, in bytes. Each is several times what the largest real
// ones take.
const (
	maxText         = 8 << 20 // the line formats
	maxGoMod        = 512 << 10
	maxRequirements = maxSideFile
	maxPomXML       = maxSideFile
)

// maxLine is the longest line, in bytes, that a bufio.Scanner takes. Some
// extractors stop at a longer one as if the file ended there.
const maxLine = 64<<10 - 2

// lines is for line formats, up to a size. The extractor for requirements.txt
// recurses for every continued line; those for go.mod and pom.xml compare every
// entry with every other.
func lines(limit int) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		if len(data) > limit {
			return nil, fmt.Errorf("%w: it has %d bytes, more than %d", errTooLarge, len(data), limit)
		}
		n := 0
		for line := range bytes.Lines(data) {
			if n++; len(line) > maxLine {
				return nil, fmt.Errorf("has more than %d bytes on line %d", maxLine, n)
			}
		}
		return data, nil
	}
}

// maxKeys bounds the keys of a YAML file: the YAML parser compares each key of
// a mapping with every other. A package takes about ten.
const maxKeys = 100_000

func fewKeys(data []byte) ([]byte, error) {
	if n := bytes.Count(data, []byte(":")); n > maxKeys {
		return nil, fmt.Errorf("%w: it has %d keys, more than %d", errTooLarge, n, maxKeys)
	}
	return data, nil
}

// maxDepth bounds how deep arrays and inline tables of a TOML file may nest:
// the TOML parser recurses without a limit.
const maxDepth = 100

func flatTOML(data []byte) ([]byte, error) {
	if depthOfTOML(data) > maxDepth {
		return nil, fmt.Errorf("nests deeper than %d levels", maxDepth)
	}
	return data, nil
}

// depthOfTOML says how deep brackets nest outside strings and comments.
func depthOfTOML(data []byte) int {
	depth, deepest := 0, 0
	for i := 0; i < len(data); {
		switch data[i] {
		case '#':
			n := bytes.IndexByte(data[i:], '\n')
			if n < 0 {
				return deepest
			}
			i += n
		case '"', '\'':
			i = endOfString(data, i)
			continue
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth = max(0, depth-1)
		}
		i++
	}
	return deepest
}

// endOfString gives the place after the TOML string that begins at start
// (https://toml.io/en/v1.0.0#string), or after the line on which one that ends
// nowhere begins: the parser stops there.
func endOfString(data []byte, start int) int {
	quote := data[start]
	triple := bytes.Repeat([]byte{quote}, 3)
	multiline := bytes.HasPrefix(data[start:], triple)
	i := start + 1
	if multiline {
		i = start + len(triple)
	}
	for ; i < len(data); i++ {
		switch {
		case data[i] == '\\' && quote == '"':
			i++
		case multiline && bytes.HasPrefix(data[i:], triple):
			// The last three of up to five quotes end it.
			i += len(triple)
			for extra := 0; extra < 2 && i < len(data) && data[i] == quote; extra++ {
				i++
			}
			return i
		case !multiline && (data[i] == quote || data[i] == '\n'):
			return i + 1
		}
	}
	return len(data)
}

// withoutPaths blanks the PATH sections of a Gemfile.lock: those gems are
// folders of the function's own.
func withoutPaths(data []byte) ([]byte, error) {
	if _, err := lines(maxText)(data); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	inPath := false
	for line := range bytes.Lines(data) {
		if text := bytes.TrimRight(line, "\r\n"); len(text) > 0 && text[0] != ' ' {
			inPath = string(text) == "PATH"
		}
		if inPath {
			line = []byte("\n")
		}
		out.Write(line)
	}
	return out.Bytes(), nil
}
