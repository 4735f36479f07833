package booking

import "time"

// readEvent reads what appendEvent writes, in the same order, into a zero event.
func (r *reader) readEvent(e *Event) {
	room := new(eventRoom)
	r.skip(`{"booking":`)
	r.readBooking(&e.Booking, room)
	e.Cancellation = r.readCancellation()
	e.RefundReported = r.readReported()
	e.Payment = r.readPayment()
	e.Stale = r.bool(`,"stale":`)
	e.Quality.Missing = r.notes(`,"quality":{"missing":`)
	e.Quality.Assumed = r.notes(`,"assumed":`)
	e.Quality.Inherited = r.notes(`,"inherited":`)
	e.Quality.Conflicts = r.notes(`,"conflicts":`)
	r.readLineage(&e.Lineage, room)
	r.skip(`}}`)
}

// eventRoom is what most events point to, made in one piece: each value alone
// would cost as much as all of them.
type eventRoom struct {
	statusNative, nativeEvent                                 string
	bookedAt, confirmedAt, cancelledAt, updatedAt, lookedUpAt time.Time

	service serviceRoom

	product                               Product
	productID, productExtern, productName string

	party                  Party
	size, adults, children int

	price       Price
	terms       Terms
	label, tier string
}

func (r *reader) readLineage(l *Lineage, room *eventRoom) {
	l.DeliveryID = r.str(`},"lineage":{"delivery_id":`)
	l.Raw.Topic = r.str(`,"raw":{"topic":`)
	l.Raw.Partition = int32(r.number(`,"partition":`, 32))
	l.Raw.Offset = r.number(`,"offset":`, 64)
	l.Raw.SHA256 = r.str(`,"sha256":`)
	l.Verified = r.str(`},"verified":`)
	l.NativeEvent = r.maybeStr(`,"native_event":`, &room.nativeEvent)
	l.Plugin = r.str(`,"plugin":`)
	l.LookedUpAt = r.maybeTime(`,"looked_up_at":`, &room.lookedUpAt)
}

func (r *reader) readCancellation() *Cancellation {
	if !r.is(`,"cancellation":`) {
		return nil
	}
	var room struct {
		Cancellation

		at           time.Time
		code, native string
	}
	room.RequestedAt = r.maybeTime(`{"requested_at":`, &room.at)
	room.By = By(r.str(`,"by":`))
	room.ReasonCode = r.maybeStr(`,"reason_code":`, &room.code)
	room.ReasonNative = r.maybeStr(`,"reason_native":`, &room.native)
	r.skip(`}`)
	return &room.Cancellation
}

func (r *reader) readReported() []Reported {
	var few [2]Reported
	reported := few[:0]
	r.skip(`,"refund_reported":[`)
	for r.more(len(reported)) {
		room := new(struct {
			currency string
			exponent int
			amount   int64
		})
		var p Reported
		p.Field = r.str(`{"field":`)
		p.Currency = r.maybeStr(`,"currency":`, &room.currency)
		p.Exponent = r.maybeInt(`,"exponent":`, &room.exponent)
		p.AmountMinor = r.maybeMinor(`,"amount_minor":`, &room.amount)
		r.skip(`}`)
		reported = append(reported, p)
	}
	return exact(reported)
}

func (r *reader) readPayment() *Payment {
	if !r.is(`,"payment":`) {
		return nil
	}
	var room struct {
		Payment

		total, amount          int64
		currency, status, kind string
		exponent               int
		paidAt                 time.Time
	}
	room.ID = r.str(`{"id":`)
	room.TotalMinor = r.maybeMinor(`,"total_minor":`, &room.total)
	room.AmountMinor = r.maybeMinor(`,"amount_minor":`, &room.amount)
	room.Currency = r.maybeStr(`,"currency":`, &room.currency)
	room.Exponent = r.maybeInt(`,"exponent":`, &room.exponent)
	room.Status = r.maybeStr(`,"status":`, &room.status)
	room.Type = r.maybeStr(`,"type":`, &room.kind)
	room.PaidAt = r.maybeTime(`,"paid_at":`, &room.paidAt)
	r.skip(`}`)
	return &room.Payment
}

func (r *reader) notes(name string) []string {
	var few [8]string
	notes := few[:0]
	r.skip(name)
	for r.skip(`[`); r.more(len(notes)); {
		notes = append(notes, r.quoted())
	}
	return exact(notes)
}

// more passes over what stands between two entries of a list of which so many
// were read, and tells whether another one follows.
func (r *reader) more(read int) bool {
	if read == 0 {
		return !r.next(`]`) && !r.off
	}
	if r.next(`,`) {
		return true
	}
	r.skip(`]`)
	return false
}

// exact gives a list in memory of its own size, never nil.
func exact[T any](list []T) []T { return append([]T{}, list...) }
