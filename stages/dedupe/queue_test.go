package dedupe_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

// under is an event that was processed and is not settled yet.
func under(t *testing.T, h *house, ev pipeline.Event) pipeline.Event {
	t.Helper()
	out, err := h.stage.Process(t.Context(), ev)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func currentOf(ev pipeline.Event) pipeline.Record { return ev.Side[len(ev.Side)-1].Record }

// statusNow is the status that the local state has, none where there is no state.
func statusNow(t *testing.T, h *house) string {
	t.Helper()
	lines, err := dedupe.States(h.stage, part())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range booking.Statuses() {
		for _, line := range lines {
			if want := fmt.Sprintf(`"status":%q`, s); strings.Contains(line, want) {
				return string(s)
			}
		}
	}
	return ""
}

func TestAnEventIsJudgedByTheOneBeforeItThoughThatIsNotSettled(t *testing.T) {
	h := open(t)
	first := status(booking.StatusConfirmed, "e1", morning.Add(time.Hour))
	a := under(t, h, h.event(first))
	b := under(t, h, h.event(status(booking.StatusPending, "e2", morning)))
	if !b.Booking.Stale {
		t.Error("the second does not know of the first")
	}
	_, err := h.stage.Process(t.Context(), h.event(first))
	wantEnding(t, err, pipeline.Duplicate)
	settler := h.stage.(pipeline.Settler)
	settler.Settle(a, true)
	settler.Settle(b, true)
	if got := statusNow(t, h); got != "confirmed" {
		t.Errorf("the state is %q", got)
	}
}

func TestSettling(t *testing.T) {
	type outcome struct {
		event int
		ok    bool
	}
	tests := []struct {
		name   string
		settle []outcome
		after  []string // the local state after each
	}{
		{"in order", []outcome{{0, true}, {1, true}, {2, true}}, []string{"pending", "confirmed", "completed"}},
		{"last first", []outcome{{2, true}, {1, true}, {0, true}}, []string{"", "", "completed"}},
		{"all fail", []outcome{{0, false}, {1, false}, {2, false}}, []string{"", "", ""}},
		{"all fail, last first", []outcome{{2, false}, {1, false}, {0, false}}, []string{"", "", ""}},
		{"those behind a failed one fail", []outcome{{0, true}, {1, false}, {2, false}}, []string{"pending", "pending", "pending"}},
		{"what the topic has is kept", []outcome{{0, false}, {1, true}, {2, true}}, []string{"", "confirmed", "completed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t)
			var events []pipeline.Event
			for n, s := range []booking.Status{booking.StatusPending, booking.StatusConfirmed, booking.StatusCompleted} {
				events = append(events, under(t, h, h.event(status(s, fmt.Sprint(n), morning.Add(time.Duration(n)*time.Hour)))))
			}
			for n, o := range tt.settle {
				h.stage.(pipeline.Settler).Settle(events[o.event], o.ok)
				if got := statusNow(t, h); got != tt.after[n] {
					t.Errorf("after %+v the state is %q, want %q", o, got, tt.after[n])
				}
			}
			if got := dedupe.UnderWay(h.stage); got != 0 {
				t.Errorf("%d bookings are still under way", got)
			}
		})
	}
}

func TestAFailedEventTakesWithItWhatWasBuiltOnIt(t *testing.T) {
	h := open(t)
	mustSay(t, h, status(booking.StatusPending, "e0", morning))
	first, second := h.event(status(booking.StatusConfirmed, "e1", morning.Add(2*time.Hour))), h.event(status(booking.StatusPending, "e2", morning.Add(time.Hour)))
	again := *second.Booking
	a, b := under(t, h, first), under(t, h, second)
	h.stage.(pipeline.Settler).Settle(a, false)
	// b is not settled yet, and must not be what others are judged by.
	third := under(t, h, h.event(status(booking.StatusPending, "e3", morning.Add(90*time.Minute))))
	if third.Booking.Stale {
		t.Error("judged by an event that failed")
	}
	h.stage.(pipeline.Settler).Settle(b, false)
	h.stage.(pipeline.Settler).Settle(third, false)
	second.Booking = &again
	if out := under(t, h, second); out.Booking.Stale {
		t.Error("read again, it is judged by an event that failed")
	}
}

// TestAPanicLeavesNoPlaceBehind: every state of the booking would wait behind it
// to be settled.
func TestAPanicLeavesNoPlaceBehind(t *testing.T) {
	h := open(t)
	broken := h.event(status(booking.StatusConfirmed, "e0", morning))
	mend := dedupe.Break(h.stage)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("nothing panicked")
			}
		}()
		_, _ = h.stage.Process(t.Context(), broken)
	}()
	mend()
	if got := dedupe.UnderWay(h.stage); got != 0 {
		t.Errorf("%d bookings are still under way", got)
	}
	mustSay(t, h, status(booking.StatusConfirmed, "e1", morning))
	if got := statusNow(t, h); got != "confirmed" {
		t.Errorf("the state is %q", got)
	}
}

func TestARecordWithoutABookingIsRefused(t *testing.T) {
	h := open(t)
	ev := h.event(status(booking.StatusConfirmed, "e1", morning))
	ev.Booking = nil
	_, err := h.stage.Process(t.Context(), ev)
	if r, ok := pipeline.AsRejection(err); !ok || r.Reason != pipeline.Unreadable {
		t.Errorf("got %v, want %s", err, pipeline.Unreadable)
	}
	if got := dedupe.UnderWay(h.stage); got != 0 {
		t.Errorf("%d bookings are still under way", got)
	}
}

func TestTwoEventsOfOneRecordAndBookingAreBothTaken(t *testing.T) {
	h := open(t)
	a := h.event(status(booking.StatusPending, "e1", morning))
	b := h.event(status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	b.Input = a.Input
	h.next--
	outA, outB := under(t, h, a), under(t, h, b)
	h.stage.(pipeline.Settler).Settle(outB, true)
	h.stage.(pipeline.Settler).Settle(outA, true)
	if got := statusNow(t, h); got != "confirmed" {
		t.Errorf("the state is %q", got)
	}
	_, err := h.stage.Process(t.Context(), a)
	wantEnding(t, err, pipeline.Settled)
}

func TestNoEventOfABookingBeginsWhileItsStateIsWrittenBack(t *testing.T) {
	h := open(t)
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	ev := h.event(status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	began, ended := make(chan struct{}), make(chan int, 1)
	done, err := dedupe.Mend(h.stage, part(), id, func() {
		go func() {
			close(began)
			if _, err := h.stage.Process(t.Context(), ev); err != nil {
				t.Error(err)
			}
			end, _ := h.StateEnd(t.Context())
			ended <- int(end)
		}()
		<-began
	})
	if err != nil || !done {
		t.Fatalf("not written back: %v %v", done, err)
	}
	if at := <-ended; at != 2 {
		t.Errorf("the event was judged when the topic had %d records, before the state was written back", at)
	}
	// And the other way round: what is under way is not written over.
	if done, err := dedupe.Mend(h.stage, part(), id, func() {}); done || err != nil {
		t.Errorf("written back under an event: %v %v", done, err)
	}
}

// TestAHandlerThatOutlivedItsClaimSpeaksForNothingOfTheNext: the next claim reads
// the same record again, and has it under way.
func TestAHandlerThatOutlivedItsClaimSpeaksForNothingOfTheNext(t *testing.T) {
	for _, outcome := range []bool{true, false} {
		t.Run(fmt.Sprint(outcome), func(t *testing.T) {
			h := open(t)
			settler := h.stage.(pipeline.Settler)
			ev := h.event(status(booking.StatusConfirmed, "e1", morning))
			again := *ev.Booking
			late := under(t, h, ev)
			h.again()
			ev.Booking = &again
			now := under(t, h, ev)
			settler.Settle(late, outcome)
			if got := statusNow(t, h); got != "" {
				t.Errorf("before its outcome is known the state is %q", got)
			}
			settler.Settle(now, true)
			if got := statusNow(t, h); got != "confirmed" {
				t.Errorf("what bookings.current has acknowledged is not kept: the state is %q", got)
			}
			if n := dedupe.UnderWay(h.stage); n != 0 {
				t.Errorf("%d bookings are under way", n)
			}
		})
	}
}

// again is the same member with another claim on the partition.
func (h *house) again() {
	h.t.Helper()
	claims := h.stage.(pipeline.Partitioned)
	claims.Revoked(part())
	if err := claims.Assigned(h.t.Context(), part(), h); err != nil {
		h.t.Fatal(err)
	}
}

func TestAHandlerThatOutlivedItsClaimTakesNothingFromTheNext(t *testing.T) {
	h := open(t)
	ev := h.event(status(booking.StatusConfirmed, "e1", morning))
	claim, end := context.WithCancel(t.Context())
	end()
	h.again()
	late := ev
	if _, err := h.stage.Process(claim, late); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	under(t, h, ev) // is no duplicate of that
}
