package command_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/plugins"
	"github.com/reservoirhq/reservoir/stages"
)

// childVariable makes the test's own binary the program itself, so that tests
// can kill it.
const childVariable = "RESERVOIR_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(command.Main(builtIn()))
	}
	goleak.VerifyTestMain(m,
		// sarama's metrics start one ticker for the life of the process.
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"),
		// net/http waits half a second before it closes a connection whose
		// request it did not read to the end, also after its server has closed.
		goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func builtIn() engine.Parts {
	return engine.Parts{Stages: stages.All(), Plugins: plugins.All()}
}
