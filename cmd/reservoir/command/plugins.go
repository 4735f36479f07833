package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// pluginsCommand lists the plugins.
func (a *app) pluginsCommand() *cobra.Command {
	return a.listing(&cobra.Command{
		Use: "plugins [NAME]", Short: "List the plugins, or show one's configuration and recorded webhooks",
		Long: `Lists the plugins that are built in. With a name it shows that plugin's
configuration with its defaults, as it is written in a source, and the recorded
webhooks that ` + "`reservoir send`" + ` knows.`,
		Example: `  reservoir plugins
  reservoir plugins tourcms
  reservoir plugins tourcms -o json | jq -r '.cases[]'`,
	}, "plugin", func() ([]part, error) { return parts(a.parts.Plugins) }, showPlugin)
}

func showPlugin(to io.Writer, p part) {
	path := "/hooks/" + p.Name
	if p.URLSecret {
		path += "/{secret}"
	}
	fmt.Fprintf(to, "# %s: %s\n", p.Name, p.Summary)
	if p.LooksUp {
		fmt.Fprintln(to, "# Its webhooks only call with an id: its pipeline needs the stage enrich.")
	}
	fmt.Fprintf(to, "sources:\n  %s:\n    plugin: %s\n    path: %s\n", p.Name, p.Name, path)
	if len(p.Config) > 0 {
		fmt.Fprintln(to, "    config:")
		printConfig(to, p, 6)
	}
	if len(p.Cases) == 0 {
		return
	}
	fmt.Fprintf(to, "\n# Recorded webhooks, for `reservoir send %s CASE`:\n", p.Name)
	for _, name := range p.Cases {
		fmt.Fprintf(to, "#   %s\n", name)
	}
}
