// Package command is the command line of Reservoir: a tree of cobra commands
// over a list of stages and plugins. Everything a person does with Reservoir
// begins here; the work is done by the packages below pipeline.
//
// A program of somebody else's adds a private plugin by a main of three lines:
//
//	parts := engine.Parts{Stages: stages.All(), Plugins: append(plugins.All(), acme.Spec())}
//	os.Exit(command.Main(parts))
//
// A command sees of the process only what Process hands it: streams,
// environment, signals, clock. So tests run the very commands, in-process.
//
// Files: one per command, and
//
//   - root.go, execute.go: the tree, and how its errors become exit codes
//   - load.go, connect.go: from a configuration file to a plan and to Kafka
//   - service.go, broker.go, door.go, admin.go: what `run` is made of
//   - output.go, record.go: lists and records, for people and as JSON
package command
