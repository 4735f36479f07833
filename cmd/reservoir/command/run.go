package command

import (
	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
)

const runLong = `Runs the pipelines of a configuration until SIGINT or SIGTERM. Then it takes no
more webhooks, finishes those under way and what follows from them, and ends
with exit code 0. A second signal ends it at once, with exit code 1; nothing
that was answered 200 is lost by that.

Without ` + "`kafka.brokers`" + ` an embedded broker keeps its log in ` + "`kafka.embedded.dir`" + `.
While no broker can be reached, webhooks and /readyz are answered 503, and the
command waits.

SIGHUP reads the configuration again: sources, secrets, policies and options of
stages. What is under way is finished first; for that moment webhooks are
answered 503. A configuration with faults, and a change of kafka, addresses,
outputs or the list of stages, is refused in the log, and the old one goes on.

Every secret must be set. The log goes to standard error.`

const runExample = `  reservoir run
  reservoir run -c /etc/reservoir/reservoir.yaml --log-format json`

// runCommand runs pipelines.
func (a *app) runCommand() *cobra.Command {
	var path string
	var log logFlags
	cmd := &cobra.Command{
		Use: "run", Short: "Run the pipelines of a configuration until told to stop",
		Long: runLong, Example: runExample, Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := log.logger(a.Stderr)
			if err != nil {
				return usage(cmd, err)
			}
			s, err := a.service(path)
			if err != nil {
				return err
			}
			s.log = logger
			if a.Hangups != nil {
				s.hangups = a.Hangups()
			}
			return s.run(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	log.add(cmd)
	return cmd
}

// service reads a configuration that is to be run; every fault is printed, and
// an unset secret is one (invariant 9).
func (a *app) service(path string) (*service, error) {
	plan, faults := a.plan(path)
	faults = faults.Strict()
	printFaults(a.Stderr, faults)
	if faults.Err() != nil {
		return nil, refused(path)
	}
	return &service{Process: a.Process, plan: plan, read: func() (*engine.Plan, config.Faults) { return a.tried(path) }}, nil
}
