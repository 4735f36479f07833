package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline/engine"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs the command line of this process and gives its exit code.
func Main(parts engine.Parts) int {
	p := System()
	return Run(context.Background(), parts, p, os.Args[1:])
}

// Run runs one command line and gives its exit code. The first signal ends the
// command in order; at the second, Run returns without waiting for it.
func Run(ctx context.Context, parts engine.Parts, p Process, args []string) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	root := New(parts, p)
	root.SetArgs(args)
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	for signalled := false; ; signalled = true {
		select {
		case err := <-done:
			return report(p.Stderr, err)
		case <-p.Signals:
			if signalled {
				return report(p.Stderr, errors.New("stopped by a second signal, with work under way"))
			}
			stop()
		}
	}
}

// report prints an error and gives its exit code.
func report(to io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintf(to, "reservoir: %v\n", err)
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(to, "see `%s --help`\n", u.command)
		return exitUsage
	}
	return exitFailed
}

// errSaid ends a command that has already printed what is wrong.
var errSaid = errors.New("faults were printed")

// usageError is a wrong command line.
type usageError struct {
	command string
	err     error
}

func usage(cmd *cobra.Command, err error) error { return &usageError{cmd.CommandPath(), err} }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// args makes a check of arguments a fault of usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := check(cmd, given); err != nil {
			return usage(cmd, err)
		}
		return nil
	}
}
