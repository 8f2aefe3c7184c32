package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/policies"
)

func newPolicy(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Create, show and validate policy files",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("unknown verb %q (allowed: init, show, validate, schema)", "policy "+args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "init [FILE]", Short: "Write a commented policy file that extends baseline (default: lambdagate.yaml)",
			Example: "  lambdagate policy init",
			Args:    maxArgs(1, "one file"),
			RunE:    func(_ *cobra.Command, args []string) error { return a.policyInit(argOr(args, gate.FileName)) },
		},
		&cobra.Command{
			Use: "show [FILE|NAME]", Short: "Print a policy with its digest, and those it extends",
			Example: "  lambdagate policy show\n  lambdagate policy show baseline",
			Args:    maxArgs(1, "one file or name"),
			RunE:    func(_ *cobra.Command, args []string) error { return a.policyShow(argOr(args, "")) },
		},
		&cobra.Command{
			Use: "validate [FILE|NAME]", Short: "Check a policy file; exit 2 if it is not valid",
			Example: "  lambdagate policy validate lambdagate.yaml",
			Args:    maxArgs(1, "one file or name"),
			RunE:    func(_ *cobra.Command, args []string) error { return a.policyValidate(argOr(args, "")) },
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of policy files, for editors",
			Args: maxArgs(0, "no argument"),
			RunE: func(*cobra.Command, []string) error {
				_, err := a.out.Write(policies.Schema())
				return err
			},
		},
	)
	return cmd
}

func argOr(args []string, otherwise string) string {
	if len(args) > 0 {
		return args[0]
	}
	return otherwise
}

func (a *app) policyInit(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage("%q exists already; it was left as it is", file)
	}
	if err != nil {
		return usage("the policy was not written: %w", err)
	}
	_, werr := f.Write(policies.Template())
	if err := errors.Join(werr, f.Close()); err != nil {
		return usage("the policy was not written: %w", err)
	}
	fmt.Fprintf(a.out, "wrote %s\n", file)
	return nil
}

func (a *app) policyShow(name string) error {
	p, err := a.loadPolicy(name, "", nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "# policy %s\n# digest %s\n", p.Name, p.Digest)
	for _, s := range p.Sources {
		fmt.Fprintf(a.out, "\n# ---- %s\n%s", s.Name, s.Content)
	}
	return nil
}

func (a *app) policyValidate(name string) error {
	p, err := a.loadPolicy(name, "", nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s is valid (digest %s)\n", p.Name, p.Digest)
	return nil
}
