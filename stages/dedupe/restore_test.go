package dedupe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

func TestTheStateIsRestoredFromItsTopic(t *testing.T) {
	h := open(t)
	first := status(booking.StatusPending, "e1", morning)
	mustSay(t, h, first)
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	h.start()
	_, err := h.say(first)
	wantEnding(t, err, pipeline.Duplicate)
	if got := mustSay(t, h, status(booking.StatusPending, "e0", morning)); !got.Stale {
		t.Error("after a restart an older state passes for news")
	}
}

func TestRecordsReadAgainAfterARestartEndQuietly(t *testing.T) {
	h := open(t)
	a, b := h.event(content(booking.StatusPending)), h.event(content(booking.StatusConfirmed))
	again := *a.Booking
	for _, ev := range []pipeline.Event{a, b} {
		if _, err := h.process(ev, true); err != nil {
			t.Fatal(err)
		}
	}
	h.start()
	a.Booking = &again
	_, err := h.process(a, true) // its offset was not committed
	wantEnding(t, err, pipeline.Settled)
}

func TestAStateThatALostMemberOverwroteIsWrittenBack(t *testing.T) {
	h := open(t)
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	h.current = append(h.current, h.current[0]) // the lost member's late write
	h.start()
	if len(h.current) != 4 || h.state().Booking.Status != booking.StatusConfirmed {
		t.Fatalf("%d records, the last says %s", len(h.current), h.state().Booking.Status)
	}
	h.start()
	if len(h.current) != 4 {
		t.Error("a state that is in order was written back")
	}
}

// TestAStateMayHaveSeenMoreThanThereWasAtTheAssignment: a member that is about to
// lose its claim still works while the new owner restores. Its state has the very
// record that the new owner reads next, which is no duplicate of itself.
func TestAStateMayHaveSeenMoreThanThereWasAtTheAssignment(t *testing.T) {
	for _, at := range []string{"the whole state", "a tail"} {
		t.Run(at, func(t *testing.T) {
			h := openOn(t, vfs.NewMem())
			mustSay(t, h, status(booking.StatusPending, "e1", morning))
			if at == "a tail" {
				h.tend()
			}
			h.was = h.next
			last := h.event(status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
			again := *last.Booking
			if _, err := h.process(last, true); err != nil {
				t.Fatal(err)
			}
			n := len(h.current)
			h.start()
			last.Booking = &again
			_, err := h.process(last, true)
			wantEnding(t, err, pipeline.Settled)
			if len(h.current) != n {
				t.Error("its state was written back")
			}
		})
	}
}

func TestStateOfATopicThatWasMadeAnewForgetsItsPosition(t *testing.T) {
	h := open(t)
	for range 3 {
		h.event(booking.Event{})
	}
	mustSay(t, h, status(booking.StatusPending, "e1", morning)) // offset 3
	h.next, h.end = 0, 1                                        // the new topic holds one record
	h.start()
	if got := mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour))); got.Stale {
		t.Error("the first event of the new topic is stale")
	}
}

func TestStatesExpire400DaysAfterTheService(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ends  time.Time
		heard time.Duration // before the restart
		kept  bool
	}{
		{"over for 399 days", morning.AddDate(0, 0, -399), 16 * 24 * time.Hour, true},
		{"over for 401 days", morning.AddDate(0, 0, -401), 16 * 24 * time.Hour, false},
		{"over for 401 days, heard of within the window", morning.AddDate(0, 0, -401), 14 * 24 * time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t)
			e := status(booking.StatusCompleted, "e1", morning)
			e.Booking.Service = &booking.Service{EndsAt: &tt.ends, Zone: "UTC", Precision: booking.Day}
			ev := h.event(e)
			ev.ReceivedAt = morning.Add(-tt.heard)
			if _, err := h.process(ev, true); err != nil {
				t.Fatal(err)
			}
			h.start()
			last := h.current[len(h.current)-1]
			if tombstone := last.Value == nil && string(last.Key) == id; tombstone == tt.kept {
				t.Errorf("tombstone written: %v", tombstone)
			}
			again := h.event(e)
			again.ReceivedAt = ev.ReceivedAt.Add(time.Hour)
			if _, err := h.process(again, true); (err != nil) != tt.kept {
				t.Errorf("a repeat gives %v", err)
			}
		})
	}
}

func TestForeignRecordsInTheStateTopicAreNoState(t *testing.T) {
	h := open(t, pipeline.Record{Key: []byte(id), Value: []byte("not ours")})
	if got := mustSay(t, h, status(booking.StatusPending, "e1", morning)); got.Stale {
		t.Error("a foreign record counts as state")
	}
}

func TestABrokenStateStopsThePartitionAndSaysWhere(t *testing.T) {
	h := open(t)
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	broken := h.current[0]
	broken.Value, broken.Topic, broken.Offset = []byte("{"), "bookings.current", 7
	err := h.stage.(pipeline.Partitioned).Assigned(t.Context(), pipeline.Partition{Topic: input}, &house{t: t, current: []pipeline.Record{broken}})
	if err == nil || !strings.Contains(err.Error(), "bookings.current/0/7") {
		t.Errorf("error is %v", err)
	}
}

func TestWhatOneBookingMakesUsRememberIsBounded(t *testing.T) {
	h := open(t)
	for n := range 300 {
		e := status(booking.StatusPending, "e"+strings.Repeat("x", n), morning.Add(time.Duration(n)*time.Second))
		e.Cancellation = &booking.Cancellation{By: booking.ByGuest}
		mustSay(t, h, e)
	}
	last := h.current[len(h.current)-1]
	size := 0
	for _, header := range last.Headers {
		size += len(header.Value)
	}
	if size > 40_000 || !strings.Contains(dedupe.MemoryText(last), "Overflow:44") {
		t.Errorf("headers hold %d bytes: %.200s", size, dedupe.MemoryText(last))
	}
}

func TestAStateThatCannotBeReadIsNoFaultOfTheEvent(t *testing.T) {
	h := open(t)
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	h.current[0].Value = []byte(`{"booking":{"id":"src/b1","price":"none"}}`)
	h.start()
	ev := h.event(status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	for range 2 { // and nothing is left behind by the first try
		_, err := h.stage.Process(t.Context(), ev)
		if !pipeline.IsTrouble(err) || !strings.Contains(err.Error(), id) {
			t.Errorf("error is %v", err)
		}
	}
	if n := dedupe.UnderWay(h.stage); n != 0 {
		t.Errorf("%d bookings are under way", n)
	}
}

func TestAnOverwrittenStateIsNotBuriedByTheOlderOneThatHasExpired(t *testing.T) {
	h := open(t)
	over := morning.AddDate(0, 0, -401)
	first := status(booking.StatusPending, "e1", morning)
	first.Booking.Service = &booking.Service{EndsAt: &over, Zone: "UTC", Precision: booking.Day}
	moved := status(booking.StatusConfirmed, "e2", morning.Add(time.Hour))
	ends := morning.AddDate(0, 0, 30)
	moved.Booking.Service = &booking.Service{EndsAt: &ends, Zone: "UTC", Precision: booking.Day}
	for _, e := range []booking.Event{first, moved} {
		ev := h.event(e)
		ev.ReceivedAt = morning.Add(-windowD - time.Hour)
		if _, err := h.process(ev, true); err != nil {
			t.Fatal(err)
		}
	}
	h.current = append(h.current, h.current[0]) // the lost member's late write
	h.start()
	if last := h.current[len(h.current)-1]; last.Value == nil || h.state().Booking.Status != booking.StatusConfirmed {
		t.Errorf("the last of %d records has %d bytes", len(h.current), len(last.Value))
	}
}
