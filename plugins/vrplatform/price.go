package vrplatform

import (
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

const componentCancellation = "cancellation"

// part is one amount that is a component of the price.
type part struct{ field, component string }

// parts gives the components in the order in which they are published.
func parts() [7]part {
	return [7]part{
		{"amountAccommodation", "accommodation"},
		{"amountCleaning", "cleaning"},
		{"amountService", "service"},
		{"amountCityTax", "city_tax"},
		{"amountOta", "ota"},
		{"amountAdjustments", "adjustments"},
		{"amountCancellation", componentCancellation},
	}
}

// price reads the amounts of a reservation, in major units. Whether the parts
// make the total is not checked: what amountOta and amountAdjustments stand for
// is not documented.
func price(doc jsondoc.Value, q *booking.Quality) *booking.Price {
	amounts := doc.Get("__dangerousAmounts")
	currency, known := currencyOf(doc.Get("currency"))
	total, ok := amount(amounts.Get("amount"), currency)
	if !known || !ok {
		q.Missing = append(q.Missing, "price")
		return nil
	}
	p := &booking.Price{Currency: currency.Code, Exponent: currency.Exponent, TotalMinor: total, Components: []booking.Component{}}
	complete := true
	for _, part := range parts() {
		v := amounts.Get(part.field)
		minor, ok := amount(v, currency)
		switch {
		case ok && minor != 0:
			p.Components = append(p.Components, booking.Component{Type: part.component, AmountMinor: minor})
		case !ok && v.Exists() && !v.IsNull():
			complete = false
		}
	}
	if !complete {
		q.Missing = append(q.Missing, "price.components")
	}
	return p
}

// currencyOf reads a currency, which VRPlatform writes in lower case.
func currencyOf(v jsondoc.Value) (booking.Currency, bool) {
	code, _ := v.Text()
	return booking.CurrencyOf(code)
}

// amount reads one amount of major units; false where it is not there or not
// exact in the currency. No float is made of it on the way.
func amount(v jsondoc.Value, c booking.Currency) (int64, bool) {
	text, ok := v.Decimal()
	if !ok {
		return 0, false
	}
	minor, err := booking.ParseMinor(text, c.Code)
	return minor, err == nil
}

// add gives a + b; false where that is beyond an int64.
func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}
