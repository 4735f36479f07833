package dedupe

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// MemoryHeader is the header of a bookings.current record that holds what the
// stage remembers of a booking beside its state (see remember.go for its form).
const MemoryHeader = "reservoir_memory"

type windowLength = time.Duration

// state is what is known of one booking. Nobody changes one in place: it is
// shared by the cache and by the events under way.
type state struct {
	known  bool
	memory memory
	// event is the latest state, as booking.Decode gives it: what the public
	// form leaves out (ID, Type, Time, Origin) is not in it. It is nil while
	// form still holds it undecoded.
	event *booking.Event
	// form is the event as it was read from disk.
	form string
	// about is who published the state, for its headers.
	about about
}

// memory is what the stage needs to know of a booking's past. It stands before
// the event on disk, so that a repeat is known without decoding the event.
type memory struct {
	// Input is the last record that changed the state (invariants 4 and 6).
	Input seenUpTo `json:"input"`
	// Ends is when the booked service ends; zero is not known.
	Ends time.Time `json:"-"`
	// Version is that of the newest event that was no payment.
	Version  version           `json:"version"`
	Contents contents          `json:"-"`
	IDs      ids               `json:"ids"`
	Refunds  []pipeline.Refund `json:"refunds"`
}

// maxRefunds bounds the cancellations one booking can make us remember
// (invariant 11).
const maxRefunds = 32

// after gives the memory once published has been acknowledged.
func (m memory) after(ev pipeline.Event, published *booking.Event, window windowLength) memory {
	next := memory{Input: seenUpTo{ev.Input}, Version: m.Version, Refunds: m.Refunds}
	next.IDs = m.IDs.with(published.ID, ev.ReceivedAt, window)
	next.Contents = m.Contents.with(resource(published), published.Origin.Content)
	if published.Cancellation == nil && published.Type != booking.Cancelled {
		return next
	}
	refund := pipeline.Refund{Key: pipeline.RefundKey(published), EventID: published.ID, Type: string(published.Type)}
	next.Refunds = append(append(make([]pipeline.Refund, 0, len(m.Refunds)+1), m.Refunds...), refund)
	if len(next.Refunds) > maxRefunds {
		next.Refunds = next.Refunds[len(next.Refunds)-maxRefunds:]
	}
	return next
}

// resource tells the booking itself from its payments: a repeat is equal to
// the latest of its own kind.
func resource(e *booking.Event) string {
	if payment(e) && e.Payment != nil {
		return "payment/" + e.Payment.ID
	}
	return "booking"
}

// afterService is how long a state lives on after its booking is over.
const afterService = 400 * day

// expired tells a booking that is long over, and of which nothing was heard
// within the window: until then a repeat must still find its id.
func (m memory) expired(now time.Time, window windowLength) bool {
	if m.Ends.IsZero() || now.Before(m.Ends.Add(afterService)) {
		return false
	}
	return !m.IDs.since(now.Add(-window))
}

// endOf gives when the booked service ends, zero where it is not known.
func endOf(e *booking.Event) time.Time {
	if s := e.Booking.Service; s != nil && s.EndsAt != nil {
		return *s.EndsAt
	}
	return time.Time{}
}
