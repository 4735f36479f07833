package examples_test

import (
	"os"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/plugins"
	"github.com/reservoirhq/reservoir/stages"
)

// childVariable makes the test's own binary the command `reservoir`.
const childVariable = "RESERVOIR_EXAMPLES_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(command.Main(engine.Parts{Stages: stages.All(), Plugins: plugins.All()}))
	}
	os.Exit(m.Run())
}
