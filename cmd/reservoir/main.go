package main

import (
	"os"
	_ "time/tzdata" // sources have time zones; a container or a bare machine may have none

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/plugins"
	"github.com/reservoirhq/reservoir/stages"
)

func main() {
	os.Exit(command.Main(engine.Parts{Stages: stages.All(), Plugins: plugins.All()}))
}
