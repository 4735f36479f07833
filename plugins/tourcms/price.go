package tourcms

import (
	"math"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// componentTypes are ours for the values of a component's date_type; anything
// else is a product.
var componentTypes = map[string]string{
	"departure": "tour",
	"freesale":  "tour",
	"hotel":     "accommodation",
	"option":    "extra",
	"fee":       "booking_fee",
}

func componentType(c *node) string {
	if ours, ok := componentTypes[c.value("date_type")]; ok {
		return ours
	}
	return "product"
}

// price reads the total and its parts. The `*_display` fields are the same
// amounts as text for people and are not read.
func (r *reader) price() *booking.Price {
	currency, known := booking.CurrencyOf(r.b.value("sale_currency"))
	total, err := booking.ParseMinor(r.b.value("sales_revenue"), currency.Code)
	if !known || err != nil {
		r.missing("price")
		return nil
	}
	return &booking.Price{
		Currency:   currency.Code,
		Exponent:   currency.Exponent,
		TotalMinor: total,
		Components: r.parts(currency.Code, total),
	}
}

// parts adds the components up by type, because a policy gives one rate for
// each type. With one component unpriced the rest would pass for the whole, so
// there are none then.
func (r *reader) parts(currency string, total int64) []booking.Component {
	parts := []booking.Component{}
	sum := int64(0)
	for _, c := range r.b.child("components").all("component") {
		amount, ok := linePrice(c, currency)
		var fits bool
		if sum, fits = add(sum, amount); !ok || !fits {
			parts = nil
			break
		}
		parts = addPart(parts, componentType(c), amount)
	}
	if len(parts) == 0 {
		r.missing("price.components")
		return []booking.Component{}
	}
	if sum != total {
		r.conflict("components_do_not_add_up")
	}
	return parts
}

func addPart(parts []booking.Component, kind string, amount int64) []booking.Component {
	for i := range parts {
		if parts[i].Type != kind {
			continue
		}
		if sum, fits := add(parts[i].AmountMinor, amount); fits {
			parts[i].AmountMinor = sum
			return parts
		}
	}
	return append(parts, booking.Component{Type: kind, AmountMinor: amount})
}

// linePrice is what a component adds to the total: its price with tax for all
// of its quantity. sale_price stands in for it only where the quantity cannot
// matter, for whether it is a unit's price is not documented.
func linePrice(c *node, currency string) (int64, bool) {
	if own := c.value("sale_currency"); own != "" {
		if known, ok := booking.CurrencyOf(own); !ok || known.Code != currency {
			return 0, false
		}
	}
	text := c.value("sale_price_inc_tax_total")
	if quantity := c.value("sale_quantity"); text == "" && (quantity == "" || quantity == "1" || c.value("sale_quantity_rule") == "GROUP") {
		text = c.value("sale_price")
	}
	amount, err := booking.ParseMinor(text, currency)
	return amount, err == nil
}

func add(a, b int64) (int64, bool) {
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
		return 0, false
	}
	return a + b, true
}

// paymentStatus reads payment_status 0, the only value whose meaning is
// published; for the others the balance tells.
func (r *reader) paymentStatus(price *booking.Price) string {
	if r.b.value("payment_status") == "0" {
		return booking.PaymentUnpaid
	}
	if price == nil {
		return booking.PaymentUnknown
	}
	balance, err := booking.ParseMinor(r.b.value("balance"), price.Currency)
	switch {
	case err != nil || balance < 0 || price.TotalMinor <= 0 || balance > price.TotalMinor:
		return booking.PaymentUnknown
	case balance == 0:
		return booking.PaymentPaid
	case balance == price.TotalMinor:
		return booking.PaymentUnpaid
	}
	return booking.PaymentPartial
}
