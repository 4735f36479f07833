package main

import (
	"testing"
	"time"
)

func TestARestartInOrderIsHeldToWhatIsPromised(t *testing.T) {
	usual := options{rate: 100, partitions: 4}
	for _, tt := range []struct {
		name   string
		of     options
		stall  time.Duration
		copies int
		away   time.Duration
		wrong  bool
	}{
		{"as it should be", usual, 2 * time.Second, 0, 1500 * time.Millisecond, false},
		{"a copy", usual, 2 * time.Second, 1, 1500 * time.Millisecond, true},
		{"a copy without a restart", usual, time.Second, 1, 0, true},
		{"it waited for its session to end", usual, session - time.Second, 0, 1500 * time.Millisecond, true},
		{"the machine is slow", usual, session + time.Second, 0, 8 * time.Second, false},
		{"nobody was restarted", usual, session, 0, 0, false},
		{"few events come", options{rate: 4, partitions: 4}, session, 0, time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.of.unkept([]time.Duration{tt.stall, time.Millisecond}, tt.copies, tt.away)
			if (err != nil) != tt.wrong {
				t.Errorf("it is %v, and wrong should be %v", err, tt.wrong)
			}
		})
	}
}

func TestOnlyWhatFollowsFromGentleFaultsOfStaticMembersIsHeldToThem(t *testing.T) {
	restart, kill := fault{name: "member-restart", gentle: true}, fault{name: "member-kill"}
	s := &soak{o: options{static: true}}
	begin := func(after time.Duration) { s.round = round{began: s.roughEnd.Add(after)} }
	begin(calmed)
	if s.done(restart); !s.gentle() {
		t.Error("a restart in order is not held to its promise")
	}
	if s.done(restart, kill); s.gentle() || !s.rough {
		t.Error("a kill at the same time is held to the promise")
	}
	begin(calmed - time.Second)
	if s.done(restart); s.gentle() {
		t.Error("what the kill before costs is held to the promise")
	}
	begin(calmed)
	if s.done(restart); !s.gentle() {
		t.Error("a restart long after a kill is not held to its promise")
	}
	s.o.static = false
	if s.gentle() {
		t.Error("members that are not static are held to the promise")
	}
}

func TestRestartsInOrderAreGentleAndWhatTakesAMemberAwayIsNot(t *testing.T) {
	for _, f := range faults() {
		switch f.name {
		case "member-restart", "member-rolling", "junk", "calm":
			if !f.gentle {
				t.Errorf("%s may cost copies", f.name)
			}
		default:
			if f.gentle {
				t.Errorf("%s may cost no copy", f.name)
			}
		}
	}
}
