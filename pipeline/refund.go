package pipeline

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// RefundKey names the one refund that a cancellation may lead to: a digest of
// the booking and the instant it was called off. Cancellations without an
// instant share one key, so that doubt never makes a second refund; an event
// that calls nothing off has one of its own.
func RefundKey(e *booking.Event) string {
	if e.Cancellation == nil && e.Booking.CancelledAt == nil && e.Type != booking.Cancelled && e.Type != booking.Expired {
		return booking.Digest("no refund", e.Booking.ID, e.ID)
	}
	return booking.Digest("refund", e.Booking.ID, cancellationInstant(e))
}

func cancellationInstant(e *booking.Event) string {
	at := e.Booking.CancelledAt
	if e.Cancellation != nil && e.Cancellation.RequestedAt != nil {
		at = e.Cancellation.RequestedAt
	}
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// DecisionID names the decision on an event: the same whenever it is made
// again, whichever version of the policy makes it.
func DecisionID(eventID string) string { return booking.Digest("decision", eventID) }
