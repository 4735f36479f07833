package payload

import (
	"fmt"
	"time"
)

var (
	offsets = [...]string{"Z", "+01:00", "+02:00", "-06:00", "+09:00", "+05:30"}
	given   = [...]string{"Ines", "Tomasz", "Siobhán", "Kwame", "Jürgen", "Mei", "Fatima", "Diego"}
	family  = [...]string{"Kowalczyk", "Ó Briain", "Mensah", "Schäfer", "Lindqvist", "Tanaka", "El Amrani", "Fuentes"}
	houses  = [...]string{"The Old Sail Loft", "Casa Jacaranda", "Haus am Weiher", "Dar Zitoun", "Kamo River House"}
	towns   = [...]string{"Falmouth", "Oaxaca", "Füssen", "Essaouira", "Kyoto"}
	labels  = [...]string{"flexible", "moderate", "strict"}
	reasons = [...]string{"change_of_plans", "illness", "found_elsewhere"}
)

// pick gives one of the words.
func pick[T any](d *draft, words []T) T { return words[d.random.IntN(len(words))] }

// shown writes an instant with an offset, as senders do.
func shown(at time.Time, offset string) string {
	zone, err := time.Parse("Z07:00", offset)
	if err != nil {
		panic(err) // offsets is a constant table
	}
	return at.In(zone.Location()).Format("2006-01-02T15:04:05") + offset
}

// amount writes minor units as decimal text with the currency's own digits.
func (d *draft) amount(minor int) string {
	switch d.currency {
	case "JPY":
		return fmt.Sprint(minor)
	case "KWD":
		return fmt.Sprintf("%d.%03d", minor/1000, minor%1000)
	}
	return fmt.Sprintf("%d.%02d", minor/100, minor%100)
}

func (d *draft) body(eventID string) []byte {
	offset := offsets[d.booking%len(offsets)]
	booked := firstEvent.AddDate(0, 0, -d.booking%200)
	arrival := d.changed.AddDate(0, 0, d.random.IntN(60)).Truncate(time.Hour)
	departure := arrival.AddDate(0, 0, 1+d.random.IntN(14))
	house := d.booking % len(houses)
	b := make([]byte, 0, 1400)
	b = fmt.Appendf(b, `{"event":{"id":%q,"name":%q,"revision":%d,"sent_at":%q,"tenant":"tn_58c1f20b7d9e","endpoint":"we_main_01","schema":"2026-02"},`,
		eventID, d.name(), d.i+1, shown(d.changed, offset))
	b = fmt.Appendf(b, `"booking":{"number":%q,"channel_ref":"CH-%07d-X","channel":"direct","state":%q,"booked_at":%q,"changed_at":%q,"cancelled":%s,`,
		d.number(), d.booking*7, d.state, shown(booked, offset), shown(d.changed, offset), d.cancellation(offset))
	b = fmt.Appendf(b, `"listing":{"id":"L-%05d","title":%q,"unit":"U%d","town":%q},"stay":{"from":%q,"to":%q,"adults":2,"children":%d},"terms":%q,`,
		d.booking%5000, houses[house], 1+d.booking%40, towns[house], shown(arrival, offset), shown(departure, offset), d.booking%3, labels[d.booking%len(labels)])
	b = append(b, d.amounts()...)
	return fmt.Appendf(b, `"guests":[%s,%s]}}`, d.guest("lead"), d.guest("companion"))
}

// name is the provider's word for what happened.
func (d *draft) name() string {
	switch d.state {
	case "requested":
		return "booking.requested"
	case "cancelled":
		return "booking.cancelled"
	}
	return "booking.changed"
}

func (d *draft) cancellation(offset string) string {
	if !d.cancelled() {
		return "null"
	}
	return fmt.Sprintf(`{"at":%q,"by":"guest","reason":%q}`, shown(d.changed, offset), pick(d, reasons[:]))
}

func (d *draft) amounts() string {
	total := 20_000 + d.booking%400_000
	tax, cleaning := total/10, total/12
	return fmt.Sprintf(`"money":{"currency":%q,"total":%q,"rent":%q,"cleaning":%q,"tax":%q,"deposit":%q,"paid":%q},`,
		d.currency, d.amount(total), d.amount(total-tax-cleaning), d.amount(cleaning), d.amount(tax), d.amount(total/4), d.amount(total/2))
}

func (d *draft) guest(role string) string {
	r := d.random
	return fmt.Sprintf(`{"role":%q,"given":%q,"family":%q,"mail":"guest.%d@mail.example","phone":"+%011d","address":{"street":"%d Harbour Row","town":%q,"postcode":"%05d","country":"GB"}}`,
		role, pick(d, given[:]), pick(d, family[:]), r.IntN(1_000_000), r.Int64N(99_999_999_999), 1+r.IntN(300), pick(d, towns[:]), r.IntN(99_999))
}
