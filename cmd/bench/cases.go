package main

import (
	"fmt"
	"slices"
	"strings"
)

// benchCase is one case, as it is handed to its process.
type benchCase struct {
	Name       string
	Kind       string // hops, web, latency, lookup or beside
	Delivery   string // at_least_once where it is empty
	Stages     []string
	Plugin     string
	Partitions int
	Bookings   int
	N          int // records on the raw topic beforehand; 0: webhooks are sent
	Conns      int
	Command    []string // of kind beside: what to run in the folder of -beside
	Against    []string // the cases beside it that do the same work
}

// The kinds of cases.
const (
	kindHops    = "hops"
	kindWeb     = "web"
	kindLatency = "latency"
	kindLookUp  = "lookup"
	kindBeside  = "beside"
)

const partitions = 8

// Items of the chains; %[1]s is what every topic of a case begins with.
const (
	toRaw        = "to: %[1]s.raw.{source}"
	toNormalised = "to: %[1]s.normalised"
)

func oneHop() []string { return []string{"ingest", "verify", toRaw, "normalise", "dedupe"} }
func twoHops() []string {
	return []string{"ingest", "verify", toRaw, "enrich", "normalise", toNormalised, "dedupe", "policy"}
}

// cases gives the cases that the options choose.
func (o options) cases() []benchCase {
	loaded := benchCase{Kind: kindHops, Partitions: partitions, Bookings: o.Bookings, N: o.N}
	var all []benchCase
	add := func(name string, from benchCase, change func(*benchCase)) {
		from.Name = name
		change(&from)
		if o.only.MatchString(name) {
			all = append(all, from)
		}
	}
	add("one-hop/alo", loaded, func(c *benchCase) { c.Stages, c.Against = oneHop(), []string{handALO, limitALO, naive} })
	add("one-hop/eos", loaded, func(c *benchCase) {
		c.Stages, c.Delivery, c.Against = oneHop(), exactlyOnce, []string{handEOS, limitEOS, streams}
	})
	add("two-hops/alo", loaded, func(c *benchCase) { c.Stages, c.Against = twoHops(), []string{naive} })
	add("two-hops/eos", loaded, func(c *benchCase) { c.Stages, c.Delivery = twoHops(), exactlyOnce })
	sent := benchCase{Partitions: partitions, Bookings: o.Bookings}
	for _, conns := range []int{64, 256} {
		add(fmt.Sprintf("webhooks/%d", conns), sent, func(c *benchCase) {
			c.Kind, c.Conns, c.Stages, c.Against = kindWeb, conns, oneHop(), []string{fmt.Sprintf(handWeb, conns)}
		})
	}
	add("latency/two-hops", sent, func(c *benchCase) {
		c.Kind, c.Conns, c.Stages, c.Against = kindLatency, 64, twoHops(), []string{handLatency}
	})
	add("latency/two-hops/eos", sent, func(c *benchCase) {
		c.Kind, c.Conns, c.Stages, c.Delivery, c.Against = kindLatency, 64, twoHops(), exactlyOnce, []string{handLatencyEOS}
	})
	add("look-up/100ms", loaded, func(c *benchCase) {
		c.Kind, c.Stages, c.N = kindLookUp, lookedUp(o.InFlight), min(o.N, 8*int(possible(o.InFlight)))
	})
	for _, p := range o.scalePartitions {
		for _, b := range o.scaleBookings {
			add(fmt.Sprintf("scale/%dp/%d", p, b), loaded, func(c *benchCase) { c.Partitions, c.Bookings, c.Stages = p, b, oneHop() })
		}
	}
	return side(all, o.beside())
}

// side puts each of the others behind the first case that it is compared with: a
// shared machine is another one some minutes later.
func side(ours, others []benchCase) []benchCase {
	var all []benchCase
	for _, c := range ours {
		all = append(all, c)
		for _, name := range c.Against {
			if i := slices.IndexFunc(others, func(o benchCase) bool { return o.Name == name }); i >= 0 {
				all = append(all, others[i])
				others = slices.Delete(others, i, i+1)
			}
		}
	}
	return append(all, others...)
}

func lookedUp(inFlight int) []string {
	stages := twoHops()
	stages[3] = fmt.Sprintf("enrich: {max_in_flight: %d}", inFlight)
	return stages[:len(stages)-1]
}

// file gives a name for files about the case.
func (c benchCase) file() string { return strings.NewReplacer("/", "-").Replace(c.Name) }

const exactlyOnce = "exactly_once"

func (c benchCase) delivery() string {
	if c.Delivery == "" {
		return "at_least_once"
	}
	return c.Delivery
}
