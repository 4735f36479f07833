package dedupe_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

const (
	afterService = 400 * 24 * time.Hour
	paymentID    = "src/payment/p1"
)

// pay makes the event of a payment of no booking, which has a state of its own
// and no service that could end.
func (h *house) pay(receivedAt time.Time) pipeline.Event {
	h.t.Helper()
	e := content(booking.StatusUnknown)
	e.Type, e.Origin.Thin, e.Payment = booking.PaymentRecorded, true, &booking.Payment{ID: "p1"}
	ev := h.of(paymentID, e)
	ev.ReceivedAt = receivedAt
	return ev
}

// of is an event of a booking that is not the usual one.
func (h *house) of(bookingID string, e booking.Event) pipeline.Event {
	h.t.Helper()
	ev := h.event(e)
	ev.Key, ev.Booking.Booking.ID = bookingID, bookingID
	return ev
}

// tombstones counts those of a booking on the topic.
func (h *house) tombstones(bookingID string) int {
	n := 0
	for _, r := range h.current {
		if r.Value == nil && string(r.Key) == bookingID {
			n++
		}
	}
	return n
}

// idle is a time in which nothing was heard, and whether the state is still
// there after it.
type idle struct {
	name string
	time time.Duration
	kept bool
}

func idles() []idle {
	return []idle{{"for a second less than 400 days", afterService - time.Second, true}, {"for 400 days", afterService, false}}
}

func TestARunningMemberDropsAStateWithoutAnEndOfService(t *testing.T) {
	for _, tt := range idles() {
		t.Run(tt.name, func(t *testing.T) {
			clock := &steps{now: morning}
			h := &house{t: t, fs: vfs.NewMem(), clock: clock}
			h.start()
			if _, err := h.process(h.pay(morning), true); err != nil {
				t.Fatal(err)
			}
			clock.now = morning.Add(tt.time)
			h.tend()
			h.wantKept(paymentID, tt.kept)
			h.tend()
			if n := h.tombstones(paymentID); n > 1 {
				t.Errorf("%d tombstones", n)
			}
		})
	}
}

func TestARestoreDropsAStateWithoutAnEndOfService(t *testing.T) {
	for name, disk := range disks() {
		for _, tt := range idles() {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				clock := &steps{now: morning}
				h := &house{t: t, fs: disk(), clock: clock}
				h.start()
				if _, err := h.process(h.pay(morning), true); err != nil {
					t.Fatal(err)
				}
				clock.now = morning.Add(tt.time)
				h.start()
				h.wantKept(paymentID, tt.kept)
				_, err := h.process(h.pay(clock.now), true)
				if _, ended := pipeline.AsEnding(err); ended != tt.kept {
					t.Errorf("a repeat gives %v", err)
				}
			})
		}
	}
}

// wantKept looks for a state here and on the topic.
func (h *house) wantKept(bookingID string, kept bool) {
	h.t.Helper()
	_, here := dedupe.Inputs(h.stage, part())[bookingID]
	if buried := h.tombstones(bookingID) > 0; here != kept || buried == kept {
		h.t.Errorf("here: %v, buried on the topic: %v", here, buried)
	}
}

// TestWhatWasHeardWithinTheWindowIsKeptWhateverCameLast: a dead letter that is
// taken up again was received long before what came meanwhile.
func TestWhatWasHeardWithinTheWindowIsKeptWhateverCameLast(t *testing.T) {
	clock := &steps{now: morning}
	h := &house{t: t, fs: vfs.NewMem(), clock: clock}
	h.start()
	over := morning.Add(-afterService)
	for n, heard := range []time.Duration{0, -20 * 24 * time.Hour} {
		e := status(booking.StatusCompleted, []string{"e2", "e1"}[n], morning.Add(heard))
		e.Booking.Service = &booking.Service{EndsAt: &over, Zone: "UTC", Precision: booking.Day}
		ev := h.event(e)
		ev.ReceivedAt = morning.Add(heard)
		if _, err := h.process(ev, true); err != nil {
			t.Fatal(err)
		}
	}
	h.tend()
	h.wantKept(id, true)
	clock.now = morning.Add(windowD)
	h.tend()
	h.wantKept(id, true)
	clock.now = morning.Add(windowD + time.Minute)
	h.tend()
	h.wantKept(id, false)
}

// TestATombstoneOfALostMemberTakesNoNewerStateAway: it was on its way when the
// partition went to another member, which then heard of the booking again.
func TestATombstoneOfALostMemberTakesNoNewerStateAway(t *testing.T) {
	for name, look := range map[string]func(h *house){
		"at a restore": func(h *house) { h.start() },
		"at a restore from the topic alone": func(h *house) {
			h.fs = vfs.NewMem()
			h.start()
		},
		"at a look": func(h *house) { h.tend() },
	} {
		t.Run(name, func(t *testing.T) {
			clock := &steps{now: morning}
			h := &house{t: t, fs: vfs.NewMem(), clock: clock}
			h.start()
			if _, err := h.process(h.pay(morning), true); err != nil {
				t.Fatal(err)
			}
			first := h.current[0]
			clock.now = morning.Add(afterService)
			h.tend()
			late := h.current[1] // the tombstone
			h.current = []pipeline.Record{first}
			h.fs = vfs.NewMem()
			clock.now = morning.Add(afterService - time.Second)
			h.start() // another member
			again := h.pay(morning.Add(afterService - time.Second))
			again.Booking.Origin.Content = "another"
			if _, err := h.process(again, true); err != nil {
				t.Fatal(err)
			}
			h.tend()
			h.current = append(h.current, late)
			clock.now = clock.now.Add(time.Minute)
			look(h)
			if _, here := dedupe.Inputs(h.stage, part())[paymentID]; !here || h.current[len(h.current)-1].Value == nil {
				t.Errorf("here: %v; the last of %d records has %d bytes", here, len(h.current), len(h.current[len(h.current)-1].Value))
			}
		})
	}
}

func TestARestoreBuriesSoManyAndLeavesTheOthersToTheSweep(t *testing.T) {
	clock := &steps{now: morning}
	h := &house{t: t, fs: vfs.NewMem(), clock: clock}
	h.start()
	const more = 3
	for n := range dedupe.MaxBuried + more {
		ev := h.of(fmt.Sprint("src/b", n), status(booking.StatusConfirmed, "e1", morning))
		ev.ReceivedAt = morning
		if _, err := h.process(ev, true); err != nil {
			t.Fatal(err)
		}
	}
	made := len(h.current)
	clock.now = morning.Add(afterService)
	h.start()
	left := dedupe.Inputs(h.stage, part())
	if buried := len(h.current) - made; buried != dedupe.MaxBuried || len(left) != more {
		t.Errorf("the restore buried %d and left %d", buried, len(left))
	}
	h.tend()
	left = dedupe.Inputs(h.stage, part())
	if buried := len(h.current) - made; buried != dedupe.MaxBuried+more || len(left) != 0 {
		t.Errorf("after the sweep %d are buried and %d left", buried, len(left))
	}
}

// meeting is a topic at which two writes meet, or fail.
type meeting struct {
	*house
	met chan struct{}
}

func (m *meeting) Restore(ctx context.Context, r pipeline.Record) error {
	select {
	case m.met <- struct{}{}:
	case <-m.met:
	case <-time.After(10 * time.Second):
		return errors.New("a tombstone waits for the one before it")
	}
	return m.house.Restore(ctx, r)
}

func TestTombstonesDoNotWaitForEachOther(t *testing.T) {
	clock := &steps{now: morning}
	h := &house{t: t, fs: vfs.NewMem(), clock: clock}
	h.stage = h.build()
	topic := &meeting{h, make(chan struct{})}
	if err := h.stage.(pipeline.Partitioned).Assigned(t.Context(), part(), topic); err != nil {
		t.Fatal(err)
	}
	h.other("src/a")
	h.other("src/b")
	clock.now = morning.Add(afterService + time.Hour)
	h.tend()
	if h.tombstones("src/a") != 1 || h.tombstones("src/b") != 1 {
		t.Errorf("%d records", len(h.current))
	}
}

// disks are what a house's state can be on.
func disks() map[string]func() vfs.FS {
	return map[string]func() vfs.FS{
		"in memory": func() vfs.FS { return nil },
		"on disk":   func() vfs.FS { return vfs.NewMem() },
	}
}

func TestAnEventIDIsThatOfItsBookingAlone(t *testing.T) {
	for name, disk := range disks() {
		for when, restored := range map[string]bool{"at once": false, "after a restore": true} {
			t.Run(name+" "+when, func(t *testing.T) {
				h := &house{t: t, fs: disk(), clock: still{}}
				h.start()
				e := status(booking.StatusConfirmed, "e1", morning)
				for _, bookingID := range []string{"src/b1", "src/b2"} {
					if _, err := h.process(h.of(bookingID, e), true); err != nil {
						t.Fatalf("%s: %v", bookingID, err)
					}
				}
				if restored {
					h.start()
				}
				_, err := h.process(h.of("src/b2", e), true)
				wantEnding(t, err, pipeline.Duplicate)
				if len(h.current) != 2 {
					t.Errorf("%d states were published", len(h.current))
				}
			})
		}
	}
}
