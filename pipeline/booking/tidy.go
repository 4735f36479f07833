package booking

import (
	"slices"
	"time"
)

// Tidy gives the event the one form that is published: no nil slice (in JSON
// `[]`, never null), sorted quality lists without repeats, times in UTC with as
// many digits as they were given, and the word for not known in place of an
// empty status. Optional text or times that the schema could not hold (not
// UTF-8, longer than MaxText, a year outside 1970..9999) become null and are
// listed as missing: they must not cost the booking. Values that other events
// may share are copied, never changed in place. Tidy twice is Tidy once.
func (e *Event) Tidy() {
	e.Time = e.Time.UTC().Round(0)
	e.Origin.At = e.Origin.At.UTC().Round(0)
	e.tidyBooking()
	e.tidyHappened()
	e.Lineage.NativeEvent = e.keepText("lineage.native_event", e.Lineage.NativeEvent)
	e.Lineage.LookedUpAt = e.keepTime("lineage.looked_up_at", e.Lineage.LookedUpAt)
	e.Quality.Missing = sortedSet(e.Quality.Missing)
	e.Quality.Assumed = sortedSet(e.Quality.Assumed)
	e.Quality.Inherited = sortedSet(e.Quality.Inherited)
	e.Quality.Conflicts = sortedSet(e.Quality.Conflicts)
}

func (e *Event) tidyBooking() {
	b := &e.Booking
	b.Refs = neverNil(b.Refs)
	b.People = neverNil(b.People)
	if b.Status == "" {
		b.Status = StatusUnknown
	}
	if b.PaymentStatus == "" {
		b.PaymentStatus = PaymentUnknown
	}
	b.StatusNative = e.keepText("status_native", b.StatusNative)
	b.BookedAt = e.keepTime("booked_at", b.BookedAt)
	b.ConfirmedAt = e.keepTime("confirmed_at", b.ConfirmedAt)
	b.CancelledAt = e.keepTime("cancelled_at", b.CancelledAt)
	b.UpdatedAt = e.keepTime("updated_at", b.UpdatedAt)
	e.tidyParts()
}

func (e *Event) tidyParts() {
	b := &e.Booking
	if b.Service != nil {
		s := *b.Service
		s.StartsAt = e.keepTime("service.starts_at", s.StartsAt)
		s.EndsAt = e.keepTime("service.ends_at", s.EndsAt)
		b.Service = unlessEqual(b.Service, s)
	}
	if b.Product != nil {
		p := *b.Product
		p.ID = e.keepText("product.id", p.ID)
		p.ExternalID = e.keepText("product.external_id", p.ExternalID)
		p.Name = e.keepText("product.name", p.Name)
		b.Product = unlessEqual(b.Product, p)
	}
	if b.Terms != nil {
		t := *b.Terms
		t.LabelNative = e.keepText("terms.label_native", t.LabelNative)
		t.Tier = e.keepText("terms.tier", t.Tier)
		b.Terms = unlessEqual(b.Terms, t)
	}
	if b.Price != nil && b.Price.Components == nil {
		p := *b.Price
		p.Components = []Component{}
		b.Price = &p
	}
}

func (e *Event) tidyHappened() {
	e.RefundReported = neverNil(e.RefundReported)
	if e.Cancellation != nil {
		c := *e.Cancellation
		if c.By == "" {
			c.By = ByUnknown
		}
		c.RequestedAt = e.keepTime("cancellation.requested_at", c.RequestedAt)
		c.ReasonCode = e.keepText("cancellation.reason_code", c.ReasonCode)
		c.ReasonNative = e.keepText("cancellation.reason_native", c.ReasonNative)
		e.Cancellation = unlessEqual(e.Cancellation, c)
	}
	if e.Payment != nil {
		p := *e.Payment
		p.Status = e.keepText("payment.status", p.Status)
		p.Type = e.keepText("payment.type", p.Type)
		p.PaidAt = e.keepTime("payment.paid_at", p.PaidAt)
		e.Payment = unlessEqual(e.Payment, p)
	}
}

// keepText drops what says nothing or cannot be published.
func (e *Event) keepText(path string, s *string) *string {
	if s == nil || *s == "" {
		return nil
	}
	if goodText(*s) {
		return s
	}
	e.miss(path)
	return nil
}

// keepTime gives the time in UTC, or none where it cannot be published.
func (e *Event) keepTime(path string, t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	if !inYears(*t) {
		e.miss(path)
		return nil
	}
	u := t.UTC().Round(0)
	if u.Equal(*t) && u.Location() == t.Location() {
		return t
	}
	moved := u // only what is changed costs an allocation
	return &moved
}

func (e *Event) miss(path string) {
	e.Quality.Missing = append(slices.Clip(e.Quality.Missing), path)
}

// unlessEqual gives a pointer to value, and the old one where nothing changed.
func unlessEqual[T comparable](old *T, value T) *T {
	if *old == value {
		return old
	}
	changed := value // only what is changed costs an allocation
	return &changed
}

func neverNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// sortedSet gives the list sorted and without repeats, itself where it is so
// already.
func sortedSet(list []string) []string {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			sorted := slices.Clone(list)
			slices.Sort(sorted)
			return slices.Compact(sorted)
		}
	}
	return neverNil(list)
}
