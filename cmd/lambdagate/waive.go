package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/lambdagate/lambdagate/gate"
)

func newWaive(a *app) *cobra.Command {
	var w gate.Waiver
	var until, policy string
	cmd := &cobra.Command{
		Use:   "waive FINGERPRINT|RULE",
		Short: "Accept a finding until a date: writes a waiver into the policy file",
		Long: `Accept a finding until a date. The waiver goes into the policy file, where
reviewers see it; comments and order stay as they are. A waiver names a
fingerprint (8 digits or more, from the report), or a rule and a subject: a glob
on the finding's advisory id, package URL, package name or path.

After its date the finding blocks again, and the report says why.`,
		Example: `  lambdagate waive 3f9c2a7b10de --owner team@example.com --reason "not reachable" --until 2027-01-31
  lambdagate waive osv-vulnerable --subject CVE-2021-23337 --owner me --reason "…" --until 2027-01-31`,
		Args: exactArgs(1, "one fingerprint or rule"),
		RunE: func(_ *cobra.Command, args []string) error { return a.waive(args[0], w, until, policy) },
	}
	f := cmd.Flags()
	f.StringVar(&w.Subject, "subject", "", "with a rule: glob on advisory id, package URL, name or path")
	f.StringVar(&w.Target, "target", "", "only for targets that match this glob")
	f.StringVar(&w.Owner, "owner", "", "who answers for it (required)")
	f.StringVar(&w.Reason, "reason", "", "why it is acceptable (required)")
	f.StringVar(&until, "until", "", "last day it holds, YYYY-MM-DD (required)")
	f.StringVar(&policy, "policy", "", "policy file to write (default: lambdagate.yaml here or above, else a new one here)")
	return cmd
}

var isFingerprint = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

func (a *app) waive(what string, w gate.Waiver, until, policy string) error {
	for _, f := range []struct{ flag, value string }{{"--owner", w.Owner}, {"--reason", w.Reason}, {"--until", until}} {
		if f.value == "" {
			return usage("a waiver needs %s: who accepts the finding, why, and until when", f.flag)
		}
	}
	expires, err := time.Parse(time.DateOnly, until)
	if err != nil {
		return usage("--until %q is not a date (form: YYYY-MM-DD)", until)
	}
	if today := a.clock().UTC().Truncate(24 * time.Hour); expires.Before(today) {
		return usage("--until %s has passed already", until)
	}
	w.Expires = expires
	switch {
	case isFingerprint.MatchString(what) && w.Subject == "":
		w.Fingerprint = what
	case isFingerprint.MatchString(what):
		return usage("a fingerprint takes no --subject; it names one finding")
	case w.Subject == "":
		return usage("%q is not a fingerprint (8 to 64 hex digits); with a rule, name a --subject", what)
	default:
		w.Rule = what
	}
	file, err := a.policyFile(policy)
	if err != nil {
		return err
	}
	if err := loader(nil).AppendWaiver(file, w); err != nil {
		return policyError(err)
	}
	fmt.Fprintf(a.out, "waived %s until %s in %s\n", what, until, file)
	return nil
}
