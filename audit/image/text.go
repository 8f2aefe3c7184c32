package image

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// longestShown is how many bytes of a name out of an image a sentence holds.
const longestShown = 200

// quote makes a name out of an image fit for a sentence: short, and with
// nothing that a terminal acts upon.
func quote(name string) string {
	if len(name) > longestShown {
		name = strings.ToValidUTF8(name[:longestShown], "") + "…"
	}
	return strconv.Quote(name)
}

// quoteWord is quote for a word of a command line, which may be a whole shell
// script with a credential in it: nothing after a space or an equals sign is
// shown.
func quoteWord(word string) string {
	if i := strings.IndexAny(word, " \t\r\n="); i >= 0 {
		word = word[:i] + "…"
	}
	return quote(word)
}

// look sorts the answers of a file system into yes, no and don't know.
func look(info fs.FileInfo, err error) (fs.FileInfo, bool, bool) {
	switch {
	case err == nil:
		return info, true, true
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, true
	}
	return nil, false, false
}
