package booking

import "github.com/reservoirhq/reservoir/pipeline/booking/jsontext"

// The public form, written by hand in the order of the fields of the types:
// two of it are written for every event, and by reflection each would cost five
// times as much. Every function gives, byte for byte, what encoding/json makes of
// its value, but that a year has to have four digits; read.go reads in the same
// order.

// AppendJSON appends the public form of an event, tidied, to dst and gives the
// extended slice; e stays as it is. It is Encode for callers with a buffer to
// use again.
func AppendJSON(dst []byte, e *Event) []byte {
	tidy := *e
	tidy.Tidy()
	return appendEvent(dst, &tidy)
}

// AppendForms appends the public forms of a booking's latest state, which is
// tidied, and of the event that led to it: first that of the state, then, from
// second on, that of the event, which is left out where it is the same; second is
// where the forms begin then. Most of both is the same nearly always, and is
// written once and copied.
func AppendForms(dst []byte, latest, published *Event) (forms []byte, second int) {
	first := len(dst)
	dst = appendKnown(dst, &latest.Booking)
	known := len(dst)
	dst = appendSaid(dst, latest)
	said := len(dst)
	dst = appendLineage(dst, &latest.Lineage)
	second = len(dst)
	sameKnown, sameOrigin := sameBooking(&latest.Booking, &published.Booking), sameLineage(&latest.Lineage, &published.Lineage)
	if sameKnown && sameOrigin && sameSaid(latest, published) {
		return dst, first
	}
	// To tidy changes no part that is the same as the tidied state's.
	tidy := *published
	tidy.Tidy()
	if sameKnown {
		dst = append(dst, dst[first:known]...)
	} else {
		dst = appendKnown(dst, &tidy.Booking)
	}
	dst = appendSaid(dst, &tidy)
	if sameOrigin {
		return append(dst, dst[said:second]...), second
	}
	return appendLineage(dst, &tidy.Lineage), second
}

func appendEvent(dst []byte, e *Event) []byte {
	dst = appendKnown(dst, &e.Booking)
	return appendLineage(appendSaid(dst, e), &e.Lineage)
}

// appendKnown appends an event's form up to the people.
func appendKnown(dst []byte, b *Booking) []byte {
	return appendBooking(append(dst, `{"booking":`...), b)
}

// appendSaid appends what stands between the booking and the lineage.
func appendSaid(dst []byte, e *Event) []byte {
	dst = append(appendPeople(append(dst, `,"people":`...), e.Booking.People), '}')
	dst = appendCancellation(append(dst, `,"cancellation":`...), e.Cancellation)
	dst = appendReported(append(dst, `,"refund_reported":`...), e.RefundReported)
	dst = appendPayment(append(dst, `,"payment":`...), e.Payment)
	dst = jsontext.Bool(dst, `,"stale":`, e.Stale)
	dst = jsontext.Texts(dst, `,"quality":{"missing":`, e.Quality.Missing)
	dst = jsontext.Texts(dst, `,"assumed":`, e.Quality.Assumed)
	dst = jsontext.Texts(dst, `,"inherited":`, e.Quality.Inherited)
	return jsontext.Texts(dst, `,"conflicts":`, e.Quality.Conflicts)
}

// appendLineage appends the last part of the form.
func appendLineage(dst []byte, l *Lineage) []byte {
	dst = jsontext.Text(dst, `},"lineage":{"delivery_id":`, l.DeliveryID)
	dst = jsontext.Text(dst, `,"raw":{"topic":`, l.Raw.Topic)
	dst = jsontext.Int(dst, `,"partition":`, l.Raw.Partition)
	dst = jsontext.Int(dst, `,"offset":`, l.Raw.Offset)
	dst = jsontext.Text(dst, `,"sha256":`, l.Raw.SHA256)
	dst = jsontext.Text(dst, `},"verified":`, l.Verified)
	dst = jsontext.MaybeText(dst, `,"native_event":`, l.NativeEvent)
	dst = jsontext.Text(dst, `,"plugin":`, l.Plugin)
	return append(jsontext.MaybeTime(dst, `,"looked_up_at":`, l.LookedUpAt), `}}`...)
}

func appendCancellation(dst []byte, c *Cancellation) []byte {
	if c == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.MaybeTime(dst, `{"requested_at":`, c.RequestedAt)
	dst = jsontext.Text(dst, `,"by":`, c.By)
	dst = jsontext.MaybeText(dst, `,"reason_code":`, c.ReasonCode)
	dst = jsontext.MaybeText(dst, `,"reason_native":`, c.ReasonNative)
	return append(dst, '}')
}

func appendReported(dst []byte, reported []Reported) []byte {
	if reported == nil {
		return append(dst, jsontext.Null...)
	}
	dst = append(dst, '[')
	for i := range reported {
		if i > 0 {
			dst = append(dst, ',')
		}
		r := &reported[i]
		dst = jsontext.Text(dst, `{"field":`, r.Field)
		dst = jsontext.MaybeText(dst, `,"currency":`, r.Currency)
		dst = jsontext.MaybeInt(dst, `,"exponent":`, r.Exponent)
		dst = jsontext.MaybeInt(dst, `,"amount_minor":`, r.AmountMinor)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendPayment(dst []byte, p *Payment) []byte {
	if p == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.Text(dst, `{"id":`, p.ID)
	dst = jsontext.MaybeInt(dst, `,"total_minor":`, p.TotalMinor)
	dst = jsontext.MaybeInt(dst, `,"amount_minor":`, p.AmountMinor)
	dst = jsontext.MaybeText(dst, `,"currency":`, p.Currency)
	dst = jsontext.MaybeInt(dst, `,"exponent":`, p.Exponent)
	dst = jsontext.MaybeText(dst, `,"status":`, p.Status)
	dst = jsontext.MaybeText(dst, `,"type":`, p.Type)
	dst = jsontext.MaybeTime(dst, `,"paid_at":`, p.PaidAt)
	return append(dst, '}')
}
