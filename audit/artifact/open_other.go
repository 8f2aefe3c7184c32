//go:build !unix

package artifact

import "os"

const readOnly = os.O_RDONLY
