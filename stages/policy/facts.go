package policy

import (
	"math/bits"
	"slices"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Conflicts that are found here, beside those the plugins report.
const (
	conflictSums      = "components_do_not_add_up" // more than the total
	conflictAmbiguous = "refund_ambiguous"         // reported refunds differ
)

// unitemised is the type of the part of a total that no component explains.
const unitemised = "unitemised"

// facts are what the host derives from an event: what Rego cannot compute and
// what the sums are made of.
type facts struct {
	beforeStart *int64 // minutes, rounded down, negative afterwards
	beforeEnd   *int64
	sinceBooked *int64
	nights      *int64
	nightsUsed  int64
	price       *booking.Price // components add up to the total; nil where they cannot
	reported    *reported
	conflicts   []string
}

// reported is the one refund that the provider says was made.
type reported struct {
	currency *string
	exponent *int
	minor    int64
}

func derive(ev pipeline.Event) facts {
	b := &ev.Booking.Booking
	at := cancelledAt(ev)
	f := facts{sinceBooked: minutesBetween(b.BookedAt, &at), conflicts: slices.Clone(ev.Booking.Quality.Conflicts)}
	if s := b.Service; s != nil {
		f.beforeStart = minutesBetween(&at, s.StartsAt)
		f.beforeEnd = minutesBetween(&at, s.EndsAt)
		f.nights, f.nightsUsed = nights(s, at)
	}
	var ok bool
	if f.price, ok = itemise(b.Price); !ok {
		f.conflict(conflictSums)
	}
	if f.reported, ok = oneReported(ev.Booking.RefundReported); !ok {
		f.conflict(conflictAmbiguous)
	}
	return f
}

func (f *facts) conflict(code string) {
	if !slices.Contains(f.conflicts, code) {
		f.conflicts = append(f.conflicts, code)
	}
}

// cancelledAt is the moment that windows are measured from.
func cancelledAt(ev pipeline.Event) time.Time {
	if c := ev.Booking.Cancellation; c != nil && c.RequestedAt != nil {
		return *c.RequestedAt
	}
	if !ev.Booking.Time.IsZero() {
		return ev.Booking.Time
	}
	return ev.ReceivedAt
}

// minutesBetween rounds down, also below zero: 30 seconds late is one minute
// late, never in time.
func minutesBetween(from, to *time.Time) *int64 {
	if from == nil || to == nil {
		return nil
	}
	m := floorDiv(int64(to.Sub(*from)), int64(time.Minute))
	return &m
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// maxNights bounds what is believed, so that nights times a rate stay far within
// 64 bits; it is more than two centuries.
const maxNights = 100_000

// nights gives how many were booked, and how many of them had passed at at: a
// night is used once 24 hours of the stay are over.
func nights(s *booking.Service, at time.Time) (*int64, int64) {
	if s.Nights == nil || *s.Nights < 0 || *s.Nights > maxNights {
		return nil, 0
	}
	total := int64(*s.Nights)
	if s.StartsAt == nil {
		return &total, 0
	}
	used := floorDiv(int64(at.Sub(*s.StartsAt)), int64(24*time.Hour))
	return &total, min(max(used, 0), total)
}

// itemise gives the price with components that add up to the total: a part
// that none explains is a component of its own. It is not ok for components of
// more than the total, or sums beyond int64.
func itemise(p *booking.Price) (*booking.Price, bool) {
	if p == nil {
		return nil, true
	}
	var sum int64
	for _, c := range p.Components {
		var ok bool
		if sum, ok = add(sum, c.AmountMinor); !ok {
			return nil, false
		}
	}
	if p.TotalMinor < 0 || sum > p.TotalMinor {
		return nil, false
	}
	if sum == p.TotalMinor {
		return p, true
	}
	rest := p.TotalMinor - sum
	if rest < 0 {
		return nil, false // it left 64 bits: the sum is not above the total
	}
	whole := *p
	whole.Components = append(slices.Clone(p.Components), booking.Component{Type: unitemised, AmountMinor: rest})
	return &whole, true
}

// oneReported gives the refund the provider reports, nil where it tells none;
// it is not ok where several fields tell different ones.
func oneReported(list []booking.Reported) (*reported, bool) {
	var one *reported
	for _, r := range list {
		if r.AmountMinor == nil {
			continue
		}
		if one == nil {
			one = &reported{currency: r.Currency, exponent: r.Exponent, minor: *r.AmountMinor}
			continue
		}
		if one.minor != *r.AmountMinor || differ(one.currency, r.Currency) || differ(one.exponent, r.Exponent) {
			return nil, false
		}
		if one.currency == nil {
			one.currency, one.exponent = r.Currency, r.Exponent
		}
	}
	return one, true
}

// differ tells two known values that are not equal.
func differ[T comparable](a, b *T) bool { return a != nil && b != nil && *a != *b }

// add is a sum that says when it leaves int64.
func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

// share gives floor(amount*part/whole) for 0 <= part <= whole, exactly: the
// product may need 128 bits. Floor is towards the smaller refund, also for
// negative amounts such as discounts.
func share(amount, part, whole int64) int64 {
	if amount >= 0 {
		q, _ := mulDiv(uint64(amount), uint64(part), uint64(whole))
		return int64(q)
	}
	q, rest := mulDiv(-uint64(amount), uint64(part), uint64(whole))
	if rest > 0 {
		q++
	}
	return int64(-q)
}

// mulDiv needs part <= whole, so that the quotient fits.
func mulDiv(amount, part, whole uint64) (quotient, rest uint64) {
	hi, lo := bits.Mul64(amount, part)
	return bits.Div64(hi, lo, whole)
}
