package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline/engine"
)

// app is what every command needs.
type app struct {
	Process
	parts engine.Parts
}

const rootLong = `Reservoir takes booking webhooks from travel providers, keeps every one of them,
and turns them into one clean, ordered, de-duplicated stream of booking events
on Kafka, each with a refund and cancellation decision by policy.

Exit codes:
  0  done
  1  it failed, or found faults; standard error says which
  2  the command line is wrong`

const rootExample = `  reservoir demo                                # see it work, in one command
  reservoir check -c reservoir.yaml             # every fault of a configuration
  reservoir run -c reservoir.yaml               # run it
  reservoir tail bookings.events -o json        # read what comes out`

// New makes the command line over a list of stages and plugins. Its errors are
// for Run, which prints them and knows their exit codes.
func New(parts engine.Parts, p Process) *cobra.Command {
	a := &app{Process: p, parts: parts}
	root := &cobra.Command{
		Use:           "reservoir",
		Short:         "Booking webhooks in, one clean stream of booking events out",
		Long:          rootLong,
		Example:       rootExample,
		Version:       versionOf(p.Build).Version,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2, // letters between what was written and what was meant
	}
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.SetFlagErrorFunc(usage)
	root.AddCommand(
		a.runCommand(), a.demoCommand(), a.checkCommand(), a.sendCommand(), a.topicsCommand(), a.tailCommand(),
		a.pluginsCommand(), a.stagesCommand(), a.schemaCommand(), a.versionCommand(),
	)
	return root
}

// unknownCommand names what was meant, where it is close to a command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%q is no command", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %q?", err, near[0])
	}
	return usage(cmd, err)
}
