package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lambdagate/lambdagate/audit/packages"
)

// The exit codes, the same for every format (docs/report.md).
const (
	exitPass      = 0
	exitBlock     = 1
	exitUsage     = 2 // bad usage or bad policy
	exitUndecided = 3 // the gate could not look
)

// stdio is the world outside: the program is a function of it, its arguments
// and the clock.
type stdio struct {
	out, err io.Writer
	// terminal says whether out is one: it decides on colour. errTerminal says
	// it of err: progress is shown there or nowhere.
	terminal, errTerminal bool
	getenv                func(string) string
}

// app carries what every verb needs.
type app struct {
	stdio
	clock func() time.Time
}

// codeError ends the program with a code. Its text, if any, is printed.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string { return e.err.Error() }
func (e *codeError) Unwrap() error { return e.err }

// usage marks an error as the caller's: exit 2.
func usage(format string, args ...any) error {
	return &codeError{exitUsage, fmt.Errorf(format, args...)}
}

// errSilent is the cause of an exit whose reason is in the report already.
var errSilent = errors.New("see the report")

// run is the whole program.
func run(ctx context.Context, args []string, std stdio, clock func() time.Time) int {
	packages.SilenceLibraries()
	root := newRoot(&app{stdio: std, clock: clock})
	root.SetArgs(args)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitPass
	}
	code := exitUsage // cobra's own errors: unknown verbs and flags
	var ce *codeError
	if errors.As(err, &ce) {
		code = ce.code
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(std.err, "lambdagate: %s\n", printable(err.Error()))
	}
	return code
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "lambdagate",
		Short: "Checks what is about to be released as an AWS Lambda function: pass or block",
		Long: `lambdagate checks what is about to be released as an AWS Lambda function and
answers pass or block: known-vulnerable packages, hardcoded credentials.

Exit codes: 0 pass, 1 block, 2 bad usage or policy, 3 undecided (it could not look).`,
		Example: `  lambdagate check                   # the folder you are in
  lambdagate check dist/fn.zip       # a zip, read in place
  lambdagate check ./dist --output json=report.json
  lambdagate explain osv-vulnerable  # what a rule means and what to do`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Args:                       noVerb,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w\nsee: %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(newCheck(a), newRules(a), newExplain(a), newPolicy(a), newWaive(a), newVersion(a))
	return root
}

// noVerb answers `lambdagate ./dist`, which most people try first.
func noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	verbs := []string{}
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			verbs = append(verbs, c.Name())
		}
	}
	if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
		return usage("unknown verb %q; did you mean %q?", args[0], s[0])
	}
	return usage("unknown verb %q (verbs: %s)\nto check a package: lambdagate check %s",
		args[0], strings.Join(verbs, ", "), args[0])
}

// exactArgs asks for n arguments and says what they are.
func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s takes %s, got %d arguments\nsee: %s --help", cmd.CommandPath(), what, len(args), cmd.CommandPath())
		}
		return nil
	}
}

// maxArgs allows up to n arguments.
func maxArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usage("%s takes %s at most, got %d arguments", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}

// refuseEmpty refuses a flag that was given an empty value: --policy-digest
// "$DIGEST" with the variable unset must not check less than it says.
func refuseEmpty(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		f := cmd.Flags().Lookup(name)
		if value := f.Value.String(); f.Changed && (value == "" || value == "[]") {
			return usage("--%s is empty; is a variable unset? leave the flag out for its default", name)
		}
	}
	return nil
}

// policyError marks what package gate says of a policy file as the caller's.
func policyError(err error) error { return &codeError{exitUsage, err} }
