package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
)

const defaultConfig = "reservoir.yaml"

// configFlag adds -c.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", defaultConfig, "the configuration `FILE`")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml") // fails for unknown flags only
}

// plan reads a configuration and binds it to the parts. Where the faults have
// an Err, the plan cannot be run.
func (a *app) plan(path string) (*engine.Plan, config.Faults) {
	file, _ := a.loader().Read(path)
	return engine.NewPlan(file, a.parts)
}

// usable is plan for commands that read a configuration without needing its
// secrets; faults are printed.
func (a *app) usable(path string) (*engine.Plan, error) {
	plan, faults := a.plan(path)
	if stops := faults.Errors(); len(stops) > 0 {
		printFaults(a.Stderr, stops)
		return nil, refused(path)
	}
	return plan, nil
}

// refused ends a command whose configuration's faults were printed.
func refused(path string) error { return fmt.Errorf("%w: %s", errSaid, path) }

func printFaults(to io.Writer, faults config.Faults) {
	for _, f := range faults {
		fmt.Fprintln(to, f)
	}
}
