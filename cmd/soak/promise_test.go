package main

import (
	"os"
	"testing"
	"time"
)

// step is one measurement, a minute after the one before.
type step struct {
	faults []fault
	after  time.Duration // how long before the measurement's begin the last rough fault ended
	copies int
	away   time.Duration
	joins  []joined
	wrong  bool
}

func TestRestartsInOrderAreHeldToWhatIsPromised(t *testing.T) {
	restart, kill := fault{name: "member-restart", gentle: true}, fault{name: "member-kill"}
	rolled := []fault{restart}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"as it should be", []step{{faults: rolled, joins: []joined{{"g", 3}, {"g", 3}}}, {faults: rolled, joins: []joined{{"g", 3}}}}},
		{"a copy", []step{{faults: rolled, copies: 1, wrong: true}}},
		{"a copy of a fault at the same time", []step{{faults: []fault{restart, kill}, copies: 1}}},
		{"a copy of the fault before", []step{{faults: []fault{kill}}, {faults: rolled, after: calmed - 1, copies: 1}}},
		{"a copy long after a fault", []step{{faults: []fault{kill}}, {faults: rolled, after: calmed, copies: 1, wrong: true}}},
		{"members that nobody knew again", []step{{faults: rolled, joins: []joined{{"g", 3}, {"g", 5}}, wrong: true}}},
		{"a member that nobody knew again the next time", []step{
			{faults: rolled, joins: []joined{{"g", 3}, {"h", 7}}},
			{faults: rolled, joins: []joined{{"g", 4}}, wrong: true},
		}},
		{"a fault between two restarts", []step{
			{faults: rolled, joins: []joined{{"g", 3}}},
			{faults: []fault{kill}, joins: []joined{{"g", 4}}},
			{faults: rolled, after: calmed, joins: []joined{{"g", 5}}},
		}},
		{"a machine too slow to be back in time", []step{{faults: rolled, away: session, joins: []joined{{"g", 3}, {"g", 5}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Unix(0, 0)
			p := promise{began: start.Add(calmed), calmSince: start}
			for n, s := range tt.steps {
				if s.after > 0 {
					p.began = p.calmSince.Add(s.after)
				}
				p.away = s.away
				p.done(p.began, s.faults...)
				err := p.measured(p.began.Add(time.Minute), s.copies, s.joins)
				if (err != nil) != s.wrong {
					t.Errorf("measurement %d gives %v, and wrong should be %v", n, err, s.wrong)
				}
			}
		})
	}
}

func TestMembersThatHaveJustStartedMayStillFindTheirPlaces(t *testing.T) {
	now := time.Unix(0, 0)
	p := promise{began: now, calmSince: now}
	if err := p.measured(now.Add(time.Second), 0, []joined{{"g", 1}, {"g", 2}}); err != nil {
		t.Error(err)
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

func TestAMembersLogTellsWhereItListensAndWhatItJoined(t *testing.T) {
	m, l := &member{}, &life{up: make(chan struct{})}
	log := &listens{to: devNull(t), tell: func(what said) { m.said(l, what) }}
	for _, part := range []string{
		`{"msg":"listening","webhooks":"a:1","admin":"b:2"}` + "\n" + `{"msg":"joined the gr`, `oup","group":"g","generation":4}` + "\nno JSON\n",
	} {
		if _, err := log.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if <-l.up; m.address() != "http://a:1" || m.admin != "http://b:2" {
		t.Errorf("it listens at %q and %q", m.address(), m.admin)
	}
	if got := m.joinedSince(); len(got) != 1 || got[0] != (joined{"g", 4}) {
		t.Errorf("it joined %v", got)
	}
	if again := m.joinedSince(); again != nil {
		t.Errorf("it joined %v again", again)
	}
}

func devNull(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
