package redbroom

import (
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// pesos is the currency of every `…Mxn` field. That they count pesos and not
// centavos is not documented: they stand beside `…Cents` fields, and every
// amount read from one is listed as assumed.
const pesos = "MXN"

// price reads what a booking costs: amountMxn of goodbay, or amount (cents)
// and currency of plenura. Coins are never money.
func (r *reader) price() *booking.Price {
	mxn, cents := r.pesoPrice(), r.centPrice()
	switch {
	case mxn == nil && cents == nil:
		r.missing("price")
		return nil
	case mxn == nil:
		return cents
	}
	if cents != nil && (cents.Currency != mxn.Currency || cents.TotalMinor != mxn.TotalMinor) {
		r.conflict("price_ambiguous")
	}
	r.assumed("price")
	return mxn
}

func (r *reader) pesoPrice() *booking.Price {
	total, ok := r.pesoAmount("amountMxn")
	if !ok {
		return nil
	}
	return &booking.Price{Currency: pesos, Exponent: exponent(pesos), TotalMinor: total, Components: r.pesoParts(total)}
}

// pesoParts are what the owner gets and what the platform keeps.
func (r *reader) pesoParts(total int64) []booking.Component {
	owner, hasOwner := r.pesoAmount("ownerPayoutMxn")
	fee, hasFee := r.pesoAmount("platformFeeMxn")
	if !hasOwner || !hasFee {
		return []booking.Component{{Type: r.main(), AmountMinor: total}}
	}
	if owner != total-fee {
		r.conflict("components_do_not_add_up")
	}
	return []booking.Component{{Type: r.main(), AmountMinor: owner}, {Type: "service", AmountMinor: fee}}
}

// centPrice reads amount, which is documented as cents. In a currency whose
// minor unit is no hundredth nobody can tell what a cent is.
func (r *reader) centPrice() *booking.Price {
	text, _ := r.data.Get("amount").Decimal()
	total, err := booking.ScaleMinor(text, 0)
	code, _ := r.data.Get("currency").Text()
	currency, known := booking.CurrencyOf(code)
	if err != nil || total < 0 || !known {
		return nil
	}
	if currency.Exponent != 2 {
		r.conflict("amount_unit_unknown")
		return nil
	}
	return &booking.Price{
		Currency: currency.Code, Exponent: currency.Exponent, TotalMinor: total,
		Components: []booking.Component{{Type: r.main(), AmountMinor: total}},
	}
}

// main is the component that the booking is about.
func (r *reader) main() string {
	if r.kind() == booking.Stay {
		return "accommodation"
	}
	return "service_price"
}

func (r *reader) pesoAmount(field string) (int64, bool) {
	text, _ := r.data.Get(field).Decimal()
	minor, err := booking.ParseMinor(text, pesos)
	return minor, err == nil && minor >= 0
}

// refunds reports what the event says was given back, field by field. Only a
// field whose name gives the unit has an amount: refundAmount (plenura, legacy)
// is documented as cents but named as anything. Compared they are all the same.
func (r *reader) refunds() []booking.Reported {
	reported := []booking.Reported{}
	var amounts []int64
	for _, field := range [...]string{"refundAmount", "refundAmountCents", "refundAmountMxn"} {
		v := r.data.Get(field)
		if !v.Exists() || v.IsNull() {
			continue
		}
		text, _ := v.Decimal()
		one := booking.Reported{Field: field}
		minor, err := booking.ScaleMinor(text, unit(field))
		if err != nil || minor < 0 {
			r.conflict("refund_unreadable")
			reported = append(reported, one)
			continue
		}
		amounts = append(amounts, minor)
		reported = append(reported, r.inUnits(one, minor))
	}
	for _, a := range amounts {
		if a != amounts[0] {
			r.conflict("refund_ambiguous")
		}
	}
	r.inPesos(reported)
	return reported
}

// inPesos gives refundAmountCents the currency of an equal refundAmountMxn: the
// same sum twice, once in hundredths and once in pesos, leaves no other. Nothing
// refunded is the same in every currency and says nothing.
func (r *reader) inPesos(reported []booking.Reported) {
	var cents, mxn *booking.Reported
	for i := range reported {
		switch reported[i].Field {
		case "refundAmountCents":
			cents = &reported[i]
		case "refundAmountMxn":
			mxn = &reported[i]
		}
	}
	if cents == nil || mxn == nil || cents.AmountMinor == nil || mxn.AmountMinor == nil || *cents.AmountMinor == 0 || *cents.AmountMinor != *mxn.AmountMinor {
		return
	}
	cents.Currency, cents.Exponent = mxn.Currency, mxn.Exponent
	r.assumed("refund_reported.refundAmountCents")
}

func (r *reader) inUnits(one booking.Reported, minor int64) booking.Reported {
	switch one.Field {
	case "refundAmountCents":
		one.AmountMinor = &minor
	case "refundAmountMxn":
		currency, digits := pesos, exponent(pesos)
		one.AmountMinor, one.Currency, one.Exponent = &minor, &currency, &digits
		r.assumed("refund_reported.refundAmountMxn")
	}
	return one
}

// unit is how many digits a field's number lacks to be hundredths.
func unit(field string) int {
	if field == "refundAmountMxn" {
		return exponent(pesos)
	}
	return 0
}

func exponent(code string) int {
	currency, _ := booking.CurrencyOf(code)
	return currency.Exponent
}
