package main

import (
	"flag"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
)

// options are what the command line says; they travel to the children as JSON.
type options struct {
	Brokers  []string
	N        int // events of a case that reads what was loaded before
	Bookings int
	Secs     int // of a case that sends webhooks
	Rate     int // of webhooks in the latency cases
	InFlight int // look-ups at once

	CPUProfile string // folder
	MemProfile string // folder
	Verbose    bool

	only            *regexp.Regexp
	others          string // folder of the same job done by others, "" for none
	reps            int
	scalePartitions []int
	scaleBookings   []int
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	brokers := f.String("brokers", "127.0.0.1:19091", "host:port of some brokers of a real Kafka, commas between")
	only := f.String("only", ".", "run the cases whose names match this regular expression")
	f.IntVar(&o.reps, "reps", 1, "repetitions, each of all cases in turn")
	f.IntVar(&o.N, "n", 300_000, "events of the cases that read a loaded topic")
	f.IntVar(&o.Bookings, "bookings", payload.DefaultBookings, "different bookings")
	f.IntVar(&o.Secs, "secs", 6, "seconds of the cases that send webhooks")
	f.IntVar(&o.Rate, "rate", 1000, "webhooks a second of the latency cases")
	f.IntVar(&o.InFlight, "in-flight", 64, "look-ups at once")
	f.StringVar(&o.CPUProfile, "cpuprofile", "", "write a CPU profile of each case to this folder")
	f.StringVar(&o.MemProfile, "memprofile", "", "write an allocation profile of each case to this folder")
	f.BoolVar(&o.Verbose, "v", false, "let the pipelines log their warnings")
	f.StringVar(&o.others, "beside", "", "measure the same job as others do it too, in the same run: the folder with their programs")
	partitions := f.String("scale-partitions", "8,64", "partitions of the scale cases")
	bookings := f.String("scale-bookings", "10000,100000", "bookings of the scale cases")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	if o.N < 1 || o.reps < 1 || o.Bookings < 1 || o.Secs < 1 || o.Rate < 1 || o.InFlight < 1 {
		return options{}, fmt.Errorf("-n, -reps, -bookings, -secs, -rate and -in-flight must be 1 or more")
	}
	o.Brokers = strings.Split(*brokers, ",")
	return o, o.lists(*only, *partitions, *bookings)
}

func (o *options) lists(only, partitions, bookings string) (err error) {
	if o.only, err = regexp.Compile(only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if o.scalePartitions, err = numbers(partitions); err != nil {
		return fmt.Errorf("-scale-partitions: %w", err)
	}
	if o.scaleBookings, err = numbers(bookings); err != nil {
		return fmt.Errorf("-scale-bookings: %w", err)
	}
	return nil
}

func numbers(text string) ([]int, error) {
	var all []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no whole number of 1 or more", word)
		}
		all = append(all, n)
	}
	return all, nil
}

// patience bounds a case; one that takes longer, by what it is asked, has failed.
func (c benchCase) patience() time.Duration {
	return 5*time.Minute + time.Duration(c.N)*500*time.Microsecond
}
