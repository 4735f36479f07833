package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// options are what the command line says.
type options struct {
	script     string // .ci/kafka.sh
	dir        string // of a cluster that is there
	brokers    int
	port       int
	seed       uint64
	minutes    float64
	every      time.Duration
	delivery   string
	members    int
	static     bool
	rate       int
	senders    int
	partitions int
	only       string
	together   int
	keep       string
	properties bool
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.StringVar(&o.script, "kafka", ".ci/kafka.sh", "the script that starts, kills and stops brokers")
	f.StringVar(&o.dir, "cluster", "", "the folder of a cluster that this script has started; empty starts one, and stops it in the end")
	f.IntVar(&o.brokers, "brokers", 3, "brokers of the cluster that is started, 1 or 3")
	f.IntVar(&o.port, "port", 29090, "its ports are counted from here")
	f.Uint64Var(&o.seed, "seed", 0, "makes each sender's webhooks and the faults; 0 takes a new one")
	f.Float64Var(&o.minutes, "minutes", 60, "how long faults are done")
	f.DurationVar(&o.every, "fault-every", 20*time.Second, "the time from one fault to the next")
	f.StringVar(&o.delivery, "delivery", string(config.AtLeastOnce), "at_least_once or exactly_once")
	f.IntVar(&o.members, "members", 2, "members of the pipeline")
	f.BoolVar(&o.static, "static", true, "give the members a kafka.instance_id each")
	f.IntVar(&o.rate, "rate", 100, "webhooks a second")
	f.IntVar(&o.senders, "senders", 24, "connections that send them")
	f.IntVar(&o.partitions, "partitions", 4, "partitions of each topic")
	f.StringVar(&o.only, "faults", ".", "do the faults whose names match this regular expression: "+faultNames())
	f.IntVar(&o.together, "together", 50, "how often, in a hundred times, a fault of the cluster and one of a member come at once")
	f.StringVar(&o.keep, "dir", "", "keep logs and state in this folder; empty is a temporary one, which stays when something is wrong")
	f.BoolVar(&o.properties, "properties", false, "print what the brokers' properties should hold beside their own, and end")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	return o.checked()
}

func (o options) checked() (options, error) {
	if o.members < 1 || o.rate < 1 || o.senders < 1 || o.partitions < 1 || o.minutes <= 0 || o.every <= 0 {
		return options{}, fmt.Errorf("-members, -rate, -senders, -partitions, -minutes and -fault-every must be more than 0")
	}
	if o.delivery != string(config.AtLeastOnce) && o.delivery != string(config.ExactlyOnce) {
		return options{}, fmt.Errorf("-delivery %q is neither at_least_once nor exactly_once", o.delivery)
	}
	if _, err := regexp.Compile(o.only); err != nil {
		return options{}, fmt.Errorf("-faults: %w", err)
	}
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	return o, nil
}

// again is the command line that does the same.
func (o options) again() string {
	line := fmt.Sprintf("go run ./cmd/soak -kafka '%s' -brokers %d -port %d -seed %d -minutes %v -fault-every %v -delivery %s -members %d -static=%v -rate %d -senders %d -partitions %d -together %d -faults '%s'",
		o.script, o.brokers, o.port, o.seed, o.minutes, o.every, o.delivery, o.members, o.static, o.rate, o.senders, o.partitions, o.together, o.only)
	for _, folder := range []struct{ name, at string }{{"cluster", o.dir}, {"dir", o.keep}} {
		if folder.at != "" {
			line += fmt.Sprintf(" -%s '%s'", folder.name, folder.at)
		}
	}
	return line
}
