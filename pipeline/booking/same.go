package booking

import (
	"slices"
	"time"
)

// The comparisons below tell whether parts of two events, of which one is tidied
// and the other is so or would be by Tidy, have the same public form. They cost a
// fraction of an encoding, and may say no of forms that are equal only as text.

// sameSaid compares what appendSaid writes.
func sameSaid(a, b *Event) bool {
	return a.Stale == b.Stale &&
		slices.EqualFunc(a.Booking.People, b.Booking.People, samePerson) &&
		same(a.Cancellation, b.Cancellation, sameCancellation) &&
		slices.EqualFunc(a.RefundReported, b.RefundReported, sameReported) &&
		same(a.Payment, b.Payment, samePayment) &&
		sameQuality(&a.Quality, &b.Quality)
}

// same compares what two pointers point to; most point to the same value.
func same[T any](a, b *T, equal func(a, b *T) bool) bool {
	return a == b || a != nil && b != nil && equal(a, b)
}

func sameValue[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// sameBooking compares all of two bookings but their people.
func sameBooking(a, b *Booking) bool {
	return a.ID == b.ID && a.Provider == b.Provider && a.Source == b.Source && a.Kind == b.Kind &&
		a.Status == b.Status && sameValue(a.StatusNative, b.StatusNative) && a.PaymentStatus == b.PaymentStatus &&
		sameTime(a.BookedAt, b.BookedAt) && sameTime(a.ConfirmedAt, b.ConfirmedAt) &&
		sameTime(a.CancelledAt, b.CancelledAt) && sameTime(a.UpdatedAt, b.UpdatedAt) &&
		same(a.Service, b.Service, sameService) && same(a.Product, b.Product, sameProduct) &&
		same(a.Party, b.Party, sameParty) && same(a.Price, b.Price, samePrice) && same(a.Terms, b.Terms, sameTerms) &&
		slices.Equal(a.Refs, b.Refs)
}

func sameService(a, b *Service) bool {
	return sameTime(a.StartsAt, b.StartsAt) && sameTime(a.EndsAt, b.EndsAt) &&
		sameValue(a.StartLocal, b.StartLocal) && sameValue(a.EndLocal, b.EndLocal) &&
		a.Zone == b.Zone && a.Precision == b.Precision && sameValue(a.Nights, b.Nights)
}

func sameProduct(a, b *Product) bool {
	return sameValue(a.ID, b.ID) && sameValue(a.ExternalID, b.ExternalID) && sameValue(a.Name, b.Name)
}

func sameParty(a, b *Party) bool {
	return sameValue(a.Size, b.Size) && sameValue(a.Adults, b.Adults) && sameValue(a.Children, b.Children)
}

func samePrice(a, b *Price) bool {
	return a.Currency == b.Currency && a.Exponent == b.Exponent && a.TotalMinor == b.TotalMinor && slices.Equal(a.Components, b.Components)
}

func sameTerms(a, b *Terms) bool {
	return sameValue(a.LabelNative, b.LabelNative) && sameValue(a.Tier, b.Tier)
}

func samePerson(a, b Person) bool { return a.Role == b.Role && a.Token == b.Token }

func sameCancellation(a, b *Cancellation) bool {
	return sameTime(a.RequestedAt, b.RequestedAt) && a.By == b.By &&
		sameValue(a.ReasonCode, b.ReasonCode) && sameValue(a.ReasonNative, b.ReasonNative)
}

func sameReported(a, b Reported) bool {
	return a.Field == b.Field && sameValue(a.Currency, b.Currency) && sameValue(a.Exponent, b.Exponent) && sameValue(a.AmountMinor, b.AmountMinor)
}

func samePayment(a, b *Payment) bool {
	return a.ID == b.ID && sameValue(a.TotalMinor, b.TotalMinor) && sameValue(a.AmountMinor, b.AmountMinor) &&
		sameValue(a.Currency, b.Currency) && sameValue(a.Exponent, b.Exponent) &&
		sameValue(a.Status, b.Status) && sameValue(a.Type, b.Type) && sameTime(a.PaidAt, b.PaidAt)
}

func sameQuality(a, b *Quality) bool {
	return slices.Equal(a.Missing, b.Missing) && slices.Equal(a.Assumed, b.Assumed) &&
		slices.Equal(a.Inherited, b.Inherited) && slices.Equal(a.Conflicts, b.Conflicts)
}

func sameLineage(a, b *Lineage) bool {
	return a.DeliveryID == b.DeliveryID && a.Raw == b.Raw && a.Verified == b.Verified &&
		sameValue(a.NativeEvent, b.NativeEvent) && a.Plugin == b.Plugin && sameTime(a.LookedUpAt, b.LookedUpAt)
}
