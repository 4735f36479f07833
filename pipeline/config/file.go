package config

import (
	"slices"
	"time"
)

// File is a whole reservoir.yaml.
type File struct {
	Kafka     Kafka      `yaml:"kafka" doc:"The brokers; left out, or without brokers, an embedded one is started."`
	Listen    string     `yaml:"listen" doc:"Host:port that webhooks come to."`
	Admin     string     `yaml:"admin" doc:"Host:port of health, metrics and the console."`
	Privacy   Privacy    `yaml:"privacy" doc:"How people are made unrecognisable."`
	Sources   []Source   `yaml:"sources,required,keyed" doc:"The senders of webhooks, by name."`
	Pipelines []Pipeline `yaml:"pipelines,required,keyed" doc:"What is done with their webhooks, by name."`

	doc  *document
	node Node
}

// Privacy is how people are made unrecognisable.
type Privacy struct {
	// Key is unset on the embedded broker, where one is made and kept in its folder.
	Key Secret `yaml:"key" doc:"The secret that tokens of people are made with; required with brokers."`
}

// Source is one sender of webhooks.
type Source struct {
	Name      string     `yaml:",key"`
	Plugin    string     `yaml:"plugin,required" doc:"The plugin that reads its webhooks; see reservoir plugins."`
	Path      string     `yaml:"path,required" doc:"The URL path its webhooks come to; a {secret} segment is compared and never logged."`
	Config    Node       `yaml:"config" doc:"The plugin's configuration; see reservoir plugins NAME."`
	Zone      string     `yaml:"zone" doc:"IANA time zone of dates and wall times without one."`
	RateLimit *RateLimit `yaml:"rate_limit" doc:"Webhooks taken after verification; without it there is no limit."`
	Node      Node       `yaml:",self"`
}

// SetDefaults sets the zone.
func (s *Source) SetDefaults() { s.Zone = "UTC" }

// Location gives the source's zone, UTC where its name is not known (which is
// a fault of the file).
func (s Source) Location() *time.Location {
	if loc, err := time.LoadLocation(s.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// RateLimit bounds a source's webhooks.
type RateLimit struct {
	PerSecond float64 `yaml:"per_second,required" doc:"Webhooks a second, on average."`
	Burst     int     `yaml:"burst" doc:"Webhooks at once; 0 means one second's worth, at least 1."`
}

// Pipeline is a chain of stages and the topics it ends in.
type Pipeline struct {
	Name    string   `yaml:",key"`
	Sources []string `yaml:"sources,required" doc:"Names of its sources; a source is in one pipeline."`
	Stages  []Stage  `yaml:"stages,required" doc:"Its stages in order, and the topics between them."`
	Outputs Outputs  `yaml:"outputs" doc:"The topics it writes."`
	Node    Node     `yaml:",self"`
}

// SetDefaults sets the outputs.
func (p *Pipeline) SetDefaults() { p.Outputs = DefaultOutputs() }

// Stage is one item of a pipeline's stages: a stage with its configuration, or
// a topic that the chain goes through (To). One of Name and To is set.
type Stage struct {
	Name   string
	Config Node   // of the stage
	To     string // a topic's name, which may hold {source}
	Node   Node   // the item, for its position
}

// Outputs are the topics of a pipeline, one for each pipeline.Output.
type Outputs struct {
	Events    string `yaml:"events" doc:"Every accepted event, by booking."`
	Decisions string `yaml:"decisions" doc:"The decisions, by booking."`
	Current   string `yaml:"current" doc:"The latest state of each booking; compacted."`
	Dead      string `yaml:"dead" doc:"What needs a person."`
	Rejected  string `yaml:"rejected" doc:"Webhooks that were refused."`
	Lookups   string `yaml:"lookups" doc:"Answers of look-ups; may hold {source}."`
	Retry     string `yaml:"retry" doc:"Parked records."`
	Outcomes  string `yaml:"outcomes" doc:"Outcomes that leave no other record."`
}

// Default gives the configuration that holds where nothing is written.
func Default() File {
	return File{
		Kafka:  DefaultKafka(),
		Listen: ":8080",
		Admin:  "127.0.0.1:8081",
	}
}

// DefaultOutputs gives the topics of a pipeline that names none.
func DefaultOutputs() Outputs {
	return Outputs{
		Events: "bookings.events", Decisions: "bookings.decisions", Current: "bookings.current",
		Dead: "bookings.dead", Rejected: "bookings.rejected", Lookups: "bookings.lookups.{source}",
		Retry: "bookings.retry", Outcomes: "bookings.outcomes",
	}
}

// Source gives the source of a name.
func (f *File) Source(name string) (Source, bool) {
	i := slices.IndexFunc(f.Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return f.Sources[i], true
}

// Pipeline gives the pipeline of a name.
func (f *File) Pipeline(name string) (Pipeline, bool) {
	i := slices.IndexFunc(f.Pipelines, func(p Pipeline) bool { return p.Name == name })
	if i < 0 {
		return Pipeline{}, false
	}
	return f.Pipelines[i], true
}

// Faults gives what was found wrong up to now, by reading the file and by every
// Node.Decode since, sorted by position.
func (f *File) Faults() Faults {
	if f.doc == nil {
		return nil
	}
	return f.doc.all()
}

// Secrets gives the text of every secret resolved up to now, longest first, so
// that they can be cut out of what is stored. The order does not matter to
// callers but for one secret that holds another.
func (f *File) Secrets() []string {
	if f.doc == nil {
		return nil
	}
	return f.doc.known()
}

// Dir gives the folder of the file, which relative paths in it begin at.
func (f *File) Dir() string {
	if f.doc == nil {
		return ""
	}
	return f.doc.dir
}

// Root gives the whole file as a node, for checks that belong to all of it.
func (f *File) Root() Node { return f.node }
