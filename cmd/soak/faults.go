package main

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// fault is one kind of harm. It returns when the harm is over, and everything
// that was taken away is back; what follows from it may go on.
type fault struct {
	name    string
	brokers int  // it takes so many of them
	gentle  bool // where members are static, it costs no copy also at least once
	do      func(ctx context.Context, s *soak, r *rand.Rand) error
}

// ofMember tells a fault of the pipeline from one of the cluster. Two of one kind
// would get into each other's way.
func (f fault) ofMember() bool { return strings.HasPrefix(f.name, "member-") }

// faults lists them all.
func faults() []fault {
	return []fault{
		{"member-kill", 1, false, killMember},
		{"member-kill-late", 1, false, killMemberLate},
		{"member-restart", 1, true, restartMember},
		{"member-rolling", 1, true, rollMembers},
		{"member-pause", 1, false, pauseMember},
		{"member-storm", 1, false, storm},
		{"member-wipe", 1, false, wipeMember},
		{"broker-kill", 1, false, killBroker},
		{"broker-pause", 1, false, pauseBroker},
		{"leader-moves", 3, false, moveLeaders},
		{"isr-lost", 3, false, loseISR},
		{"junk", 1, true, writeJunk},
		{"calm", 1, true, calm},
	}
}

func faultNames() string {
	var all []string
	for _, f := range faults() {
		all = append(all, f.name)
	}
	return strings.Join(all, ", ")
}

// chosen gives the faults that can be done.
func (o options) chosen(brokers int) []fault {
	only := regexp.MustCompile(o.only) // parse has tried it
	var all []fault
	for _, f := range faults() {
		if f.brokers <= brokers && only.MatchString(f.name) {
			all = append(all, f)
		}
	}
	return all
}

// between gives a time from a to b.
func between(r *rand.Rand, a, b time.Duration) time.Duration {
	return a + time.Duration(r.Int64N(int64(b-a)))
}

// lasts lets a fault last: the time is a part of what it is.
func lasts(ctx context.Context, d time.Duration) error { return pipeline.WallClock{}.Sleep(ctx, d) }

// calm does nothing: what a partition's standstill is without harm, on a machine
// that others use too.
func calm(context.Context, *soak, *rand.Rand) error { return nil }
