// Lambdagate checks what is about to be released as an AWS Lambda function and
// answers pass or block.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"
)

// memoryLimit makes the collector work harder before the program outgrows a
// small build container; the buffers of the walk are bounded below it.
const memoryLimit = 250 << 20

func main() {
	debug.SetMemoryLimit(memoryLimit)
	// A reader that goes away (`… | head`) is an error of writing, and must not
	// end the program without the exit code of the verdict.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], stdio{
		out: os.Stdout, err: os.Stderr,
		terminal:    term.IsTerminal(int(os.Stdout.Fd())),
		errTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		getenv:      os.Getenv,
	}, time.Now)
	stop()
	os.Exit(code)
}
