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
	quality booking.Quality
}

// Normalise maps a webhook to its booking, after checking once more that it is
// signed (see the package).
func (p *provider) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	if _, sent := ev.Request.Header[payload.SignatureHeader]; sent && !p.signed(ev.Request) {
		return nil, pipeline.Reject(pipeline.Unverified, errSignature)
	}
	doc, err := jsondoc.Parse(ev.Request.Body)
	if err != nil {
		return nil, pipeline.Rejectf(pipeline.Malformed, "read the webhook: %w", err)
	}
	r := &reader{message: message{doc.Get("event"), doc.Get("booking")}}
	id, err := r.identity()
	if err != nil {
		return nil, err
	}
	e := r.read(id)
	e.Origin.Content = booking.Digest(id.NativeEvent, string(ev.Request.Body))
	e.Quality = r.quality
	return []booking.Event{e}, nil
}

func (r *reader) read(id pipeline.Identity) booking.Event {
	changed := r.instant(r.booking, "changed_at", "updated_at")
	e := booking.Event{
		Type:   typeOf(id.NativeEvent),
		Origin: booking.Origin{EventID: id.EventID, NativeKey: id.Key},
		Booking: booking.Booking{
			Refs:      []booking.Ref{{Kind: "booking", Value: id.Key}},
			Kind:      booking.Stay,
			BookedAt:  r.instant(r.booking, "booked_at", "booked_at"),
			UpdatedAt: changed,
			Service:   r.stay(),
			Product:   r.listing(),
			Party:     r.party(),
			Terms:     r.terms(),
			People:    r.people(),
		},
	}
	if changed != nil {
		e.Time, e.Origin.At = *changed, *changed
	}
	if ref, ok := r.booking.Get("channel_ref").Name(); ok {
		e.Booking.Refs = append(e.Booking.Refs, booking.Ref{Kind: "channel", Value: ref})
	}
	e.Booking.Status, e.Booking.StatusNative = r.status()
	e.Booking.Price, e.Booking.PaymentStatus = r.money()
	r.cancellation(&e)
	return e
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
	native, _ := r.booking.Get("state").Text()
	status := booking.StatusUnknown
	switch native {
	case "requested", "held":
		status = booking.StatusPending
	case "confirmed", "in_house":
		status = booking.StatusConfirmed
	case "departed":
		status = booking.StatusCompleted
	case "no_show":
		status = booking.StatusNoShow
	case "cancelled":
		status = booking.StatusCancelled
	default:
		r.missing("status")
		return status, nil
	}
	return status, &native
}

// instant reads a time of an object; path is where it goes.
func (r *reader) instant(from jsondoc.Value, field, path string) *time.Time {
	text, _ := from.Get(field).Text()
	at, err := booking.ParseInstant(text)
	if err != nil {
		r.missing(path)
		return nil
	}
	return &at
}

func (r *reader) missing(path string) { r.quality.Missing = append(r.quality.Missing, path) }

func (r *reader) people() []booking.Person {
	guests := r.booking.Get("guests").Items()
	people := make([]booking.Person, 0, len(guests))
	for _, g := range guests {
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
