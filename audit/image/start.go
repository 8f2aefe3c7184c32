package image

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// start is what Lambda runs: the image's configuration with the function's
// overrides.
type start struct {
	entrypoint, cmd []string
	dir             string // absolute
	// program is the path of the file that is run, with its info; empty if it
	// was not found or can't be told.
	program string
	info    fs.FileInfo
}

// argv is the command line.
func (s start) argv() []string { return append(append([]string(nil), s.entrypoint...), s.cmd...) }

// byScript says whether AWS's own entry script is what is run.
func (s start) byScript() bool { return len(s.entrypoint) > 0 && s.entrypoint[0] == "/"+entryScript }

// Lookups in PATH.
const (
	defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	mostFolders = 100 // of PATH that are tried
)

func (c *judging) effective() start {
	s := start{entrypoint: c.image.Config.Entrypoint, cmd: c.image.Config.Cmd, dir: c.image.Config.WorkingDir}
	if o := c.options.Overrides; len(o.Entrypoint) > 0 {
		s.entrypoint = o.Entrypoint
	}
	if o := c.options.Overrides; len(o.Cmd) > 0 {
		s.cmd = o.Cmd
	}
	if o := c.options.Overrides; o.WorkingDir != "" {
		s.dir = o.WorkingDir
	}
	s.dir = path.Clean("/" + s.dir)
	return s
}

// cannotStart reports what keeps Lambda from starting the image at all.
func (c *judging) cannotStart() {
	if dir, exists, known := c.stat(c.start.dir); known && (!exists || !dir.IsDir()) {
		c.unstartable("working directory", audit.ConfidenceHigh,
			fmt.Sprintf("the working directory %s is not in the image", quote(c.start.dir)),
			"create it, or name another: WORKDIR /"+taskRoot)
	}
	argv := c.start.argv()
	if len(argv) == 0 || argv[0] == "" {
		c.unstartable("command", audit.ConfidenceHigh, "neither an entrypoint nor a command is set, so there is nothing to start",
			"set ENTRYPOINT and CMD in the Dockerfile")
		return
	}
	if !c.program(argv[0]) {
		return
	}
	if c.aws && c.start.byScript() {
		c.handler()
	}
}

// program looks for the file that is run and says whether it can be.
func (c *judging) program(word string) bool {
	name, info, known := c.lookProgram(word)
	if !known {
		return true
	}
	subject := "program " + quoteWord(word)
	switch {
	case info == nil:
		c.unstartable(subject, audit.ConfidenceHigh, fmt.Sprintf("%s, which the image starts, is not in its final file system", quoteWord(word)),
			"copy the program into the image, or correct ENTRYPOINT; in exec form each argument is a string of its own")
		return false
	case info.IsDir():
		c.unstartable(subject, audit.ConfidenceHigh, fmt.Sprintf("%s, which the image starts, is a folder", quoteWord(word)), "name the program in ENTRYPOINT")
		return false
	case info.Mode().Perm()&0o111 == 0:
		c.unstartable(subject, audit.ConfidenceHigh, fmt.Sprintf("%s, which the image starts, is not executable (mode %v)", quoteWord(word), info.Mode().Perm()),
			"COPY --chmod=755 the program")
		return false
	case info.Mode().Perm()&0o001 == 0:
		// Lambda runs a user of its own that owns nothing in the image.
		c.unstartable(subject, audit.ConfidenceMedium,
			fmt.Sprintf("%s, which the image starts, is executable for its owner or group only (mode %v), and Lambda runs another user", quoteWord(word), info.Mode().Perm()),
			"COPY --chmod=755 the program")
		return false
	}
	c.start.program, c.start.info = name, info
	return true
}

// lookProgram finds a program as execvp(3) does. A nil info with known set
// means that it is nowhere.
func (c *judging) lookProgram(word string) (name string, info fs.FileInfo, known bool) {
	if strings.Contains(word, "/") {
		if !path.IsAbs(word) {
			word = path.Join(c.start.dir, word)
		}
		info, _, known = c.stat(word)
		return word, info, known
	}
	folders := c.env("PATH")
	if folders == "" {
		folders = defaultPath
	}
	tried := 0
	for folder := range strings.SplitSeq(folders, ":") {
		if tried++; tried > mostFolders {
			return "", nil, false
		}
		candidate := path.Join("/", folder, word)
		info, exists, known := c.stat(candidate)
		if !known {
			return "", nil, false
		}
		if exists && !info.IsDir() {
			return candidate, info, true
		}
	}
	return "", nil, true
}

func (c *judging) unstartable(subject string, confidence audit.Confidence, message, remedy string) {
	c.add(ruleCannotStart, audit.Finding{Confidence: confidence, Message: message, Subject: subject, Remedy: remedy})
}
