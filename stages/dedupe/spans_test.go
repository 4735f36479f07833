package dedupe_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

// placing is a house whose acknowledged events say where their record stands.
func placing(t *testing.T) *house {
	t.Helper()
	h := openOn(t, vfs.NewMem())
	h.places = true
	return h
}

func TestTheCheckpointPassesRecordsOfOurOwnUnread(t *testing.T) {
	h := placing(t)
	for _, b := range []string{"src/a", "src/b", "src/c", "src/d"} {
		h.other(b + "x")
	}
	h.read = 0
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != int64(len(h.current)) || h.read > 0 {
		t.Errorf("the checkpoint is %d of %d, and %d records were read", got, len(h.current), h.read)
	}
}

func TestAPlannedRestartReadsOneRecord(t *testing.T) {
	h := placing(t)
	h.other("src/a")
	mustSay(t, h, status(booking.StatusConfirmed, "e1", morning))
	h.read = 0
	h.start() // no look in between
	h.wantRestores(1, 0)
	if h.read != 1 { // the anchor
		t.Errorf("%d records were read", h.read)
	}
	if got := statusNow(t, h); got != "confirmed" && got != "pending" {
		t.Errorf("the state is %q", got)
	}
	_, err := h.say(status(booking.StatusConfirmed, "e1", morning))
	wantEnding(t, err, pipeline.Duplicate)
}

func TestAForeignRecordAmongOurOwnIsReadAndMended(t *testing.T) {
	h := placing(t)
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	h.current = append(h.current, h.current[0]) // the lost member's late write
	h.other("src/later")
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != 2 || len(h.current) != 4 {
		t.Fatalf("the checkpoint is %d; %d records", got, len(h.current))
	}
	h.tend() // what is missing is no event under way
	if got := h.state().Booking.Status; len(h.current) != 5 || got != booking.StatusConfirmed {
		t.Errorf("%d records, the last says %s", len(h.current), got)
	}
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != 5 {
		t.Errorf("the checkpoint is %d", got)
	}
}

func TestTheCheckpointWaitsForARecordUnderWay(t *testing.T) {
	h := placing(t)
	h.other("src/a")
	ev := under(t, h, h.event(status(booking.StatusConfirmed, "e1", morning)))
	record := currentOf(ev)
	record.Topic, record.Offset, record.Time = "bookings.current", int64(len(h.current)), morning
	h.current = append(h.current, record) // the broker has it, we do not know
	h.other("src/later")
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != 1 {
		t.Errorf("with a record under way at 1 the checkpoint is %d", got)
	}
	ev.Side[len(ev.Side)-1].Record = record
	h.stage.(pipeline.Settler).Settle(ev, true)
	h.read = 0
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != 3 || h.read > 0 {
		t.Errorf("the checkpoint is %d, and %d records were read", got, h.read)
	}
}

func TestSpansKnowEveryOffsetOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s dedupe.Spans
		offsets := r.Perm(40)[:10+r.IntN(31)]
		known := map[int64]bool{}
		next := int64(0)
		for _, o := range offsets {
			if int64(o) >= next {
				known[int64(o)] = true
			}
			s.Add(int64(o))
			if r.IntN(5) > 0 {
				continue
			}
			to, last, ok := s.Pass(next)
			for want := next; ; want++ {
				if known[want] {
					continue
				}
				if to != want || ok != (want > next) || ok && last != want-1 {
					t.Fatalf("from %d with %v: %d, the last is %d; want %d", next, offsets, to, last, want)
				}
				break
			}
			next = to
		}
	}
}
