package redbroom

import (
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// The two sending apps whose bookings are documented.
const (
	goodbay = "goodbay" // places to stay
	plenura = "plenura" // appointments
)

// reader turns one envelope into one booking event. It remembers what a reader
// of the event must know before trusting it.
type reader struct {
	message
	p       *provider
	quality booking.Quality
}

// Normalise reads an envelope that was verified. Types of events that say
// nothing about a booking end here.
func (p *provider) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	m, err := read(p.documents.Parse(ev.Request.Body))
	if err != nil {
		return nil, pipeline.Rejectf(pipeline.Malformed, "read the envelope: %w", err)
	}
	defer p.documents.Done(m.data)
	if !m.tells() {
		return nil, pipeline.Done(pipeline.Ignored)
	}
	r := &reader{message: m, p: p}
	e := r.event()
	e.Origin.Content = content(m, ev.Request.Body)
	return []booking.Event{e}, nil
}

func (r *reader) event() booking.Event {
	e := booking.Event{
		Time:   r.at,
		Origin: booking.Origin{EventID: r.eventID, At: r.at, NativeKey: r.key()},
		Booking: booking.Booking{
			Refs:          []booking.Ref{{Kind: "booking", Value: r.booking}},
			Kind:          r.kind(),
			PaymentStatus: booking.PaymentUnknown,
			Product:       r.product(),
			People:        r.people(),
		},
	}
	native := strings.TrimPrefix(r.message.event, aboutBookings)
	e.Booking.StatusNative = &native
	switch r.message.event {
	case created:
		r.created(&e)
	case reserved:
		r.reserved(&e)
	case completed:
		r.completed(&e)
	case cancelled:
		r.cancelled(&e)
	default:
		r.undocumented(&e)
	}
	e.Quality = r.quality
	return e
}

// created is plenura's way to say that there is a booking. Whether it is
// already agreed is not documented: pending is assumed.
func (r *reader) created(e *booking.Event) {
	r.fresh(e)
	e.Booking.Service = r.scheduled()
	e.Booking.Price = r.price()
}

// reserved is goodbay's way to say that there is a booking.
func (r *reader) reserved(e *booking.Event) {
	r.fresh(e)
	e.Booking.Service = r.stay()
	e.Booking.Price = r.price()
}

// fresh is what the two have in common. The envelope's time stands for the
// time of booking, for which there is no field.
func (r *reader) fresh(e *booking.Event) {
	e.Type = booking.Created
	e.Booking.Status = booking.StatusPending
	r.assumed("status")
	if r.at.IsZero() {
		r.missing("booked_at")
		return
	}
	at := r.at
	e.Booking.BookedAt = &at
	r.assumed("booked_at")
}

// completed tells no dates. Goodbay's page says that it is sent when a
// reservation is confirmed, the event's own page says at checkout; the name
// decides, and the status is listed as assumed.
func (r *reader) completed(e *booking.Event) {
	e.Type = booking.Updated
	e.Origin.Thin = true
	e.Booking.Status = booking.StatusCompleted
	if r.app == goodbay {
		r.assumed("status")
	}
	e.Booking.Price = r.price()
	r.missing("service")
	if at := r.instant("completedAt", "updated_at"); at != nil {
		e.Booking.UpdatedAt, e.Time = at, *at
	}
}

func (r *reader) cancelled(e *booking.Event) {
	e.Type = booking.Cancelled
	e.Origin.Thin = true
	e.Booking.Status = booking.StatusCancelled
	// priceCents comes without a currency, coins are no money.
	r.missing("price")
	r.missing("service")
	at := r.instant("cancelledAt", "cancelled_at", "cancellation.requested_at")
	if at == nil {
		r.missing("cancelled_at")
		r.missing("cancellation.requested_at")
	} else {
		e.Booking.CancelledAt, e.Time = at, *at
	}
	e.Cancellation = &booking.Cancellation{RequestedAt: at, By: r.by()}
	e.Cancellation.ReasonCode, e.Cancellation.ReasonNative = r.reason()
	e.Booking.Terms = r.terms()
	e.RefundReported = r.refunds()
}

// undocumented is an event about a booking that no page describes. Its name
// is all that is read: confirmed and expired say what they are, of any other
// only that something changed is known, and the state of the booking stands.
func (r *reader) undocumented(e *booking.Event) {
	e.Origin.Thin = true
	switch r.message.event {
	case aboutBookings + string(booking.StatusConfirmed):
		e.Type, e.Booking.Status = booking.Confirmed, booking.StatusConfirmed
		r.assumed("status")
	case aboutBookings + string(booking.StatusExpired):
		e.Type, e.Booking.Status = booking.Expired, booking.StatusExpired
		r.assumed("status")
	default:
		e.Type, e.Booking.Status, e.Booking.StatusNative = booking.Updated, booking.StatusUnknown, nil
		r.conflict("unknown_event")
	}
	r.missing("price")
	r.missing("service")
}

// kind follows the app, and for others whether there is a property.
func (r *reader) kind() booking.Kind {
	_, property := r.data.Get("propertyId").Text()
	if r.app == goodbay || r.app != plenura && property {
		return booking.Stay
	}
	return booking.ServiceKind
}

func (r *reader) product() *booking.Product {
	p := booking.Product{ID: r.data.Get("propertyId").TextPtr(), Name: r.data.Get("propertyName").TextPtr()}
	if p == (booking.Product{}) {
		return nil
	}
	return &p
}

func (r *reader) missing(path string)  { r.quality.Missing = once(r.quality.Missing, path) }
func (r *reader) assumed(path string)  { r.quality.Assumed = once(r.quality.Assumed, path) }
func (r *reader) conflict(code string) { r.quality.Conflicts = once(r.quality.Conflicts, code) }

func once(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// content is a digest of what happened and of `data`, whatever the order of
// its members: the same event sent again under another id has an equal version.
func content(m message, body []byte) string {
	if !m.data.Exists() {
		return booking.Digest(m.event, string(body))
	}
	return booking.Digest(m.event, m.data.Sorted())
}
