package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

const demoLong = `Shows the whole thing in one command: an embedded broker in a new folder, four
sources, and a simulated TourCMS API. It sends each provider's webhook, signed
and over HTTP, shows the records that come out, and ends when all are there.

The folder stays: configuration, secrets and data, to go on with.`

const demoExample = `  reservoir demo
  reservoir demo --dir /tmp/try-reservoir
  reservoir demo --keep=false`

// demoCommand shows the pipeline at work.
func (a *app) demoCommand() *cobra.Command {
	var dir string
	var keep bool
	cmd := &cobra.Command{
		Use: "demo", Short: "See it work: four providers' webhooks in, booking events and decisions out",
		Long: demoLong, Example: demoExample, Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), dir, keep) },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the folder to make; default: reservoir-demo, or a free name like it")
	cmd.Flags().BoolVar(&keep, "keep", true, "leave the folder, to go on with")
	return cmd
}

// demoTime bounds a demo. It takes a few seconds.
const demoTime = time.Minute

func (a *app) demo(ctx context.Context, dir string, keep bool) (err error) {
	began := a.Clock.Now()
	folder, err := makeDemoFolder(dir, a.Random)
	if err != nil {
		return err
	}
	if !keep {
		defer func() { err = errors.Join(err, os.RemoveAll(folder.dir)) }()
	}
	log, err := os.OpenFile(filepath.Join(folder.dir, "reservoir.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return errors.Join(err, folder.api.Close())
	}
	defer log.Close()
	api := a.simulate(folder)
	defer api.Close() //nolint:errcheck // nothing under way matters
	s, err := a.service(folder.config)
	if err != nil {
		return err
	}
	s.log = slog.New(slog.NewTextHandler(log, nil))
	bounded, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	if err := a.perform(bounded, s, folder); err != nil {
		if ctx.Err() != nil {
			return errors.New("the demo was interrupted")
		}
		return fmt.Errorf("%w; the log is %s", err, log.Name())
	}
	a.farewell(folder, a.Clock.Now().Sub(began), keep)
	return nil
}

// perform runs the pipelines and, beside them, the demo's script.
func (a *app) perform(ctx context.Context, s *service, folder *demoFolder) error {
	listening := make(chan addresses, 1)
	s.tell = func(at addresses) { listening <- at }
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.run(running) }()
	played := make(chan error, 1)
	select {
	case at := <-listening:
		go func() { played <- a.play(running, at, folder) }()
	case err := <-ended:
		return fmt.Errorf("the pipelines did not start: %w", orUnknown(err))
	}
	select {
	case err := <-played:
		stop()
		return errors.Join(err, <-ended)
	case err := <-ended:
		stop()
		<-played //nolint:errcheck // it was told to end
		return fmt.Errorf("the pipelines ended early: %w", orUnknown(err))
	}
}

func orUnknown(err error) error {
	if err == nil {
		return context.DeadlineExceeded
	}
	return err
}

func (a *app) farewell(folder *demoFolder, took time.Duration, keep bool) {
	fmt.Fprintf(a.Stdout, "\nEverything came as it should, in %.1f s.", took.Seconds())
	if !keep {
		fmt.Fprintln(a.Stdout)
		return
	}
	fmt.Fprintf(a.Stdout, ` %s holds the configuration, the secrets
and the data. Go on with:

  reservoir run -c %[2]s
  reservoir send redbroom goodbay-created -c %[2]s
  reservoir tail bookings.events -c %[2]s
  reservoir topics --counts -c %[2]s

The simulated TourCMS API has ended with the demo: look-ups of the source tourcms
wait until its base_url leads to one.
`, folder.dir, folder.config)
}
