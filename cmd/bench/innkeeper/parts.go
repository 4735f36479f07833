package innkeeper

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

func (r *reader) stay() *booking.Service {
	var start, end time.Time
	stay := r.booking.Get("stay")
	from, to := r.instant(stay, "from", "service.starts_at", &start), r.instant(stay, "to", "service.ends_at", &end)
	if from == nil || to == nil {
		return nil
	}
	s, err := booking.NewMinuteService(start, end, nil)
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
	r.product.ID = textInto(&r.id, listing.Get("id"))
	r.product.Name = textInto(&r.title, listing.Get("title"))
	if r.product == (booking.Product{}) {
		r.missing("product")
		return nil
	}
	return &r.product
}

// textInto reads a text into room; null where there is none.
func textInto(room *string, v jsondoc.Value) *string {
	text, ok := v.Text()
	if !ok {
		return nil
	}
	*room = text
	return room
}

func (r *reader) guests() *booking.Party {
	var okAdults, okChildren bool
	r.adults, okAdults = r.booking.Get("stay", "adults").Count()
	r.children, okChildren = r.booking.Get("stay", "children").Count()
	if !okAdults || !okChildren || r.adults > 1000 || r.children > 1000 {
		r.missing("party")
		return nil
	}
	r.size = r.adults + r.children
	r.party = booking.Party{Size: &r.size, Adults: &r.adults, Children: &r.children}
	return &r.party
}

// tiers are the labels that are known; any other is free text.
var tiers = map[string]string{"flexible": "goodbay.flexible", "moderate": "goodbay.moderate", "strict": "goodbay.strict"}

// conditions names the tier whose label this is.
func (r *reader) conditions() *booking.Terms {
	r.label, _ = r.booking.Get("terms").Text()
	tier, known := tiers[r.label]
	if !known {
		r.missing("terms")
		return nil
	}
	r.tier = tier
	r.terms = booking.Terms{LabelNative: &r.label, Tier: &r.tier}
	return &r.terms
}

// money reads the price and how much of it is paid.
func (r *reader) money() (*booking.Price, string) {
	money := r.booking.Get("money")
	code, _ := money.Get("currency").Text()
	currency, known := booking.CurrencyOf(code)
	var amounts [5]int64
	for i, name := range [...]string{"total", "rent", "cleaning", "tax", "paid"} {
		text, _ := money.Get(name).Decimal()
		minor, err := booking.ScaleMinor(text, currency.Exponent)
		if !known || err != nil || minor < 0 {
			r.missing("price")
			return nil, booking.PaymentUnknown
		}
		amounts[i] = minor
	}
	total, rent, cleaning, tax, done := amounts[0], amounts[1], amounts[2], amounts[3], amounts[4]
	r.components = [...]booking.Component{
		{Type: "accommodation", AmountMinor: rent}, {Type: "cleaning", AmountMinor: cleaning}, {Type: "tax", AmountMinor: tax},
	}
	r.price = booking.Price{Currency: currency.Code, Exponent: currency.Exponent, TotalMinor: total, Components: r.components[:]}
	return &r.price, paid(done, total)
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
	at := r.instant(cancelled, "at", "cancelled_at", &r.cancelledAt)
	if at == nil {
		r.missing("cancellation.requested_at")
	}
	e.Booking.CancelledAt = at
	e.Cancellation = &booking.Cancellation{RequestedAt: at, By: booking.ByUnknown}
	if by, _ := cancelled.Get("by").Text(); by == string(booking.ByGuest) {
		e.Cancellation.By = booking.ByGuest
	}
	r.reason, _ = cancelled.Get("reason").Text()
	switch r.reason {
	case "change_of_plans", "illness", "found_elsewhere":
		e.Cancellation.ReasonCode, e.Cancellation.ReasonNative = &r.reason, &r.reason
	}
}
