//go:build unix

package artifact

import (
	"os"
	"syscall"
)

// readOnly never waits for the other end of a named pipe that has taken the
// place of a file since it was listed.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK
