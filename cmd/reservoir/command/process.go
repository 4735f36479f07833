package command

import (
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Process is what commands see of the process they run in.
type Process struct {
	Stdout, Stderr io.Writer
	// Env looks an environment variable up, as os.LookupEnv does.
	Env   func(name string) (string, bool)
	Clock pipeline.Clock
	// Random gives 64 random bits, for trace ids and jitter; secrets are made
	// by crypto/rand.
	Random func() uint64
	// Signals brings SIGINT and SIGTERM: the first ends a command in order, the
	// second at once.
	Signals <-chan os.Signal
	// Hangups gives what brings SIGHUP from now on; nil where there is none. A
	// command that does not ask for it is ended by one, as terminals expect.
	Hangups func() <-chan os.Signal
	// Build is what `version` tells; nil where it is not known.
	Build *debug.BuildInfo
}

// System gives the process as it is. It takes SIGINT and SIGTERM over.
func System() Process {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	build, _ := debug.ReadBuildInfo()
	return Process{
		Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv, Clock: pipeline.WallClock{},
		Random: rand.Uint64, Signals: signals, Hangups: hangups, Build: build,
	}
}

// loader reads configurations with the process's environment.
func (p Process) loader() config.Loader {
	l := config.SystemLoader()
	l.Env = p.Env
	return l
}
