package vrplatform

import (
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// reservation gives the event of a reservation.
func (p *provider) reservation(m message) booking.Event {
	e := blank(m.id)
	p.describe(&e, m.id, m.doc)
	b := &e.Booking
	b.Price = price(m.doc, &e.Quality)
	b.PaymentStatus = paymentStatus(m.doc.Get("paidStatus"))
	if id, ok := m.doc.Get("listingId").Name(); ok {
		b.Product = &booking.Product{ID: &id}
	}
	e.Quality.Missing = append(e.Quality.Missing, "booked_at")
	settle(&e, m.doc)
	return e
}

// settle fills status and type. The values of status are those of VRPlatform's
// reservation reference; the only documented event is that of a reservation
// that was created, so a booked one is new.
func settle(e *booking.Event, doc jsondoc.Value) {
	b, q := &e.Booking, &e.Quality
	native, ok := doc.Get("status").Text()
	e.Type = booking.Updated
	switch {
	case !ok:
		q.Missing = append(q.Missing, "status")
		e.Type = booking.Created
		return
	case native == "booked":
		b.Status, e.Type = booking.StatusConfirmed, booking.Created
		if cancelsPrice(b.Price) {
			q.Conflicts = append(q.Conflicts, conflictCancellation)
		}
	case native == "canceled":
		b.Status, e.Type = booking.StatusCancelled, booking.Cancelled
		q.Missing = append(q.Missing, "cancelled_at", "cancellation.requested_at")
		e.Cancellation = &booking.Cancellation{By: booking.ByUnknown}
	case native == "inactive":
		// Documented without a meaning: a policy holds it for review.
	default:
		q.Conflicts = append(q.Conflicts, conflictUnknownStatus)
		return
	}
	b.StatusNative = &native
}

// cancelsPrice says whether the cancellation amount takes away all the rest.
func cancelsPrice(p *booking.Price) bool {
	if p == nil {
		return false
	}
	var rest, cancelled int64
	for _, c := range p.Components {
		if c.Type == componentCancellation {
			cancelled = c.AmountMinor
			continue
		}
		rest += c.AmountMinor
	}
	return cancelled < 0 && rest+cancelled <= 0
}

// paymentStatus reads paidStatus, which the newer reference lists.
func paymentStatus(v jsondoc.Value) string {
	native, _ := v.Text()
	switch native {
	case "unpaid":
		return booking.PaymentUnpaid
	case "underpaid":
		return booking.PaymentPartial
	case "paid", "overpaid":
		return booking.PaymentPaid
	}
	return booking.PaymentUnknown
}
