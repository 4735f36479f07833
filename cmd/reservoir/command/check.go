package command

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/privacy"
)

const checkLong = `Prints every fault and warning of one or more configurations, one a line:

  file:line:column: path: what is wrong; how to mend it

Nothing is started and no connection is made. Policies are compiled. A secret
that is not set is a warning, with --strict a fault. Exit code 0 where there is
no fault, 1 where there is one, 2 for a wrong command line.`

const checkExample = `  reservoir check
  reservoir check -c staging.yaml -c production.yaml --strict
  reservoir check -o json | jq -r '.[].path'`

// checkCommand finds the faults of configurations.
func (a *app) checkCommand() *cobra.Command {
	var paths []string
	var strict bool
	var output format
	cmd := &cobra.Command{
		Use: "check", Short: "Find every fault of a configuration",
		Long: checkLong, Example: checkExample, Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.check(paths, strict, output) },
	}
	cmd.Flags().StringArrayVarP(&paths, "config", "c", []string{defaultConfig}, "the configuration `FILE`; may be given several times")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml") // fails for unknown flags only
	cmd.Flags().BoolVar(&strict, "strict", false, "secrets that are not set are faults")
	outputFlag(cmd, &output)
	return cmd
}

func (a *app) check(paths []string, strict bool, output format) error {
	all := config.Faults{}
	for _, path := range paths {
		faults := a.faults(path)
		if strict {
			faults = faults.Strict()
		}
		all = append(all, faults...)
	}
	if output == asJSON {
		if err := printJSON(a.Stdout, all); err != nil {
			return err
		}
	} else {
		printFaults(a.Stdout, all)
		a.sum(all)
	}
	if all.Err() != nil {
		return errSaid
	}
	return nil
}

// faults gives all that can be told of a configuration without running it.
func (a *app) faults(path string) config.Faults {
	_, faults := a.tried(path)
	return faults
}

// tried is plan with the stages made once, to see whether they can be: their
// policies compile, for one.
func (a *app) tried(path string) (*engine.Plan, config.Faults) {
	plan, faults := a.plan(path)
	if faults.Err() != nil {
		return plan, faults
	}
	// Only a plan that is whole has stages that can be made.
	return plan, config.Collect(faults, plan.TryStages(a.trial()))
}

// trial is what stages are given that are made to see whether they can be.
func (a *app) trial() engine.Deps {
	tokens, err := privacy.New(config.NewSecret(privacy.NewKey()))
	if err != nil {
		tokens = nil // a stage that asks for it says so
	}
	return engine.Deps{Clock: a.Clock, Random: a.Random, Tokens: tokens, Log: slog.New(slog.DiscardHandler)}
}

func (a *app) sum(faults config.Faults) {
	stops, warns := len(faults.Errors()), len(faults.Warnings())
	if stops+warns == 0 {
		fmt.Fprintln(a.Stderr, "no faults")
		return
	}
	fmt.Fprintf(a.Stderr, "%s, %s\n", plural(stops, "fault"), plural(warns, "warning"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
