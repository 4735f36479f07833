package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(1)
}

// run is the parent of everything, or, where its first argument says so, one
// of the processes that it starts.
func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == childArg {
		return child(ctx, role(args[1]), []byte(args[2]))
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return o.measure(ctx)
}

// measure runs every chosen case in a process of its own, in turn.
func (o options) measure(ctx context.Context) error {
	if _, err := brokerCPU(); err != nil {
		return err
	}
	for _, dir := range []string{o.CPUProfile, o.MemProfile} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the folder of profiles: %w", err)
		}
	}
	others, err := o.neighbours(ctx)
	if err != nil {
		return err
	}
	defer others.remove()
	var results []result
	var failed error
	for range o.reps {
		for _, c := range o.cases() {
			r, err := o.run(ctx, c, others)
			if ctx.Err() != nil {
				return errors.Join(ctx.Err(), table(os.Stdout, results), ratios(os.Stdout, o.cases(), results))
			}
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", c.Name, err))
				continue
			}
			if err := r.print(os.Stdout); err != nil {
				return err
			}
			results = append(results, r)
		}
	}
	fmt.Println()
	return errors.Join(failed, table(os.Stdout, results), ratios(os.Stdout, o.cases(), results))
}

func (o options) run(ctx context.Context, c benchCase, others *neighbours) (result, error) {
	if c.Kind == kindBeside {
		return others.run(ctx, c)
	}
	return o.one(ctx, c)
}
