package studentcom

import (
	"errors"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

var errState = errors.New("neither its stage nor its times nor the type of the event tell what happened to it")

// Normalise gives the one booking that the webhook is about.
func (p *provider) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	m, err := read(p.documents.Parse(ev.Request.Body))
	if err != nil {
		return nil, err
	}
	defer p.documents.Done(m.booking)
	if m.foreign() {
		return nil, pipeline.Done(pipeline.Ignored)
	}
	t := readTimes(m.booking)
	s, ok := m.stageOf(t)
	if !ok {
		return nil, pipeline.Rejectf(pipeline.Unidentified, "normalise booking %s: %w", m.reference, errState)
	}
	events := []booking.Event{p.event(m, s, t)}
	events[0].Origin.Content = booking.ContentVersion(&events[0])
	return events, nil
}

func (p *provider) event(m message, s state, t times) booking.Event {
	q := booking.Quality{
		Missing: append([]string{}, slices.Concat(s.missing, t.missing)...), Assumed: []string{},
		Inherited: []string{}, Conflicts: append([]string{}, s.conflicts...),
	}
	b := booking.Booking{
		Refs: []booking.Ref{{Kind: "booking", Value: m.reference}}, Kind: booking.StudentHousing,
		Status: s.status, StatusNative: s.native, PaymentStatus: t.payment(),
		BookedAt: t.created, ConfirmedAt: t.confirmed, CancelledAt: t.cancelled, UpdatedAt: t.updated,
		Service: service(m.booking, p.zone, &q), Product: product(m.booking),
		Price: price(m.booking, &q), People: people(m.booking, &q),
	}
	e := booking.Event{
		Booking: b, RefundReported: []booking.Reported{}, Type: m.typeOf(s, t),
		Origin: booking.Origin{EventID: m.eventID, NativeKey: m.reference},
	}
	// The time orders the versions of a booking. The number of the event id
	// rises over the samples, but nobody documents that it does.
	if t.updated != nil {
		e.Origin.At, e.Time = *t.updated, *t.updated
	}
	if s.status == booking.StatusCancelled {
		e.Cancellation = cancellation(t, &q)
	}
	e.Quality = q
	return e
}

// cancellation says what is told of it. Who cancelled is not in the webhook,
// and the values of cancelledReason are documented nowhere: it may be free text
// about a person, so none of it is published (invariant 10).
func cancellation(t times, q *booking.Quality) *booking.Cancellation {
	if t.cancelled == nil {
		q.Missing = append(q.Missing, "cancelled_at", "cancellation.requested_at")
	}
	return &booking.Cancellation{RequestedAt: t.cancelled, By: booking.ByUnknown}
}

// product gives the property: cancellation terms are the property's own.
func product(b jsondoc.Value) *booking.Product {
	p := booking.Product{ExternalID: b.Get("propertyExternalId").TextPtr(), Name: b.Get("propertyName").TextPtr()}
	if id, ok := localID(b.Get("propertyId")); ok {
		p.ID = &id
	}
	if p == (booking.Product{}) {
		return nil
	}
	return &p
}
