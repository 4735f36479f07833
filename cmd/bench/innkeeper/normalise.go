package innkeeper

import (
	"errors"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// message is one webhook, taken apart.
type message struct{ event, booking jsondoc.Value }

var errNumber = errors.New("event.id, event.name and booking.number must be plain names")

func (m message) identity() (pipeline.Identity, error) {
	id, okID := m.event.Get("id").Name()
	name, okName := m.event.Get("name").Name()
	number, okNumber := m.booking.Get("number").Name()
	if !okID || !okName || !okNumber {
		return pipeline.Identity{}, pipeline.Reject(pipeline.Malformed, errNumber)
	}
	return pipeline.Identity{EventID: id, NativeEvent: name, Key: number}, nil
}

// reader takes one webhook apart; quality is what a reader of the event must
// know before trusting it.
type reader struct {
	message
	*kept
	quality booking.Quality
}

// kept is what the event of a webhook points to. It is made in one piece: each
// value alone would cost as much as all of them.
type kept struct {
	refs                             [2]booking.Ref
	bookedAt, changedAt, cancelledAt time.Time
	state, reason                    string

	product   booking.Product
	id, title string

	party                  booking.Party
	size, adults, children int

	price      booking.Price
	components [3]booking.Component

	terms       booking.Terms
	label, tier string
}

// Normalise maps a webhook to its booking, after checking once more that it is
// signed (see the package).
func (p *provider) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	if _, sent := ev.Request.Header[payload.SignatureHeader]; sent && !p.signed(ev.Request) {
		return nil, pipeline.Reject(pipeline.Unverified, errSignature)
	}
	doc, err := p.documents.Parse(ev.Request.Body)
	if err != nil {
		return nil, pipeline.Rejectf(pipeline.Malformed, "read the webhook: %w", err)
	}
	defer p.documents.Done(doc)
	r := &reader{message: message{doc.Get("event"), doc.Get("booking")}, kept: new(kept)}
	id, err := r.identity()
	if err != nil {
		return nil, err
	}
	events := make([]booking.Event, 1)
	r.read(id, &events[0])
	events[0].Origin.Content = booking.DigestWith(ev.Request.Body, id.NativeEvent)
	events[0].Quality = r.quality
	return events, nil
}

func (r *reader) read(id pipeline.Identity, e *booking.Event) {
	e.Type = typeOf(id.NativeEvent)
	e.Origin = booking.Origin{EventID: id.EventID, NativeKey: id.Key}
	b := &e.Booking
	b.Kind = booking.Stay
	b.Refs = append(r.refs[:0], booking.Ref{Kind: "booking", Value: id.Key})
	if ref, ok := r.booking.Get("channel_ref").Name(); ok {
		b.Refs = append(b.Refs, booking.Ref{Kind: "channel", Value: ref})
	}
	b.UpdatedAt = r.instant(r.booking, "changed_at", "updated_at", &r.changedAt)
	if b.UpdatedAt != nil {
		e.Time, e.Origin.At = r.changedAt, r.changedAt
	}
	b.BookedAt = r.instant(r.booking, "booked_at", "booked_at", &r.bookedAt)
	b.Service = r.stay()
	b.Product = r.listing()
	b.Party = r.guests()
	b.Terms = r.conditions()
	b.People = r.people()
	b.Status, b.StatusNative = r.status()
	b.Price, b.PaymentStatus = r.money()
	r.cancellation(e)
}

func typeOf(native string) booking.Type {
	switch native {
	case "booking.requested":
		return booking.Created
	case "booking.cancelled":
		return booking.Cancelled
	}
	return booking.Updated
}

func (r *reader) status() (booking.Status, *string) {
	r.state, _ = r.booking.Get("state").Text()
	switch r.state {
	case "requested", "held":
		return booking.StatusPending, &r.state
	case "confirmed", "in_house":
		return booking.StatusConfirmed, &r.state
	case "departed":
		return booking.StatusCompleted, &r.state
	case "no_show":
		return booking.StatusNoShow, &r.state
	case "cancelled":
		return booking.StatusCancelled, &r.state
	}
	r.missing("status")
	return booking.StatusUnknown, nil
}

// instant reads a time of an object into room; path is where it goes.
func (r *reader) instant(from jsondoc.Value, field, path string, room *time.Time) *time.Time {
	text, _ := from.Get(field).Text()
	at, err := booking.ParseInstant(text)
	if err != nil {
		r.missing(path)
		return nil
	}
	*room = at
	return room
}

func (r *reader) missing(path string) { r.quality.Missing = append(r.quality.Missing, path) }

func (r *reader) people() []booking.Person {
	people := make([]booking.Person, 0, 2)
	for g := range r.booking.Get("guests").All() {
		mail, ok := g.Get("mail").Text()
		role, _ := g.Get("role").Text()
		if !ok || !strings.Contains(mail, "@") || len(people) == booking.MaxList {
			continue
		}
		if role != "companion" {
			role = "guest"
		}
		people = append(people, booking.Person{Role: role, Identity: strings.ToLower(mail)})
	}
	return people
}
