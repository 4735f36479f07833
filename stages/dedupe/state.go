package dedupe

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

type windowLength = time.Duration

// kept is what is known of one booking. Nobody changes one.
type kept struct {
	// blob is how it stands on local disk (see blob.go); empty is nothing known.
	blob string
}

// state is what is known of one booking, with its memory at hand.
type state struct {
	kept
	known  bool
	memory memory
}

// newerThan tells an event that is older than the state. Payments never are:
// they say nothing about the booking's own fields.
func (k *state) newerThan(e *booking.Event) bool {
	return !payment(e) && k.memory.Version.newer(versionOf(e))
}

// head gives the part without lists of the memory after published, which the
// event ev led to, when latest is the state after it.
func (k *state) head(ev *pipeline.Event, published, latest *booking.Event) memory {
	next := memory{Input: seenUpTo{ev.Input}, Ends: endOf(latest), Version: k.memory.Version}
	if !published.Stale && !payment(published) {
		next.Version = next.Version.or(versionOf(ev.Booking))
	}
	return next
}

// afterService is how long a state lives on after its booking is over.
const afterService = 400 * day

// expired tells a booking that is long over, and of which nothing was heard
// within the window: until then a repeat must still find its id. What has no end
// of service, such as a payment of no booking, is over when it was last heard of,
// or it would never go (invariant 11).
func (m *memory) expired(now time.Time, window windowLength) bool {
	over := m.Ends
	if over.IsZero() {
		over = m.ids.heard()
	}
	if now.Before(over.Add(afterService)) {
		return false
	}
	return m.ids.heard().Before(now.Add(-window))
}

// endOf gives when the booked service ends, zero where it is not known.
func endOf(e *booking.Event) time.Time {
	if s := e.Booking.Service; s != nil && s.EndsAt != nil {
		return *s.EndsAt
	}
	return time.Time{}
}
