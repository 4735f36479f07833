package innkeeper

import (
	"slices"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func (r *reader) stay() *booking.Service {
	from, to := r.instant(r.booking.Get("stay"), "from", "service.starts_at"), r.instant(r.booking.Get("stay"), "to", "service.ends_at")
	if from == nil || to == nil {
		return nil
	}
	s, err := booking.NewMinuteService(*from, *to, nil)
	if err != nil {
		r.missing("service")
		return nil
	}
	if s.Backwards() {
		r.quality.Conflicts = append(r.quality.Conflicts, booking.ConflictServiceOrder)
	}
	return s
}

func (r *reader) listing() *booking.Product {
	listing := r.booking.Get("listing")
	p := booking.Product{ID: listing.Get("id").TextPtr(), Name: listing.Get("title").TextPtr()}
	if p == (booking.Product{}) {
		r.missing("product")
		return nil
	}
	return &p
}

func (r *reader) party() *booking.Party {
	adults, okAdults := r.booking.Get("stay", "adults").Count()
	children, okChildren := r.booking.Get("stay", "children").Count()
	if !okAdults || !okChildren || adults > 1000 || children > 1000 {
		r.missing("party")
		return nil
	}
	size := adults + children
	return &booking.Party{Size: &size, Adults: &adults, Children: &children}
}

// terms names the tier whose label this is; labels nobody knows are free text.
func (r *reader) terms() *booking.Terms {
	label, _ := r.booking.Get("terms").Text()
	if !slices.Contains([]string{"flexible", "moderate", "strict"}, label) {
		r.missing("terms")
		return nil
	}
	tier := "goodbay." + label
	return &booking.Terms{LabelNative: &label, Tier: &tier}
}

// money reads the price and how much of it is paid.
func (r *reader) money() (*booking.Price, string) {
	money := r.booking.Get("money")
	code, _ := money.Get("currency").Text()
	currency, known := booking.CurrencyOf(code)
	amounts := map[string]int64{}
	for _, name := range [...]string{"total", "rent", "cleaning", "tax", "paid"} {
		text, _ := money.Get(name).Decimal()
		minor, err := booking.ScaleMinor(text, currency.Exponent)
		if !known || err != nil || minor < 0 {
			r.missing("price")
			return nil, booking.PaymentUnknown
		}
		amounts[name] = minor
	}
	price := &booking.Price{
		Currency: currency.Code, Exponent: currency.Exponent, TotalMinor: amounts["total"],
		Components: []booking.Component{
			{Type: "accommodation", AmountMinor: amounts["rent"]},
			{Type: "cleaning", AmountMinor: amounts["cleaning"]},
			{Type: "tax", AmountMinor: amounts["tax"]},
		},
	}
	return price, paid(amounts["paid"], amounts["total"])
}

func paid(paid, total int64) string {
	switch {
	case paid == 0:
		return booking.PaymentUnpaid
	case paid < total:
		return booking.PaymentPartial
	}
	return booking.PaymentPaid
}

func (r *reader) cancellation(e *booking.Event) {
	cancelled := r.booking.Get("cancelled")
	if e.Type != booking.Cancelled && !cancelled.IsObject() {
		return
	}
	at := r.instant(cancelled, "at", "cancelled_at")
	e.Booking.CancelledAt = at
	e.Cancellation = &booking.Cancellation{RequestedAt: at, By: booking.ByUnknown}
	if by, _ := cancelled.Get("by").Text(); by == string(booking.ByGuest) {
		e.Cancellation.By = booking.ByGuest
	}
	reason, _ := cancelled.Get("reason").Text()
	if slices.Contains([]string{"change_of_plans", "illness", "found_elsewhere"}, reason) {
		e.Cancellation.ReasonCode, e.Cancellation.ReasonNative = &reason, &reason
	}
}
