package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // as the program that this one starts

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/plugins"
	"github.com/reservoirhq/reservoir/stages"
)

// memberVariable makes this program `reservoir` itself: that is how it starts
// members, which are the real command line in a process of their own.
const memberVariable = "RESERVOIR_SOAK_MEMBER"

func main() {
	if os.Getenv(memberVariable) != "" {
		os.Exit(beMember())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	os.Exit(1)
}

func beMember() int {
	return command.Main(engine.Parts{Stages: stages.All(), Plugins: plugins.All()})
}

// run makes the cluster and everything on it, and gives what was found wrong.
func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.properties {
		fmt.Println(properties)
		return nil
	}
	fmt.Printf("seed %d: %s\n", o.seed, o.again())
	c, err := o.cluster(ctx)
	if err != nil {
		return err
	}
	defer c.stop()
	s, err := newSoak(ctx, o, c, os.Stdout)
	if err != nil {
		return err
	}
	defer s.close()
	return s.run(ctx)
}
