package studentcom

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// times are the instants of a booking; nil is not known or has not happened.
type times struct {
	created, updated, confirmed, cancelled, paid, lost *time.Time
	// paidKnown says that the webhook tells whether it is paid: the LIST and
	// CONNECT plans leave paidAt out.
	paidKnown bool
	missing   []string
}

func readTimes(b jsondoc.Value) times {
	var t times
	t.created = t.at(b.Get("createdAt"), "booked_at", true)
	t.updated = t.at(b.Get("updatedAt"), "updated_at", true)
	t.confirmed = t.at(b.Get("confirmedAt"), "confirmed_at", false)
	t.cancelled = t.at(b.Get("cancelledAt"), "cancelled_at", false)
	t.paid = t.at(b.Get("paidAt"), "payment_status", false)
	t.lost = t.at(b.Get("lostAt"), "status", false)
	t.paidKnown = t.paid != nil || b.Get("paidAt").IsNull()
	return t
}

// at reads one instant. One that cannot be read is missing; so is one that is
// not there, where every booking has it.
func (t *times) at(v jsondoc.Value, path string, always bool) *time.Time {
	if text, ok := v.Text(); ok {
		if at, err := booking.ParseInstant(text); err == nil {
			return &at
		}
	}
	if always || v.Exists() && !v.IsNull() {
		t.missing = append(t.missing, path)
	}
	return nil
}

// isNew says whether the booking was never updated since it was made. Without
// both times, the first stage of the BOOK plan has to do.
func (t times) isNew(stage string) bool {
	if t.created == nil || t.updated == nil {
		return stage == "waiting_for_confirmation"
	}
	return t.created.Equal(*t.updated)
}

// payment gives the payment status in our words.
func (t times) payment() string {
	switch {
	case t.paid != nil:
		return booking.PaymentPaid
	case t.paidKnown:
		return booking.PaymentUnpaid
	}
	return booking.PaymentUnknown
}
