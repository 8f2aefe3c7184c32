package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/lambdagate/lambdagate/gate/report"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and how it was built",
		Args:  maxArgs(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "lambdagate %s\n%s", tool().Version, buildInfo())
			return err
		},
	}
}

// tool names this program in reports. The version is the module's, which Go
// takes from the release tag.
func tool() report.Tool {
	t := report.Tool{Name: "lambdagate", Version: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		t.Version = info.Main.Version
	}
	return t
}

func buildInfo() string {
	out := fmt.Sprintf("go       %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			out += fmt.Sprintf("commit   %s\n", s.Value)
		case "vcs.time":
			out += fmt.Sprintf("date     %s\n", s.Value)
		case "vcs.modified":
			if s.Value == "true" {
				out += "modified yes\n"
			}
		}
	}
	return out
}
