package command

import (
	"bytes"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/stages/policy"
)

const schemaLong = `Prints a JSON Schema (draft 2020-12):

  config         reservoir.yaml; gives editors completion
  booking        the value of bookings.events and bookings.current
  decision       the value of bookings.decisions
  policy-input   what a policy reads as input

An editor that knows the YAML language server takes the first by a line at the
top of reservoir.yaml:

  # yaml-language-server: $schema=reservoir.schema.json`

const schemaExample = `  reservoir schema config > reservoir.schema.json
  reservoir schema booking | jq '.properties | keys'`

// schemaCommand prints JSON Schemas.
func (a *app) schemaCommand() *cobra.Command {
	names := []string{"config", "booking", "decision", "policy-input"}
	return &cobra.Command{
		Use: "schema config|booking|decision|policy-input", Short: "Print a JSON Schema",
		Long: schemaLong, Example: schemaExample, ValidArgs: names,
		Args: args(cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs)),
		RunE: func(_ *cobra.Command, given []string) error {
			text, err := a.schema(given[0])
			if err != nil {
				return err
			}
			_, err = a.Stdout.Write(append(bytes.TrimRight(text, "\n"), '\n'))
			return err
		},
	}
}

func (a *app) schema(name string) ([]byte, error) {
	switch name {
	case "booking":
		return booking.Schema(), nil
	case "decision":
		return policy.Schema(), nil
	case "policy-input":
		return policy.InputSchema(), nil
	}
	return config.SchemaFor(defaultsOf(a.parts.Stages), defaultsOf(a.parts.Plugins))
}

func defaultsOf[D, T any](specs []pipeline.Spec[D, T]) map[string]any {
	all := make(map[string]any, len(specs))
	for _, s := range specs {
		all[s.Name] = s.Defaults()
	}
	return all
}
