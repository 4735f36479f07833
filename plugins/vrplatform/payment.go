package vrplatform

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// share is what of a payment is for one reservation.
type share struct {
	id          string // of the reservation, "" where the lines have none
	reservation jsondoc.Value
	listing     jsondoc.Value
	lines       []jsondoc.Value
	nameless    bool // a reservation is there, but no id of it
}

// payment gives one event of each reservation that the payment pays, in the
// order of the lines; what has no reservation, and a payment without lines,
// stands under the payment's own name.
func (p *provider) payment(m message) []booking.Event {
	whole, q := wholePayment(m)
	all := shares(m.doc.Get("lines").Items())
	events := make([]booking.Event, 0, len(all))
	for _, s := range all {
		events = append(events, p.shareEvent(m, s, whole, q))
	}
	return events
}

// shares puts lines of the same reservation together.
func shares(lines []jsondoc.Value) []share {
	var all []share
	at := map[string]int{}
	for _, line := range lines {
		r := line.Get("reservation")
		id, _ := r.Get("id").Name()
		i, ok := at[id]
		if !ok {
			i = len(all)
			at[id] = i
			all = append(all, share{id: id, reservation: r, listing: line.Get("listing")})
		}
		all[i].lines = append(all[i].lines, line)
		all[i].nameless = all[i].nameless || id == "" && r.IsObject()
	}
	if len(all) == 0 {
		all = append(all, share{})
	}
	return all
}

// shareEvent gives the event of one share. It is thin: a payment tells what was
// paid, and what it does not tell of the booking is inherited.
func (p *provider) shareEvent(m message, s share, whole booking.Payment, q booking.Quality) booking.Event {
	key := s.id
	if key == "" {
		key = paymentPrefix + m.id
	}
	e := blank(key)
	e.Type, e.Origin.Thin = booking.PaymentRecorded, true
	if s.id != "" {
		p.describe(&e, s.id, s.reservation)
		e.Booking.Product = product(s.reservation, s.listing)
	}
	// What a line does not tell of the booking is no gap: it is inherited.
	e.Quality.Missing = append([]string{}, q.Missing...)
	e.Quality.Conflicts = append(e.Quality.Conflicts, q.Conflicts...)
	if s.nameless {
		e.Quality.Conflicts = append(e.Quality.Conflicts, conflictNoReservationID)
	}
	currency, _ := currencyOf(m.doc.Get("currency"))
	if minor, ok := s.sum(currency); ok {
		whole.AmountMinor = &minor
	} else {
		e.Quality.Missing = append(e.Quality.Missing, "payment.amount_minor")
	}
	e.Payment = &whole
	if whole.PaidAt != nil {
		e.Time = *whole.PaidAt
	}
	return e
}

// sum adds the lines; false where one cannot be read, or there is none.
func (s share) sum(c booking.Currency) (int64, bool) {
	var sum int64
	for _, line := range s.lines {
		minor, ok := amount(line.Get("amount"), c)
		if !ok {
			return 0, false
		}
		if sum, ok = add(sum, minor); !ok {
			return 0, false
		}
	}
	return sum, len(s.lines) > 0
}

// wholePayment reads what all shares have in common. The total may be less than
// the lines: it is what the channel pays out, they are what guests paid.
func wholePayment(m message) (booking.Payment, booking.Quality) {
	var q booking.Quality
	w := booking.Payment{ID: m.id}
	currency, known := currencyOf(m.doc.Get("currency"))
	if known {
		w.Currency, w.Exponent = &currency.Code, &currency.Exponent
	} else {
		q.Missing = append(q.Missing, "payment.currency")
	}
	if total, ok := amount(m.doc.Get("amount"), currency); ok {
		w.TotalMinor = &total
	} else {
		q.Missing = append(q.Missing, "payment.total_minor")
	}
	w.Status = label(m.doc.Get("status"), "pending", conflictPaymentStatus, &q)
	w.Type = label(m.doc.Get("type"), "payout", conflictPaymentType, &q)
	if w.PaidAt = instant(m.doc.Get("date")); w.PaidAt == nil {
		q.Missing = append(q.Missing, "payment.paid_at")
	}
	return w, q
}

// label gives the provider's word where it is the documented one: of status and
// type a single value each was ever seen.
func label(v jsondoc.Value, known, conflict string, q *booking.Quality) *string {
	text, ok := v.Text()
	if ok && text == known {
		return &text
	}
	if ok {
		q.Conflicts = append(q.Conflicts, conflict)
	}
	return nil
}

func instant(v jsondoc.Value) *time.Time {
	text, _ := v.Text()
	at, err := booking.ParseInstant(text)
	if err != nil {
		return nil
	}
	return &at
}

// product gives the listing, or the channel's name for it.
func product(reservation, listing jsondoc.Value) *booking.Product {
	source, external := listing, "code"
	if !source.IsObject() {
		source, external = reservation.Get("listingConnection"), "uniqueRef"
	}
	p := booking.Product{Name: source.Get("name").TextPtr(), ExternalID: source.Get(external).TextPtr()}
	if id, ok := source.Get("id").Name(); ok {
		p.ID = &id
	}
	if p == (booking.Product{}) {
		return nil
	}
	return &p
}
