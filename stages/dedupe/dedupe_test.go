package dedupe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

const (
	input   = "bookings.normalised"
	id      = "src/b1"
	windowD = 15 * 24 * time.Hour
)

var morning = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

// house is a dedupe stage with the topic that its state is kept on.
type house struct {
	t       *testing.T
	stage   pipeline.Stage
	current []pipeline.Record
	next    int64 // offset of the next input record
	end     int64 // what the reader says the input's end is; 0 is next
	was     int64 // what that was when the partition was assigned; 0 is end
	count   int32
	fs      vfs.FS // nil is a state in memory
	clock   pipeline.Clock
	places  bool // acknowledged events say where their record stands

	mu   sync.Mutex
	read int // records that restores and looks have read
}

func open(t *testing.T, current ...pipeline.Record) *house {
	t.Helper()
	h := &house{t: t, current: current, clock: still{}}
	h.start()
	return h
}

// openOn is a house with a disk.
func openOn(t *testing.T, fs vfs.FS) *house {
	t.Helper()
	h := &house{t: t, fs: fs, clock: still{}}
	h.start()
	return h
}

func part() pipeline.Partition { return pipeline.Partition{Topic: input} }

// build makes a member that has no partition yet.
func (h *house) build() pipeline.Stage {
	h.t.Helper()
	deps := pipeline.StageDeps{Pipeline: "p", Clock: h.clock, Log: slog.New(slog.DiscardHandler)}
	stage, err := dedupe.New(dedupe.Defaults(), deps)
	if h.fs != nil {
		stage, err = dedupe.NewOn(h.fs, "state", dedupe.Defaults(), deps)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { closeStage(h.t, stage) })
	return stage
}

func closeStage(t *testing.T, s pipeline.Stage) {
	t.Helper()
	if err := s.(io.Closer).Close(); err != nil {
		t.Error(err)
	}
}

// start is a member that gets the partition, after the one before it ended.
func (h *house) start() {
	h.t.Helper()
	if h.stage != nil {
		closeStage(h.t, h.stage)
	}
	h.stage = h.build()
	if err := h.stage.(pipeline.Partitioned).Assigned(h.t.Context(), part(), h); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) tend() {
	h.t.Helper()
	if err := dedupe.Tend(h.stage); err != nil {
		h.t.Fatal(err)
	}
}

// Each gives the records as a broker would, with their places.
func (h *house) Each(_ context.Context, from int64, fn func(pipeline.Record) error) error {
	h.mu.Lock()
	records := append([]pipeline.Record{}, h.current...)
	h.mu.Unlock()
	for i, r := range records {
		if int64(i) < from {
			continue
		}
		if r.Topic == "" {
			r.Topic, r.Offset = "bookings.current", int64(i)
		}
		h.read++
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) Restore(_ context.Context, r pipeline.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current = append(h.current, r)
	return nil
}

func (h *house) End() int64 {
	if h.was != 0 {
		return h.was
	}
	end, _ := h.InputEnd(h.t.Context())
	return end
}

func (h *house) InputEnd(context.Context) (int64, error) {
	if h.end != 0 {
		return h.end, nil
	}
	return h.next, nil
}

func (h *house) Partitions() int32 { return h.count }

func (h *house) StateEnd(context.Context) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return int64(len(h.current)), nil
}

// say makes the next input record of e and takes it through the stage.
func (h *house) say(e booking.Event) (booking.Event, error) {
	h.t.Helper()
	ev, err := h.process(h.event(e), true)
	if err != nil {
		return booking.Event{}, err
	}
	return *ev.Booking, nil
}

func (h *house) event(e booking.Event) pipeline.Event {
	e.Booking.ID, e.Booking.Provider, e.Booking.Source = id, "plug", "src"
	e.Tidy()
	ev := pipeline.Event{
		Source: "src", Plugin: "plug", ID: "delivery", Key: id, Booking: &e,
		ReceivedAt: morning.Add(time.Duration(h.next) * time.Minute),
		Input:      pipeline.Position{Topic: input, Offset: h.next},
	}
	h.next++
	return ev
}

func (h *house) process(ev pipeline.Event, acknowledged bool) (pipeline.Event, error) {
	h.t.Helper()
	out, err := h.stage.Process(h.t.Context(), ev)
	if err != nil {
		return pipeline.Event{}, err
	}
	checkPublic(h.t, out[0])
	for i, side := range out[0].Side {
		if side.Output != pipeline.Current || !acknowledged {
			continue
		}
		if h.places {
			side.Record.Topic, side.Record.Offset, side.Record.Time = "bookings.current", int64(len(h.current)), morning
			out[0].Side[i] = side
		}
		h.current = append(h.current, side.Record)
	}
	h.stage.(pipeline.Settler).Settle(out[0], acknowledged)
	return out[0], nil
}

// checkPublic compares what the stage has written of an event with what the
// engine would write.
func checkPublic(t *testing.T, ev pipeline.Event) {
	t.Helper()
	value, err := booking.Encode(*ev.Booking)
	if err != nil {
		t.Fatal(err)
	}
	want := pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: pipeline.BookingHeaders(ev)}
	if diff := cmp.Diff(want, *ev.Public); diff != "" {
		t.Errorf("the event as the engine writes it (-) and as it was written (+):\n%s", diff)
	}
}

func TestAWholeSnapshotIsWrittenOnceForTheEventAndItsState(t *testing.T) {
	h := open(t)
	for i, e := range []booking.Event{
		status(booking.StatusPending, "e1", morning), status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)),
		status(booking.StatusPending, "e0", morning.Add(-time.Hour)), // older
	} {
		ev, err := h.process(h.event(e), true)
		if err != nil {
			t.Fatal(err)
		}
		state := ev.Side[len(ev.Side)-1].Record.Value
		if once, newest := &state[0] == &ev.Public.Value[0], i < 2; once != newest {
			t.Errorf("event %d, stale %v: written once with its state is %v", i, ev.Booking.Stale, once)
		}
	}
}

func (h *house) state() booking.Event {
	h.t.Helper()
	e, err := booking.Decode(h.current[len(h.current)-1].Value)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

type still struct{ pipeline.WallClock }

func (still) Now() time.Time { return morning }

// status is an event that says the whole booking.
func status(s booking.Status, eventID string, at time.Time) booking.Event {
	return booking.Event{
		ID: booking.Digest("event", eventID, string(s), at.String()), Type: booking.Updated, Time: at,
		Booking: booking.Booking{Kind: booking.Stay, Status: s, PaymentStatus: booking.PaymentUnknown},
		Origin:  booking.Origin{EventID: eventID, Content: string(s) + at.String(), At: at},
	}
}

// content is an event of a provider without event ids, versions and times.
func content(s booking.Status) booking.Event {
	e := status(s, "", time.Time{})
	e.Time = morning
	e.Origin = booking.Origin{Content: string(s)}
	return e
}

func wantEnding(t *testing.T, err error, want pipeline.Ending) {
	t.Helper()
	if got, ok := pipeline.AsEnding(err); !ok || got != want {
		t.Errorf("error is %v, want the ending %q", err, want)
	}
}

func mustSay(t *testing.T, h *house, e booking.Event) booking.Event {
	t.Helper()
	out, err := h.say(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnEventIDIsTakenOnceWithinTheWindow(t *testing.T) {
	h := open(t)
	first := status(booking.StatusPending, "e1", morning)
	mustSay(t, h, first)
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Minute)))
	_, err := h.say(first)
	wantEnding(t, err, pipeline.Duplicate)

	late := h.event(first)
	late.ReceivedAt = morning.Add(windowD + time.Hour)
	if _, err := h.process(late, true); err != nil {
		t.Errorf("an id older than the window still counts: %v", err)
	}
}

func TestWithoutEventIDsOnlyARepeatOfTheLatestContentIsADuplicate(t *testing.T) {
	h := open(t)
	a, b := content(booking.StatusPending), content(booking.StatusConfirmed)
	mustSay(t, h, a)
	_, err := h.say(a)
	wantEnding(t, err, pipeline.Duplicate)
	mustSay(t, h, b)
	mustSay(t, h, a) // A, B, A keeps all three
	if got := h.state().Booking.Status; got != booking.StatusPending {
		t.Errorf("the latest state is %s", got)
	}
}

func TestAPaymentIsARepeatOfItselfNotOfTheBooking(t *testing.T) {
	h := open(t)
	pay := content(booking.StatusUnknown)
	pay.Type, pay.Origin.Thin, pay.Payment = booking.PaymentRecorded, true, &booking.Payment{ID: "p1"}
	mustSay(t, h, pay)
	mustSay(t, h, content(booking.StatusConfirmed))
	_, err := h.say(pay)
	wantEnding(t, err, pipeline.Duplicate)
}

func TestAnOlderStateIsPublishedMarkedStaleAndOverwritesNothing(t *testing.T) {
	tests := []struct {
		name         string
		known, comes booking.Origin
		stale        bool
	}{
		{"a lower version", booking.Origin{Revision: 5, At: morning}, booking.Origin{Revision: 4, At: morning.Add(time.Hour)}, true},
		{"a higher version with an earlier time", booking.Origin{Revision: 4, At: morning.Add(time.Hour)}, booking.Origin{Revision: 5, At: morning}, false},
		{"an earlier time", booking.Origin{At: morning.Add(time.Hour)}, booking.Origin{At: morning}, true},
		{"equal versions, an earlier time", booking.Origin{Revision: 5, At: morning.Add(time.Hour)}, booking.Origin{Revision: 5, At: morning}, true},
		{"neither: arrival decides", booking.Origin{}, booking.Origin{}, false},
		{"a time after none", booking.Origin{}, booking.Origin{At: morning}, false},
		{"none after a time", booking.Origin{At: morning}, booking.Origin{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t)
			known, comes := content(booking.StatusConfirmed), content(booking.StatusPending)
			tt.known.Content, tt.comes.Content = "known", "comes"
			known.Origin, comes.Origin = tt.known, tt.comes
			mustSay(t, h, known)
			got := mustSay(t, h, comes)
			if got.Stale != tt.stale || got.Booking.Status != booking.StatusPending {
				t.Errorf("published stale=%v as %s", got.Stale, got.Booking.Status)
			}
			want := booking.StatusPending
			if tt.stale {
				want = booking.StatusConfirmed
			}
			if s := h.state(); s.Booking.Status != want || s.Stale {
				t.Errorf("the state is %s, stale=%v; want %s", s.Booking.Status, s.Stale, want)
			}
		})
	}
}

func TestAnEventWithoutATimeDoesNotMakeTheBookingForgetOne(t *testing.T) {
	h := open(t)
	mustSay(t, h, status(booking.StatusConfirmed, "e1", morning.Add(time.Hour)))
	timeless := content(booking.StatusCompleted)
	timeless.Origin.EventID = "e2"
	mustSay(t, h, timeless)
	if got := mustSay(t, h, status(booking.StatusPending, "e3", morning)); !got.Stale {
		t.Error("an event older than the last known time is not stale")
	}
}

func TestAThinCancellationInheritsThePriceOfTheBooking(t *testing.T) {
	h := open(t)
	whole := status(booking.StatusConfirmed, "e1", morning)
	whole.Booking.Price = &booking.Price{Currency: "MXN", Exponent: 2, TotalMinor: 845050}
	mustSay(t, h, whole)
	thin := status(booking.StatusCancelled, "e2", morning.Add(time.Hour))
	thin.Type, thin.Origin.Thin, thin.Quality.Missing = booking.Cancelled, true, []string{"price"}
	thin.Cancellation = &booking.Cancellation{By: booking.ByGuest}
	got := mustSay(t, h, thin)
	if got.Booking.Price == nil || got.Booking.Price.TotalMinor != 845050 {
		t.Fatalf("price is %+v", got.Booking.Price)
	}
	if len(got.Quality.Missing) != 0 || fmt.Sprint(got.Quality.Inherited) != "[price]" {
		t.Errorf("quality is %+v", got.Quality)
	}
}

func TestAFurtherCancellationKnowsTheFirst(t *testing.T) {
	h := open(t)
	off := status(booking.StatusCancelled, "e1", morning)
	off.Type, off.Cancellation = booking.Cancelled, &booking.Cancellation{By: booking.ByGuest, RequestedAt: &morning}
	first := mustSay(t, h, off)
	off.ID, off.Origin.EventID = booking.Digest("second"), "e2"
	again, err := h.process(h.event(off), true)
	if err != nil {
		t.Fatal(err)
	}
	want := pipeline.Refund{Key: pipeline.RefundKey(&first), EventID: first.ID, Type: string(booking.Cancelled)}
	if len(again.Refunds) != 1 || again.Refunds[0] != want {
		t.Errorf("known refunds are %+v, want %+v", again.Refunds, want)
	}
}

func TestAnEventWhoseOutputsWereNotAcknowledgedIsNoDuplicateOfItself(t *testing.T) {
	h := open(t)
	ev := h.event(status(booking.StatusPending, "e1", morning))
	if _, err := h.process(ev, false); err != nil {
		t.Fatal(err)
	}
	if _, err := h.process(ev, true); err != nil {
		t.Errorf("the second try: %v", err)
	}
	_, err := h.process(ev, true)
	wantEnding(t, err, pipeline.Settled)
}

func TestARecordOfAPartitionThatIsGoneIsLeftToItsNewOwner(t *testing.T) {
	h := open(t)
	h.stage.(pipeline.Partitioned).Revoked(pipeline.Partition{Topic: input})
	_, err := h.stage.Process(t.Context(), h.event(status(booking.StatusPending, "e1", morning)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
