package vrplatform

import (
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Conflicts of this plugin.
const (
	conflictCancellation    = "status_vs_cancellation_amount"
	conflictUnknownStatus   = "unknown_status"
	conflictNights          = "nights_vs_dates"
	conflictNoReservationID = "reservation_without_id"
	conflictPaymentStatus   = "unknown_payment_status"
	conflictPaymentType     = "unknown_payment_type"
)

// Normalise gives the event of a reservation, or one event of each reservation
// that a payment pays.
func (p *provider) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	m, err := read(p.documents.Parse(ev.Request.Body))
	if err != nil {
		return nil, err
	}
	defer p.documents.Done(m.doc)
	var events []booking.Event
	switch m.event {
	case paymentCreated:
		events = p.payment(m)
	case reservationCreated:
		events = []booking.Event{p.reservation(m)}
	default:
		return nil, pipeline.Rejectf(pipeline.Unidentified, "normalise resource %s: %w", m.id, errShape)
	}
	for i := range events {
		events[i].Origin.Content = booking.ContentVersion(&events[i])
	}
	return events, nil
}

// blank gives an event with the lists that readers never meet as null.
func blank(nativeKey string) booking.Event {
	return booking.Event{
		Booking: booking.Booking{
			Refs: []booking.Ref{}, Kind: booking.Stay, Status: booking.StatusUnknown,
			PaymentStatus: booking.PaymentUnknown, People: []booking.Person{},
		},
		RefundReported: []booking.Reported{},
		Quality:        booking.Quality{Missing: []string{}, Assumed: []string{}, Inherited: []string{}, Conflicts: []string{}},
		Origin:         booking.Origin{NativeKey: nativeKey},
	}
}
