package tourcms

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// gatewayModes are the known values of a payment's gateway_mode.
var gatewayModes = []string{"web", "pos", "moto"}

// payment says what a token trigger tells of: a request for payment that was
// mailed and succeeded or failed. References are left out, they are free text.
func (r *reader) payment() *booking.Payment {
	switch r.hook.trigger {
	case tokenFailure:
		failed := "failed"
		return &booking.Payment{ID: "token", Status: &failed} // the answer lists no failed payment
	case tokenSuccess:
		return r.lastPayment()
	}
	return nil
}

// lastPayment is the payment with the latest time, the later one in the list
// where times are equal.
func (r *reader) lastPayment() *booking.Payment {
	succeeded := "succeeded"
	all := r.b.child("payments").all("payment")
	if len(all) == 0 {
		r.missing("payment.amount_minor")
		return &booking.Payment{ID: "token", Status: &succeeded}
	}
	last := 0
	for i, p := range all {
		if p.value("payment_date_time") >= all[last].value("payment_date_time") {
			last = i
		}
	}
	p := &booking.Payment{ID: "payment-" + strconv.Itoa(last+1), Status: &succeeded}
	if amount, currency, ok := paymentValue(all[last]); ok {
		p.TotalMinor, p.AmountMinor = &amount, &amount
		p.Currency, p.Exponent = &currency.Code, &currency.Exponent
	} else {
		r.missing("payment.amount_minor")
	}
	if mode := all[last].value("gateway_mode"); slices.Contains(gatewayModes, mode) {
		p.Type = &mode
	}
	if at, ok := r.wall(all[last].value("payment_date_time")); ok {
		p.PaidAt = &at
		r.assumed("payment.paid_at")
	}
	return p
}

func paymentValue(p *node) (int64, booking.Currency, bool) {
	currency, known := booking.CurrencyOf(p.value("payment_currency"))
	amount, err := booking.ParseMinor(p.value("payment_value"), currency.Code)
	return amount, currency, known && err == nil
}

// refunds adds up the payments of a cancelled booking that went back, which
// are negative, for each currency.
func (r *reader) refunds() []booking.Reported {
	refunded := map[booking.Currency]int64{}
	for _, p := range r.b.child("payments").all("payment") {
		amount, currency, ok := paymentValue(p)
		if !r.state.cancelled || !ok || amount >= 0 {
			continue
		}
		sum, fits := add(refunded[currency], amount)
		if !fits {
			r.conflict("refund_ambiguous")
			continue
		}
		refunded[currency] = sum
	}
	reported := make([]booking.Reported, 0, len(refunded))
	for currency, sum := range refunded {
		if amount, fits := add(0, -sum); fits && amount > 0 {
			reported = append(reported, booking.Reported{
				Field: "payments.payment_value", Currency: &currency.Code, Exponent: &currency.Exponent, AmountMinor: &amount,
			})
		}
	}
	slices.SortFunc(reported, func(a, b booking.Reported) int { return cmp.Compare(*a.Currency, *b.Currency) })
	return reported
}

// seconds reads a `*_utc_seconds` field; zero means never.
func (r *reader) seconds(field string) *time.Time {
	t, err := booking.ParseUnix(r.b.value(field))
	if err != nil {
		return nil
	}
	return &t
}

// instant prefers the field in seconds; the other one is the account's wall
// time without a zone, read in the source's and listed as assumed.
func (r *reader) instant(path, seconds, local string) *time.Time {
	if t := r.seconds(seconds); t != nil {
		return t
	}
	t, ok := r.wall(r.b.value(local))
	if !ok {
		return nil
	}
	r.assumed(path)
	return &t
}

// wall reads `2006-01-02 15:04:05`, or without the seconds, in the source's
// zone.
func (r *reader) wall(text string) (time.Time, bool) {
	day, clock, _ := strings.Cut(text, " ")
	return r.at(day, clock)
}

// at reads a date and the time of a clock in the source's zone.
func (r *reader) at(day, clock string) (time.Time, bool) {
	date, err := booking.ParseDate(day)
	if err != nil {
		return time.Time{}, false
	}
	layout := "15:04:05"
	if len(clock) == len("15:04") {
		layout = "15:04"
	}
	of, err := time.Parse(layout, clock)
	if err != nil {
		return time.Time{}, false
	}
	at, _ := booking.Wall(date, of.Hour(), of.Minute(), r.p.zone)
	return at.Add(time.Duration(of.Second()) * time.Second), true
}
