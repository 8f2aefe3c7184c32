package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/builtin"
	"github.com/lambdagate/lambdagate/gate"
	"github.com/lambdagate/lambdagate/gate/report"
)

// checkOptions are the flags of check.
type checkOptions struct {
	policy       string
	policyDigest string
	format       string
	outputs      []string
	offline      bool
	db           string
	timeout      time.Duration
	only         []string
	quiet        bool
	noColor      bool
	platform     string
	noCache      bool
	dockerfile   string
}

func newCheck(a *app) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [PATH|IMAGE ...]",
		Short: "Check a folder, zip or container image that is about to be released",
		Long: `Check a folder, a zip or a container image (default: the folder you are in) and
print the verdict. An image is a file or folder (docker save, OCI layout), a name
in the local daemon, or a reference in a registry.

Packages are looked up in the OSV API, or in a folder of OSV exports with --db.
The API is told package names and versions, nothing else.

Exit codes: 0 pass, 1 block, 2 bad usage or policy, 3 undecided (it could not look).`,
		Example: `  lambdagate check dist/fn.zip
  lambdagate check ./dist --db ./osv --output json=report.json
  lambdagate check image.tar --dockerfile Dockerfile
  lambdagate check registry:123456789012.dkr.ecr.eu-west-1.amazonaws.com/fn:v7
  lambdagate check a.zip b.zip --policy strict
  lambdagate check ./dist --only secret`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseEmpty(cmd, "policy", "policy-digest", "db", "only", "platform", "dockerfile"); err != nil {
				return err
			}
			return a.check(cmd.Context(), args, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.policy, "policy", "", "policy file, or the name of a built-in: baseline, strict\n(default: lambdagate.yaml here or above, else baseline)")
	f.StringVar(&o.policyDigest, "policy-digest", "", "refuse any policy but the one with this digest (sha256:…, see: policy show)")
	f.StringVar(&o.format, "format", "text", "format of stdout: "+formatList())
	f.StringArrayVar(&o.outputs, "output", nil, "also write `FORMAT=FILE` (repeatable)")
	f.BoolVar(&o.offline, "offline", false, "never use the network; needs --db")
	f.StringVar(&o.db, "db", "", "folder of OSV exports, <Ecosystem>/all.zip")
	f.DurationVar(&o.timeout, "osv-timeout", 30*time.Second, "give up on the OSV API after this long in all")
	f.StringSliceVar(&o.only, "only", nil, "run these inspectors only (repeatable, or a comma list): "+inspectorList())
	f.StringVar(&o.platform, "platform", "", "os/arch[/variant] to take out of a multi-platform image (default: the only one, else linux/amd64)")
	f.StringVar(&o.dockerfile, "dockerfile", "", "Dockerfile the image was built from: it names the base image")
	f.BoolVar(&o.noCache, "no-cache", false, "don't keep image layers for the next check")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print what blocks and the verdict only")
	f.BoolVar(&o.noColor, "no-color", false, "no colour, not even on a terminal (NO_COLOR does the same)")
	return cmd
}

// check is the way through: policy, artifacts, audit, decision, report.
func (a *app) check(ctx context.Context, paths []string, o checkOptions) error {
	started := a.clock()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	outputs, err := parseOutputs(o.format, o.outputs)
	if err != nil {
		return err
	}
	if err := checkOnly(o.only); err != nil {
		return err
	}
	if o.dockerfile != "" {
		if _, err := os.Stat(o.dockerfile); err != nil {
			return usage("--dockerfile: %w", err)
		}
	}
	policy, err := a.loadPolicy(o.policy, o.policyDigest, paths)
	if err != nil {
		return err
	}
	source, err := a.advisories(o)
	if err != nil {
		return err
	}
	open := opener{app: a, limits: limitsOf(policy), platform: o.platform, noCache: o.noCache, offline: o.offline}
	targets, err := open.targets(ctx, paths)
	if err != nil {
		return err
	}
	defer open.close(targets)

	selected, rest := builtin.Select(builtin.Inspectors(builtin.Options{
		Advisories: source, SecretKey: []byte(fingerprintKey), Clock: a.clock, Dockerfile: o.dockerfile,
		AllowedBases: policy.Image.AllowedBases,
	}), o.only)
	result := audit.Run(ctx, targets, audit.Options{
		Inspectors: selected, NotSelected: rest, Collector: builtin.Collector(),
	})
	verdict := gate.Decide(policy, result, started)
	r := report.New(report.Input{
		Tool: tool(), Policy: report.Policy{Name: policy.Name, Digest: policy.Digest},
		Result: result, Verdict: verdict, Rules: builtin.Rules(),
		Started: started, Duration: a.clock().Sub(started),
	})
	return a.finish(r, verdict.Decision, outputs, o)
}

// fingerprintKey keys the hash of a secret's value in its fingerprint, so that
// the fingerprint is not the plain hash of the value.
const fingerprintKey = "lambdagate/secret-fingerprint/v1"
