package booking

import (
	"slices"
	"strings"
	"time"
)

// filler fills one event's booking from another's and keeps account of it.
type filler struct {
	into, from Event
	// places are the paths that were filled, n of them; there are no more than there
	// is room for. As a slice to append to they would cost an allocation.
	places [25]string
	n      int
}

func (f *filler) filled(path string) {
	f.places[f.n] = path
	f.n++
}

func (f *filler) paths() []string { return f.places[:f.n] }

// booking fills every part but updated_at, which tells of the event rather than
// of the booking.
func (f *filler) booking() {
	into, from := &f.into.Booking, &f.from.Booking
	if into.Kind == "" && from.Kind != "" {
		into.Kind = from.Kind
		f.filled("kind")
	}
	f.status()
	fill(f, "booked_at", &into.BookedAt, from.BookedAt)
	if into.Status != StatusQuoted && into.Status != StatusPending || into.Status == from.Status {
		fill(f, "confirmed_at", &into.ConfirmedAt, from.ConfirmedAt)
	}
	// A booking that is alive again keeps no instant of its cancellation.
	if off(into.Status) || into.Status == from.Status {
		fill(f, "cancelled_at", &into.CancelledAt, from.CancelledAt)
	}
	f.service()
	f.product()
	f.party()
	f.price()
	f.terms()
	f.names()
}

// status fills the status together with the provider's word for it: one alone
// would contradict the other.
func (f *filler) status() {
	into, from := &f.into.Booking, &f.from.Booking
	// An event with a word of its own said its status, though in a word that
	// none of ours stands for.
	if unknown(string(into.Status)) && into.StatusNative == nil && !unknown(string(from.Status)) {
		into.Status = from.Status
		f.filled("status")
		fill(f, "status_native", &into.StatusNative, from.StatusNative)
	}
	if unknown(into.PaymentStatus) && !unknown(from.PaymentStatus) {
		into.PaymentStatus = from.PaymentStatus
		f.filled("payment_status")
	}
}

// restoreStatus takes back what status filled.
func (f *filler) restoreStatus(status Status, native *string) {
	f.into.Booking.Status, f.into.Booking.StatusNative = status, native
	f.n = len(slices.DeleteFunc(f.paths(), func(p string) bool { return p == "status" || p == "status_native" }))
}

// The objects of a booking are filled whole. Of one that is there, null leaves
// are filled only where both events know a leaf and every such leaf is equal
// (or where the object is empty): only then do both speak of the same dates,
// product or party, and nothing is mixed.

func (f *filler) service() {
	into, from := f.into.Booking.Service, f.from.Booking.Service
	if into == nil || from == nil {
		fill(f, "service", &f.into.Booking.Service, from)
		return
	}
	if into.Zone != from.Zone || into.Precision != from.Precision {
		return
	}
	var a agreement
	a.times(into.StartsAt, from.StartsAt)
	a.times(into.EndsAt, from.EndsAt)
	agree(&a, into.StartLocal, from.StartLocal)
	agree(&a, into.EndLocal, from.EndLocal)
	// Stays of equal length are not yet the same stay.
	a.clash = a.clash || into.Nights != nil && from.Nights != nil && *into.Nights != *from.Nights
	if !a.holds() {
		return
	}
	s := *into
	fill(f, "service.starts_at", &s.StartsAt, from.StartsAt)
	fill(f, "service.ends_at", &s.EndsAt, from.EndsAt)
	fill(f, "service.start_local", &s.StartLocal, from.StartLocal)
	fill(f, "service.end_local", &s.EndLocal, from.EndLocal)
	fill(f, "service.nights", &s.Nights, from.Nights)
	f.into.Booking.Service = unlessEqual(into, s)
}

func (f *filler) product() {
	into, from := f.into.Booking.Product, f.from.Booking.Product
	if into == nil || from == nil {
		fill(f, "product", &f.into.Booking.Product, from)
		return
	}
	var a agreement
	agree(&a, into.ID, from.ID)
	agree(&a, into.ExternalID, from.ExternalID)
	agree(&a, into.Name, from.Name)
	if !a.holds() {
		return
	}
	p := *into
	fill(f, "product.id", &p.ID, from.ID)
	fill(f, "product.external_id", &p.ExternalID, from.ExternalID)
	fill(f, "product.name", &p.Name, from.Name)
	f.into.Booking.Product = unlessEqual(into, p)
}

func (f *filler) party() {
	into, from := f.into.Booking.Party, f.from.Booking.Party
	if into == nil || from == nil {
		fill(f, "party", &f.into.Booking.Party, from)
		return
	}
	var a agreement
	agree(&a, into.Size, from.Size)
	agree(&a, into.Adults, from.Adults)
	agree(&a, into.Children, from.Children)
	if !a.holds() {
		return
	}
	p := *into
	fill(f, "party.size", &p.Size, from.Size)
	fill(f, "party.adults", &p.Adults, from.Adults)
	fill(f, "party.children", &p.Children, from.Children)
	f.into.Booking.Party = unlessEqual(into, p)
}

func (f *filler) price() {
	into, from := f.into.Booking.Price, f.from.Booking.Price
	if into == nil || from == nil {
		fill(f, "price", &f.into.Booking.Price, from)
		return
	}
	if into.Currency != from.Currency || into.Exponent != from.Exponent || into.TotalMinor != from.TotalMinor {
		return
	}
	if len(into.Components) == 0 && len(from.Components) > 0 {
		p := *into
		p.Components = from.Components
		f.into.Booking.Price = &p
		f.filled("price.components")
	}
}

func (f *filler) terms() {
	into, from := f.into.Booking.Terms, f.from.Booking.Terms
	if into == nil || from == nil {
		fill(f, "terms", &f.into.Booking.Terms, from)
		return
	}
	var a agreement
	agree(&a, into.LabelNative, from.LabelNative)
	agree(&a, into.Tier, from.Tier)
	if !a.holds() {
		return
	}
	t := *into
	fill(f, "terms.label_native", &t.LabelNative, from.LabelNative)
	fill(f, "terms.tier", &t.Tier, from.Tier)
	f.into.Booking.Terms = unlessEqual(into, t)
}

// names adds up other names and people.
func (f *filler) names() {
	into, from := &f.into.Booking, &f.from.Booking
	if refs := union(into.Refs, from.Refs); len(refs) > len(into.Refs) {
		into.Refs = refs
		f.filled("refs")
	}
	if people := union(into.People, from.People); len(people) > len(into.People) {
		into.People = people
		f.filled("people")
	}
}

// done writes the account into the event's quality; conflicts says whether
// those of the other event come along with what was filled from it.
func (f *filler) done(conflicts bool) Event {
	if f.n == 0 {
		return f.into
	}
	q, from := f.into.Quality, f.from.Quality
	// What was filled is as good as it was there.
	if slices.ContainsFunc(q.Missing, f.covers) {
		q.Missing = slices.DeleteFunc(slices.Clone(q.Missing), f.covers)
	}
	q.Missing = f.withCovered(q.Missing, from.Missing)
	q.Assumed = f.withCovered(q.Assumed, from.Assumed)
	q.Inherited = slices.Concat(q.Inherited, f.paths())
	if conflicts {
		q.Conflicts = union(q.Conflicts, from.Conflicts)
	}
	f.into.Quality = Quality{
		Missing: sortedSet(q.Missing), Assumed: sortedSet(q.Assumed),
		Inherited: sortedSet(q.Inherited), Conflicts: sortedSet(q.Conflicts),
	}
	return f.into
}

// covers tells a path that was filled, itself or with the object it is in.
func (f *filler) covers(path string) bool {
	for _, p := range f.paths() {
		if rest, ok := strings.CutPrefix(path, p); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

// withCovered gives a list with those of other paths that were filled.
func (f *filler) withCovered(list, paths []string) []string {
	list = slices.Clip(list) // nothing is written behind it
	for _, p := range paths {
		if f.covers(p) {
			list = append(list, p)
		}
	}
	return list
}

// fill takes a value where there is none.
func fill[T any](f *filler, path string, into **T, from *T) {
	if *into == nil && from != nil {
		*into = from
		f.filled(path)
	}
}

// union gives what is in a, then what is only in b, up to MaxList entries
// (invariant 11).
func union[T comparable](a, b []T) []T {
	out := slices.Clip(a) // nothing is written behind it
	for i, x := range b {
		if len(out) < MaxList && !slices.Contains(out, x) {
			if len(out) == cap(out) {
				out = slices.Grow(out, len(b)-i)
			}
			out = append(out, x)
		}
	}
	return neverNil(out)
}

// agreement tells whether two objects speak of the same thing.
type agreement struct{ common, clash, told bool }

func (a *agreement) holds() bool { return !a.clash && (a.common || !a.told) }

func agree[T comparable](a *agreement, into, from *T) {
	a.see(into != nil, into != nil && from != nil, into != nil && from != nil && *into == *from)
}

func (a *agreement) times(into, from *time.Time) {
	a.see(into != nil, into != nil && from != nil, into != nil && from != nil && into.Equal(*from))
}

func (a *agreement) see(told, both, equal bool) {
	a.told = a.told || told
	a.common = a.common || equal
	a.clash = a.clash || both && !equal
}
