package dedupe

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// The local form of an event is its fields in their order, without names, and
// without what its JSON leaves out. It is a third of the size of JSON, and both
// ways take a tenth of the time: every update of a booking goes both ways. Texts
// stand behind their length, what may be missing behind a byte that says whether
// it is there, lists behind their length and one more, 0 for nil.
//
// appendEvent and readEvent are written by hand; the test of the local form sets
// every field there is, and so fails where one is forgotten.

func appendEvent(to []byte, e *booking.Event) []byte {
	to = appendBooking(to, &e.Booking)
	to = appendCancellation(to, e.Cancellation)
	to = appendLength(to, e.RefundReported)
	for _, r := range e.RefundReported {
		to = appendIntAt(appendTextAt(appendText(to, r.Field), r.Currency), r.Exponent)
		to = appendIntAt(to, r.AmountMinor)
	}
	to = appendPayment(to, e.Payment)
	to = appendBool(to, e.Stale)
	for _, list := range [...][]string{e.Quality.Missing, e.Quality.Assumed, e.Quality.Inherited, e.Quality.Conflicts} {
		to = appendLength(to, list)
		for _, s := range list {
			to = appendText(to, s)
		}
	}
	return appendLineage(to, &e.Lineage)
}

func appendBooking(to []byte, b *booking.Booking) []byte {
	to = appendText(appendText(appendText(to, b.ID), b.Provider), b.Source)
	to = appendLength(to, b.Refs)
	for _, r := range b.Refs {
		to = appendText(appendText(to, r.Kind), r.Value)
	}
	to = appendText(appendText(to, string(b.Kind)), string(b.Status))
	to = appendText(appendTextAt(to, b.StatusNative), b.PaymentStatus)
	for _, t := range [...]*time.Time{b.BookedAt, b.ConfirmedAt, b.CancelledAt, b.UpdatedAt} {
		to = appendTimeAt(to, t)
	}
	to = appendParts(to, b)
	to = appendLength(to, b.People)
	for _, p := range b.People {
		to = appendText(appendText(to, p.Role), p.Token)
	}
	return to
}

// appendParts writes the objects of a booking.
func appendParts(to []byte, b *booking.Booking) []byte {
	if to = appendBool(to, b.Service != nil); b.Service != nil {
		s := b.Service
		to = appendTimeAt(appendTimeAt(to, s.StartsAt), s.EndsAt)
		to = appendTextAt(appendTextAt(to, s.StartLocal), s.EndLocal)
		to = appendIntAt(appendText(appendText(to, s.Zone), string(s.Precision)), s.Nights)
	}
	if to = appendBool(to, b.Product != nil); b.Product != nil {
		to = appendTextAt(appendTextAt(appendTextAt(to, b.Product.ID), b.Product.ExternalID), b.Product.Name)
	}
	if to = appendBool(to, b.Party != nil); b.Party != nil {
		to = appendIntAt(appendIntAt(appendIntAt(to, b.Party.Size), b.Party.Adults), b.Party.Children)
	}
	if to = appendBool(to, b.Price != nil); b.Price != nil {
		to = appendInt(appendInt(appendText(to, b.Price.Currency), int64(b.Price.Exponent)), b.Price.TotalMinor)
		to = appendLength(to, b.Price.Components)
		for _, c := range b.Price.Components {
			to = appendInt(appendText(to, c.Type), c.AmountMinor)
		}
	}
	if to = appendBool(to, b.Terms != nil); b.Terms != nil {
		to = appendTextAt(appendTextAt(to, b.Terms.LabelNative), b.Terms.Tier)
	}
	return to
}

func appendCancellation(to []byte, c *booking.Cancellation) []byte {
	if to = appendBool(to, c != nil); c == nil {
		return to
	}
	to = appendText(appendTimeAt(to, c.RequestedAt), string(c.By))
	return appendTextAt(appendTextAt(to, c.ReasonCode), c.ReasonNative)
}

func appendPayment(to []byte, p *booking.Payment) []byte {
	if to = appendBool(to, p != nil); p == nil {
		return to
	}
	to = appendIntAt(appendIntAt(appendText(to, p.ID), p.TotalMinor), p.AmountMinor)
	to = appendIntAt(appendTextAt(to, p.Currency), p.Exponent)
	return appendTimeAt(appendTextAt(appendTextAt(to, p.Status), p.Type), p.PaidAt)
}

func appendLineage(to []byte, l *booking.Lineage) []byte {
	to = appendText(appendText(to, l.DeliveryID), l.Raw.Topic)
	to = appendInt(appendInt(to, int64(l.Raw.Partition)), l.Raw.Offset)
	to = appendText(appendText(to, l.Raw.SHA256), l.Verified)
	to = appendText(appendTextAt(to, l.NativeEvent), l.Plugin)
	return appendTimeAt(to, l.LookedUpAt)
}

func appendLength[T any](to []byte, list []T) []byte {
	if list == nil {
		return appendUint(to, 0)
	}
	return appendUint(to, uint64(len(list))+1)
}

func appendTextAt(to []byte, s *string) []byte {
	if s == nil {
		return append(to, 0)
	}
	return appendText(append(to, 1), *s)
}

func appendIntAt[T int | int64](to []byte, n *T) []byte {
	if n == nil {
		return append(to, 0)
	}
	return appendInt(append(to, 1), int64(*n))
}

func appendTimeAt(to []byte, t *time.Time) []byte {
	if t == nil {
		return append(to, 0)
	}
	return appendTime(append(to, 1), *t)
}
