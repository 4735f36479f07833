package command

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// part is one stage or plugin, as it is listed.
type part struct {
	Name    string   `json:"name"`
	Summary string   `json:"summary"`
	Needs   []string `json:"needs,omitempty"` // stages before it
	Cases   []string `json:"cases,omitempty"` // its recorded webhooks
	// LooksUp and OneBooking tell of a plugin where it may stand in a chain.
	LooksUp    bool           `json:"looks_up,omitempty"`
	OneBooking bool           `json:"one_booking,omitempty"`
	URLSecret  bool           `json:"url_secret,omitempty"`
	Config     []config.Field `json:"config"`

	defaults any
}

func parts[D, T any](specs []pipeline.Spec[D, T]) ([]part, error) {
	list := make([]part, len(specs))
	for i, s := range specs {
		defaults := s.Defaults()
		list[i] = part{
			Name: s.Name, Summary: s.Summary, Needs: s.Needs, LooksUp: s.Enriches, OneBooking: s.OneBooking,
			URLSecret: s.URLSecret, Config: append([]config.Field{}, config.Describe(defaults)...), defaults: defaults,
		}
		var err error
		if list[i].Cases, err = caseNames(s.Cases); err != nil {
			return nil, fmt.Errorf("list the recorded webhooks of %s: %w", s.Name, err)
		}
	}
	return list, nil
}

func caseNames(cases fs.FS) ([]string, error) {
	if cases == nil {
		return nil, nil
	}
	return pipeline.CaseNames(cases)
}

// find gives the part of a name.
func find(list []part, what, name string) (part, error) {
	names := make([]string, len(list))
	for i, p := range list {
		if p.Name == name {
			return p, nil
		}
		names[i] = p.Name
	}
	return part{}, fmt.Errorf("%q is no %s; there is %s", name, what, strings.Join(names, ", "))
}

// listing makes the command that lists parts, or shows one.
func (a *app) listing(cmd *cobra.Command, what string, list func() ([]part, error), show func(io.Writer, part)) *cobra.Command {
	var output format
	cmd.Args = args(cobra.MaximumNArgs(1))
	cmd.ValidArgsFunction = func(_ *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completions(list, given), cobra.ShellCompDirectiveNoFileComp
	}
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		all, err := list()
		if err != nil {
			return err
		}
		if len(given) == 0 {
			return a.printParts(all, output)
		}
		one, err := find(all, what, given[0])
		if err != nil {
			return usage(cmd, err)
		}
		if output == asJSON {
			return printJSON(a.Stdout, one)
		}
		show(a.Stdout, one)
		return nil
	}
	outputFlag(cmd, &output)
	return cmd
}

func completions(list func() ([]part, error), given []string) []cobra.Completion {
	all, err := list()
	if err != nil || len(given) > 0 {
		return nil
	}
	var out []cobra.Completion
	for _, p := range all {
		out = append(out, cobra.CompletionWithDesc(p.Name, p.Summary))
	}
	return out
}

func (a *app) printParts(all []part, output format) error {
	if output == asJSON {
		return printJSON(a.Stdout, all)
	}
	rows := [][]string{{"NAME", "DOES"}}
	for _, p := range all {
		rows = append(rows, []string{p.Name, p.Summary})
	}
	return printTable(a.Stdout, rows)
}

// printConfig writes a part's configuration below the keys that lead to it.
func printConfig(to io.Writer, p part, indent int) {
	for line := range strings.Lines(string(config.YAML(p.defaults))) {
		fmt.Fprint(to, strings.Repeat(" ", indent)+line)
	}
}
