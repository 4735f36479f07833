package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// stagesCommand lists the stages.
func (a *app) stagesCommand() *cobra.Command {
	return a.listing(&cobra.Command{
		Use: "stages [NAME]", Short: "List the stages, or show one's configuration",
		Long: `Lists the stages that are built in, in the order in which a webhook meets them.
With a name it shows that stage's configuration with its defaults, as it is
written in a pipeline.`,
		Example: `  reservoir stages
  reservoir stages enrich
  reservoir stages -o json | jq -r '.[].name'`,
	}, "stage", func() ([]part, error) { return parts(a.parts.Stages) }, showStage)
}

func showStage(to io.Writer, p part) {
	fmt.Fprintf(to, "# %s: %s\n", p.Name, p.Summary)
	if len(p.Needs) > 0 {
		fmt.Fprintf(to, "# It needs %s before it.\n", strings.Join(p.Needs, " and "))
	}
	if len(p.Config) == 0 {
		fmt.Fprintf(to, "stages:\n  - %s\n", p.Name)
		return
	}
	fmt.Fprintf(to, "stages:\n  - %s:\n", p.Name)
	printConfig(to, p, 6)
}
