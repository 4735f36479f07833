package studentcom

import (
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// part is one field that is a component of the price.
type part struct{ field, component string }

// parts gives the components in the order in which they are published.
func parts() [3]part {
	return [3]part{{"totalRental", "rent"}, {"totalFee", "fee"}, {"totalDeposit", "deposit"}}
}

// price reads the decimal texts in major units. A total or a currency that
// cannot be read leaves no price: part of an amount is worse than none.
func price(b jsondoc.Value, q *booking.Quality) *booking.Price {
	code, _ := b.Get("currency").Text()
	currency, known := booking.CurrencyOf(code)
	total, ok := amount(b.Get("totalPrice"), currency.Code)
	if !known || !ok {
		q.Missing = append(q.Missing, "price")
		return nil
	}
	p := &booking.Price{Currency: currency.Code, Exponent: currency.Exponent, TotalMinor: total, Components: []booking.Component{}}
	complete := true
	for _, part := range parts() {
		v := b.Get(part.field)
		minor, ok := amount(v, currency.Code)
		switch {
		case ok && minor != 0:
			p.Components = append(p.Components, booking.Component{Type: part.component, AmountMinor: minor})
		case !ok && v.Exists() && !v.IsNull():
			complete = false
		}
	}
	if !complete {
		q.Missing = append(q.Missing, "price.components")
	} else if !addsUp(*p) {
		q.Conflicts = append(q.Conflicts, conflictPriceSum)
	}
	return p
}

// amount reads one amount; false where it is not there or not exact.
func amount(v jsondoc.Value, currency string) (int64, bool) {
	text, ok := v.Decimal()
	if !ok {
		return 0, false
	}
	minor, err := booking.ParseMinor(text, currency)
	return minor, err == nil
}

// addsUp says whether the components make the total. Whether the total holds
// the deposit is not documented, so both are taken.
func addsUp(p booking.Price) bool {
	var sum, deposit int64
	for _, c := range p.Components {
		if c.Type == "deposit" {
			deposit = c.AmountMinor
		}
		next := sum + c.AmountMinor
		if (next > sum) != (c.AmountMinor > 0) {
			return false // beyond an int64
		}
		sum = next
	}
	return len(p.Components) == 0 || p.TotalMinor == sum || p.TotalMinor == sum-deposit
}
