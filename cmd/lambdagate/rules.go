package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/builtin"
)

func newRules(a *app) *cobra.Command {
	var inspector, format string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Example: `  lambdagate rules
  lambdagate rules --inspector secret --format json`,
		Args: maxArgs(0, "no argument"),
		RunE: func(*cobra.Command, []string) error { return a.rules(inspector, format) },
	}
	cmd.Flags().StringVar(&inspector, "inspector", "", "only those of this inspector: "+inspectorList())
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (a *app) rules(inspector, format string) error {
	if inspector != "" && !slices.Contains(builtin.Names(), inspector) {
		return usage("unknown inspector %q (allowed: %s)", inspector, inspectorList())
	}
	rules := slices.DeleteFunc(builtin.Rules(), func(r audit.Rule) bool {
		return inspector != "" && r.Inspector != inspector
	})
	switch format {
	case "text":
		w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		for _, r := range rules {
			fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, severityOf(r), r.Title)
		}
		return w.Flush()
	case "json":
		return a.rulesJSON(rules)
	default:
		return usage("unknown format %q (allowed: text, json)", format)
	}
}

// ruleJSON is a line of `rules --format json`.
type ruleJSON struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	Severity  audit.Severity `json:"severity"`
	Inspector string         `json:"inspector"`
	Since     string         `json:"since"`
	CWE       []int          `json:"cwe"`
	Refs      []string       `json:"refs"`
}

func (a *app) rulesJSON(rules []audit.Rule) error {
	list := make([]ruleJSON, 0, len(rules))
	for _, r := range rules {
		j := ruleJSON{ID: r.ID, Title: r.Title, Severity: r.Severity, Inspector: r.Inspector, Since: r.Since,
			CWE: append([]int{}, r.CWE...), Refs: []string{}}
		for _, ref := range r.Refs {
			j.Refs = append(j.Refs, ref.Name)
		}
		list = append(list, j)
	}
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

func newExplain(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "explain RULE",
		Short:   "Explain a rule: what it means, why it matters, what to do",
		Example: "  lambdagate explain osv-vulnerable",
		Args:    exactArgs(1, "one rule"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			rule, err := findRule(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.out, explainText(rule))
			return err
		},
	}
}

func ruleIDs() []string {
	var ids []string
	for _, r := range builtin.Rules() {
		ids = append(ids, r.ID)
	}
	return ids
}

func findRule(id string) (audit.Rule, error) {
	for _, r := range builtin.Rules() {
		if r.ID == id {
			return r, nil
		}
	}
	var near []string
	for _, known := range ruleIDs() {
		if strings.Contains(known, id) || strings.HasPrefix(id, known) {
			near = append(near, known)
		}
	}
	if len(near) > 0 {
		return audit.Rule{}, usage("unknown rule %q; did you mean %s?", id, strings.Join(near, " or "))
	}
	return audit.Rule{}, usage("unknown rule %q; see: lambdagate rules", id)
}
