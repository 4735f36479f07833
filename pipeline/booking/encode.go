package booking

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

func appendEvent(dst []byte, e *Event) []byte {
	dst = appendBooking(append(dst, `{"booking":`...), &e.Booking)
	dst = appendCancellation(append(dst, `,"cancellation":`...), e.Cancellation)
	dst = appendReported(append(dst, `,"refund_reported":`...), e.RefundReported)
	dst = appendPayment(append(dst, `,"payment":`...), e.Payment)
	dst = appendBool(dst, `,"stale":`, e.Stale)
	dst = appendNotes(dst, `,"quality":{"missing":`, e.Quality.Missing)
	dst = appendNotes(dst, `,"assumed":`, e.Quality.Assumed)
	dst = appendNotes(dst, `,"inherited":`, e.Quality.Inherited)
	dst = appendNotes(dst, `,"conflicts":`, e.Quality.Conflicts)
	dst = appendLineage(dst, &e.Lineage)
	return append(dst, `}}`...)
}

func appendLineage(dst []byte, l *Lineage) []byte {
	dst = appendText(dst, `},"lineage":{"delivery_id":`, l.DeliveryID)
	dst = appendText(dst, `,"raw":{"topic":`, l.Raw.Topic)
	dst = appendInt(dst, `,"partition":`, l.Raw.Partition)
	dst = appendInt(dst, `,"offset":`, l.Raw.Offset)
	dst = appendText(dst, `,"sha256":`, l.Raw.SHA256)
	dst = appendText(dst, `},"verified":`, l.Verified)
	dst = appendMaybeText(dst, `,"native_event":`, l.NativeEvent)
	dst = appendText(dst, `,"plugin":`, l.Plugin)
	return appendMaybeTime(dst, `,"looked_up_at":`, l.LookedUpAt)
}

func appendCancellation(dst []byte, c *Cancellation) []byte {
	if c == nil {
		return append(dst, null...)
	}
	dst = appendMaybeTime(dst, `{"requested_at":`, c.RequestedAt)
	dst = appendText(dst, `,"by":`, c.By)
	dst = appendMaybeText(dst, `,"reason_code":`, c.ReasonCode)
	dst = appendMaybeText(dst, `,"reason_native":`, c.ReasonNative)
	return append(dst, '}')
}

func appendReported(dst []byte, reported []Reported) []byte {
	if reported == nil {
		return append(dst, null...)
	}
	dst = append(dst, '[')
	for i := range reported {
		if i > 0 {
			dst = append(dst, ',')
		}
		r := &reported[i]
		dst = appendText(dst, `{"field":`, r.Field)
		dst = appendMaybeText(dst, `,"currency":`, r.Currency)
		dst = appendMaybeInt(dst, `,"exponent":`, r.Exponent)
		dst = appendMaybeInt(dst, `,"amount_minor":`, r.AmountMinor)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendPayment(dst []byte, p *Payment) []byte {
	if p == nil {
		return append(dst, null...)
	}
	dst = appendText(dst, `{"id":`, p.ID)
	dst = appendMaybeInt(dst, `,"total_minor":`, p.TotalMinor)
	dst = appendMaybeInt(dst, `,"amount_minor":`, p.AmountMinor)
	dst = appendMaybeText(dst, `,"currency":`, p.Currency)
	dst = appendMaybeInt(dst, `,"exponent":`, p.Exponent)
	dst = appendMaybeText(dst, `,"status":`, p.Status)
	dst = appendMaybeText(dst, `,"type":`, p.Type)
	dst = appendMaybeTime(dst, `,"paid_at":`, p.PaidAt)
	return append(dst, '}')
}
