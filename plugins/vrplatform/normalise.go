package vrplatform

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
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
	m, err := read(jsondoc.Parse(ev.Request.Body))
	if err != nil {
		return nil, err
	}
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
		if events[i].Origin.Content, err = content(&events[i]); err != nil {
			return nil, fmt.Errorf("normalise %s: %w", events[i].Origin.NativeKey, err)
		}
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

// content is the version of what the event says: a digest of all that readers
// see, as VRPlatform numbers neither events nor versions. Identities are not in
// it: the digest becomes part of a public id, and with it anybody could try
// whether a guessed name is right.
func content(e *booking.Event) (string, error) {
	var seen strings.Builder // not bytes: the digest takes a text
	if err := json.NewEncoder(&seen).Encode(e); err != nil {
		return "", fmt.Errorf("encode the event for its content version: %w", err)
	}
	return booking.Digest("content", string(e.Type), strings.TrimSuffix(seen.String(), "\n")), nil
}
