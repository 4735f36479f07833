package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
)

const sendLong = `Sends a webhook to a running pipeline as the provider would: to the source's
path, signed with the source's secret. CASE is one of the plugin's recorded
webhooks (see --list), or a folder of the same form: request.http, and body.* for
a body. With --new each is generated from it: another event about another booking,
by ids of its own.

Prints the status and the answer, with -o json as one line of JSON each. Exit code
0 if every answer was 2xx.`

const sendExample = `  reservoir send --list tourcms
  reservoir send studentcom book_confirmed
  reservoir send redbroom ./my-cases/cancelled --count 3
  reservoir send studentcom book_confirmed --new --count 100
  reservoir send tourcms confirmed --url https://hooks.example.com`

// sendFlags say what is sent where.
type sendFlags struct {
	path   string
	url    string
	count  int
	fresh  bool
	list   bool
	output format
}

// sendCommand sends a webhook.
func (a *app) sendCommand() *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use: "send SOURCE CASE", Short: "Send a recorded or generated webhook, signed as the provider would",
		Long: sendLong, Example: sendExample,
		RunE: func(cmd *cobra.Command, given []string) error { return a.send(cmd.Context(), f, given) },
	}
	cmd.Args = args(func(cmd *cobra.Command, given []string) error {
		if f.count < 1 {
			return fmt.Errorf("--count %d is less than 1", f.count)
		}
		if f.list {
			return cobra.ExactArgs(1)(cmd, given)
		}
		return cobra.ExactArgs(2)(cmd, given)
	})
	configFlag(cmd, &f.path)
	outputFlag(cmd, &f.output)
	cmd.Flags().StringVar(&f.url, "url", "", "scheme and host of the pipeline; default: `listen` of the configuration")
	cmd.Flags().IntVar(&f.count, "count", 1, "send it so many times; repeats are duplicates, unless they are new")
	cmd.Flags().BoolVar(&f.fresh, "new", false, "give each webhook an event and a booking of its own")
	cmd.Flags().BoolVar(&f.list, "list", false, "list the recorded webhooks of the source's plugin")
	return cmd
}

func (a *app) send(ctx context.Context, f sendFlags, given []string) error {
	from, err := a.sender(f.path, given[0])
	if err != nil {
		return err
	}
	if f.list {
		return a.listCases(from.spec, f.output)
	}
	recorded, err := from.find(given[1])
	if err != nil {
		return err
	}
	base := f.url
	if base == "" {
		if base, err = localURL(from.listen); err != nil {
			return err
		}
	}
	provider, err := from.provider(a.Process)
	if err != nil {
		return err
	}
	defer closeProvider(provider)
	return a.sendAll(ctx, provider, recorded, from.source.Path, base, f)
}

func (a *app) sendAll(ctx context.Context, provider pipeline.Provider, recorded pipeline.Case, path, base string, f sendFlags) error {
	refused := 0
	for range f.count {
		webhook := recorded
		if f.fresh {
			var err error
			if webhook, err = renew(provider, recorded, a.Random); err != nil {
				return err
			}
		}
		answer, err := deliver(ctx, provider, webhook, path, base, a.Clock.Now())
		if err != nil {
			return err
		}
		if err := answer.print(a.Stdout, f.output); err != nil {
			return err
		}
		if !answer.ok() {
			refused++
		}
	}
	if refused > 0 {
		return fmt.Errorf("%d of %s not taken", refused, plural(f.count, "webhook"))
	}
	return nil
}

func (a *app) listCases(spec pipeline.ProviderSpec, output format) error {
	names, err := caseNames(spec.Cases)
	if err != nil {
		return fmt.Errorf("list the recorded webhooks of %s: %w", spec.Name, err)
	}
	if output == asJSON {
		return printJSON(a.Stdout, names)
	}
	for _, name := range names {
		fmt.Fprintln(a.Stdout, name)
	}
	return nil
}

// sender is a source whose webhooks are to be sent.
type sender struct {
	source config.Source
	spec   pipeline.ProviderSpec
	listen string
	faults config.Faults // of this source, with unset secrets
}

// sender finds a source of a configuration. Secrets of other sources need not
// be set.
func (a *app) sender(path, name string) (sender, error) {
	plan, faults := a.plan(path)
	if stops := faults.Errors(); len(stops) > 0 {
		printFaults(a.Stderr, stops)
		return sender{}, refused(path)
	}
	source, ok := plan.File.Source(name)
	if !ok {
		return sender{}, fmt.Errorf("%s has no source %q; it has %s", path, name, strings.Join(sourceNames(plan), ", "))
	}
	at := slices.IndexFunc(a.parts.Plugins, func(s pipeline.ProviderSpec) bool { return s.Name == source.Plugin })
	s := sender{source: source, spec: a.parts.Plugins[at], listen: plan.File.Listen} // the plan knows the plugin
	for _, f := range faults.Strict().Errors() {
		if strings.HasPrefix(f.Path, source.Node.Path()+".") {
			s.faults = append(s.faults, f)
		}
	}
	return s, nil
}

func sourceNames(plan *engine.Plan) []string {
	var names []string
	for _, s := range plan.File.Sources {
		names = append(names, s.Name)
	}
	return names
}

// provider makes the source's provider, which knows how its webhooks look.
func (s sender) provider(p Process) (pipeline.Provider, error) {
	if err := s.faults.Err(); err != nil {
		return nil, fmt.Errorf("the webhook cannot be signed: %w", err)
	}
	build, err := s.spec.Bind(s.source.Config.Decode)
	if err != nil {
		return nil, err
	}
	return build(pipeline.ProviderDeps{
		Source: s.source.Name, Zone: s.source.Location(), Clock: p.Clock, Log: slog.New(slog.DiscardHandler),
	})
}

// find gives a recorded webhook: the plugin's of that name, else the folder.
func (s sender) find(name string) (pipeline.Case, error) {
	names, err := caseNames(s.spec.Cases)
	if err != nil {
		return pipeline.Case{}, fmt.Errorf("list the recorded webhooks of %s: %w", s.spec.Name, err)
	}
	if slices.Contains(names, name) {
		return pipeline.ReadCase(s.spec.Cases, name)
	}
	c, err := pipeline.ReadCase(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if errors.Is(err, fs.ErrNotExist) {
		return pipeline.Case{}, fmt.Errorf("%s has no recorded webhook %q, and there is no folder of that name with a request.http; `reservoir send --list %s` lists them", s.spec.Name, name, s.source.Name)
	}
	return c, err
}
