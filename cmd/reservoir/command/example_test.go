package command_test

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/plugins"
	"github.com/reservoirhq/reservoir/stages"
)

// acme is a provider that nobody else has.
type acme struct{}

type acmeConfig struct {
	Secret config.Secret `yaml:"secret,required" doc:"What our webhooks are signed with."`
}

func (acme) Identify(pipeline.Request) (pipeline.Identity, error) {
	return pipeline.Identity{}, pipeline.Reject(pipeline.Malformed, errors.New("no webhook of Acme's"))
}

func (acme) Verify(pipeline.Request, time.Time) (pipeline.Verification, error) {
	return pipeline.Verification{}, pipeline.Reject(pipeline.Unverified, errors.New("not signed by Acme"))
}

func (acme) Normalise(pipeline.Event) ([]booking.Event, error) {
	return nil, pipeline.Done(pipeline.Ignored)
}

// A program of your own adds a private plugin to those that are built in. Its
// main is these lines, ending in os.Exit(command.Main(parts)).
func Example_privatePlugin() {
	spec := pipeline.NewProviderSpec("acme", "Acme Tours: our own system", func() acmeConfig { return acmeConfig{} },
		func(acmeConfig, pipeline.ProviderDeps) (pipeline.Provider, error) { return acme{}, nil })
	parts := engine.Parts{Stages: stages.All(), Plugins: append(plugins.All(), spec)}

	p := command.Process{Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv, Clock: pipeline.WallClock{}}
	command.Run(context.Background(), parts, p, []string{"plugins", "acme"})
	// Output:
	// # acme: Acme Tours: our own system
	// sources:
	//   acme:
	//     plugin: acme
	//     path: /hooks/acme
	//     config:
	//       # What our webhooks are signed with. Required.
	//       secret: {env: NAME}
}
