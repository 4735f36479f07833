package tourcms

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// reader turns one answer into one booking event. It remembers what a reader
// of the event must know before trusting it.
type reader struct {
	p       *provider
	hook    hook
	b       *node // <booking>
	quality booking.Quality
	state   state
}

// Normalise reads the look-up's answer. The webhook alone never makes a
// booking: it may come from anybody who knows the URL, and says no more than
// that something happened.
func (p *provider) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	h, err := parseHook(ev.Request.RawQuery)
	if err != nil {
		return nil, pipeline.Rejectf(pipeline.Malformed, "read the query of a booking notification: %w", err)
	}
	if ev.LookUp == nil {
		return nil, pipeline.Rejectf(pipeline.Unidentified, "booking %s was not looked up; the webhook alone is only a hint, add the enrich stage", h.key())
	}
	root, err := parseTree(ev.LookUp.Body)
	if err != nil {
		return nil, pipeline.Rejectf(pipeline.BadAnswer, "read the answer about booking %s: %w", h.key(), err)
	}
	if root.value("error") == answerNone {
		return nil, pipeline.Rejectf(pipeline.NotFound, "booking %s: the answer is that there is none", h.key())
	}
	b, err := bookingOf(root, h)
	if err != nil {
		return nil, pipeline.Rejectf(pipeline.BadAnswer, "read the answer about booking %s: %w", h.key(), err)
	}
	r := &reader{p: p, hook: h, b: b}
	return []booking.Event{r.event()}, nil
}

// bookingOf gives the booking in an answer, if it is the one that was asked
// about. Ids that an agent may not see are left unchecked; the booking's own
// is always there.
func bookingOf(root *node, h hook) (*node, error) {
	if root.name != "response" || root.value("error") != answerOK {
		return nil, errors.New("it is not an OK response")
	}
	if len(root.all("booking")) != 1 {
		return nil, errors.New("it does not hold one booking")
	}
	b := root.child("booking")
	for _, name := range [...]string{"booking_id", "account_id", "channel_id", "status", "cancel_reason"} {
		if b.twice(name) {
			return nil, fmt.Errorf("it says %s twice", name)
		}
	}
	if !same(b.value("booking_id"), h.booking) {
		return nil, errors.New("it is about another booking")
	}
	if text := b.value("account_id"); text != "" && !same(text, h.account) {
		return nil, errors.New("it is about another account")
	}
	if text := b.value("channel_id"); text != "" && h.channel != 0 && !same(text, h.channel) {
		return nil, errors.New("it is about another channel")
	}
	return b, nil
}

func same(text string, want uint64) bool {
	n, err := strconv.ParseUint(text, 10, 63)
	return err == nil && n == want
}

func (r *reader) event() booking.Event {
	r.state = r.readState()
	updated := r.seconds("updated_at_utc_seconds")
	e := booking.Event{
		Type:         r.eventType(),
		Booking:      r.booking(),
		Cancellation: r.cancellation(),
		Payment:      r.payment(),
	}
	e.Booking.UpdatedAt = updated
	e.RefundReported = r.refunds()
	e.Origin = booking.Origin{Content: r.content(), LookedUp: true, NativeKey: r.hook.key()}
	if updated != nil {
		e.Origin.Revision, e.Origin.At, e.Time = updated.Unix(), *updated, *updated
	}
	if r.state.cancelled && e.Booking.CancelledAt != nil {
		e.Time = *e.Booking.CancelledAt
	}
	r.checkTrigger()
	e.Quality = r.quality
	return e
}

// content is the version of what the answer says. The trigger is no part of it:
// two triggers that find the same content are one event.
func (r *reader) content() string {
	version := fingerprint(r.b)
	if updated := r.seconds("updated_at_utc_seconds"); updated != nil {
		version = strconv.FormatInt(updated.Unix(), 10) + ":" + version
	}
	return version
}

func (r *reader) booking() booking.Booking {
	b := booking.Booking{
		Refs:         r.refs(),
		Kind:         booking.Tour,
		Status:       r.state.status,
		StatusNative: r.state.native,
		BookedAt:     r.instant("booked_at", "made_date_time_at_utc_seconds", "made_date_time"),
		ConfirmedAt:  r.seconds("confirmed_at_utc_seconds"),
		Product:      r.product(),
		Party:        r.party(),
		Price:        r.price(),
		People:       r.people(),
	}
	if b.BookedAt == nil {
		r.missing("booked_at")
	}
	if r.state.cancelled {
		b.CancelledAt = r.instant("cancelled_at", "cancelled_at_utc_seconds", "cancel_date_time")
		if b.CancelledAt == nil {
			r.missing("cancelled_at")
		}
	}
	b.Service = r.service()
	b.PaymentStatus = r.paymentStatus(b.Price)
	return b
}

func (r *reader) refs() []booking.Ref {
	refs := []booking.Ref{
		{Kind: "booking", Value: strconv.FormatUint(r.hook.booking, 10)},
		{Kind: "account", Value: strconv.FormatUint(r.hook.account, 10)},
	}
	channel := r.hook.channel
	if n, err := strconv.ParseUint(r.b.value("channel_id"), 10, 63); err == nil {
		channel = n
	}
	if channel != 0 {
		refs = append(refs, booking.Ref{Kind: "channel", Value: strconv.FormatUint(channel, 10)})
	}
	if id := r.b.value("booking_uuid"); isUUID(id) {
		refs = append(refs, booking.Ref{Kind: "uuid", Value: id})
	}
	return refs
}

func (r *reader) missing(path string)  { r.quality.Missing = once(r.quality.Missing, path) }
func (r *reader) assumed(path string)  { r.quality.Assumed = once(r.quality.Assumed, path) }
func (r *reader) conflict(code string) { r.quality.Conflicts = once(r.quality.Conflicts, code) }

func once(list []string, text string) []string {
	for _, t := range list {
		if t == text {
			return list
		}
	}
	return append(list, text)
}

func isUUID(text string) bool {
	if len(text) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	for i, c := range []byte(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if dash != (c == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
