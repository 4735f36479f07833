package booking

// What the functions below share: they are pure, they change none of their
// arguments, and what they give shares values with them, which nobody changes
// in place. Events of two different bookings are never mixed: the first
// argument comes back as it was. All of them may be repeated: merging the same
// event in again changes nothing.

// Inherit fills what the booking of a thin event lacks from the booking's latest
// state: every filled path goes into Quality.Inherited and out of
// Quality.Missing, and what the state had assumed or missed of it comes along.
// The event's conflicts are joined by those of the state it was filled from.
// What the event says itself is kept, and of what happened (cancellation,
// payment) nothing is inherited.
func Inherit(thin, latest Event) Event {
	if thin.Booking.ID != latest.Booking.ID {
		return thin
	}
	f := &filler{into: thin, from: latest}
	f.booking()
	return f.done(true)
}

// MergeStale gives the latest state after an event that speaks of an older one:
// the event fills what the state does not know and overwrites nothing.
func MergeStale(latest, stale Event) Event {
	if latest.Booking.ID == "" {
		return first(stale)
	}
	if latest.Booking.ID != stale.Booking.ID {
		return latest
	}
	f := &filler{into: latest, from: stale}
	f.booking()
	fill(f, "updated_at", &f.into.Booking.UpdatedAt, stale.Booking.UpdatedAt)
	if f.into.Payment == nil {
		f.into.Payment = stale.Payment
	}
	f.keepCancellation()
	return f.done(true)
}

// MergeNewer gives the new latest state after a newer event; a zero latest is a
// booking that nothing is known of. What the event says wins, what it does not
// say is kept (null is not known), and other names and people add up. A booking
// that is alive again loses the instant and the words of its cancellation.
//
// A payment (unless its content was looked up, which makes it a snapshot of the
// booking) changes nothing that is known but the payment status, and leaves the
// state's Origin as it is: it makes no booking field stale.
func MergeNewer(latest, newer Event) Event {
	if latest.Booking.ID == "" {
		return first(newer)
	}
	if latest.Booking.ID != newer.Booking.ID {
		return latest
	}
	if bare(&newer) {
		return mergePayment(latest, newer)
	}
	f := &filler{into: newer, from: latest}
	f.booking()
	fill(f, "updated_at", &f.into.Booking.UpdatedAt, latest.Booking.UpdatedAt)
	if f.into.Payment == nil {
		f.into.Payment = latest.Payment
	}
	f.keepCancellation()
	f.into.Origin = laterOrigin(newer.Origin, latest.Origin)
	f.into.Stale = false
	// A whole snapshot settles the contradictions of those before it.
	return f.done(newer.Origin.Thin)
}

// first is the state after the first event of a booking.
func first(e Event) Event {
	if bare(&e) {
		// No version: any event about the booking itself is newer.
		e.Origin = Origin{NativeKey: e.Origin.NativeKey, Thin: true}
		e.Booking.Status, e.Booking.StatusNative = StatusUnknown, nil
	}
	e.Stale = false
	return e
}

// bare tells a payment that says nothing certain of the booking itself.
func bare(e *Event) bool { return e.Type == PaymentRecorded && !e.Origin.LookedUp }

func mergePayment(latest, payment Event) Event {
	f := &filler{into: latest, from: payment}
	status, native := latest.Booking.Status, latest.Booking.StatusNative
	f.booking()
	// Payments never touch the state's status, not even an unknown one.
	f.restoreStatus(status, native)
	if !unknown(payment.Booking.PaymentStatus) {
		f.into.Booking.PaymentStatus = payment.Booking.PaymentStatus
	}
	if payment.Payment != nil {
		f.into.Payment = payment.Payment
	}
	f.into.ID, f.into.Type, f.into.Time, f.into.Lineage = payment.ID, payment.Type, payment.Time, payment.Lineage
	f.into.Stale = false
	return f.done(true)
}

// laterOrigin keeps the provider's version rising where the newer event has
// none: what came with it is then known by arrival alone.
func laterOrigin(newer, latest Origin) Origin {
	if newer.At.IsZero() {
		newer.At = latest.At
	}
	if newer.Revision == 0 {
		newer.Revision = latest.Revision
	}
	newer.Thin = newer.Thin && latest.Thin
	return newer
}

// keepCancellation keeps who called the booking off, and the refunds reported
// with it, as long as it is off.
func (f *filler) keepCancellation() {
	if !off(f.into.Booking.Status) {
		return
	}
	if f.into.Cancellation == nil {
		f.into.Cancellation = f.from.Cancellation
	}
	if len(f.into.RefundReported) == 0 {
		f.into.RefundReported = f.from.RefundReported
	}
}

// off tells the statuses of a booking that was called off. An unknown status
// is not one: nothing is known to have been called off.
func off(s Status) bool {
	return s == StatusCancelled || s == StatusExpired || s == StatusRejected
}

// unknown tells a status, of any kind, that says nothing.
func unknown(status string) bool { return status == "" || status == string(StatusUnknown) }
