package policy

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Shares are exact for every amount of 64 bits, also where the product is not.
func TestShareIsTheExactFloor(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	amounts := []int64{0, 1, -1, 9999, 10001, 700001, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	for range 20000 {
		amounts = append(amounts, int64(r.Uint64())>>r.IntN(64))
	}
	for _, amount := range amounts {
		nights := r.Int64N(maxNights) + 1
		whole := nights * fullRate
		part := r.Int64N(whole + 1)
		want := new(big.Int).Mul(big.NewInt(amount), big.NewInt(part))
		// Div rounds towards minus infinity for a positive divisor.
		want.Div(want, big.NewInt(whole))
		if got := share(amount, part, whole); want.Cmp(big.NewInt(got)) != 0 {
			t.Fatalf("share(%d, %d, %d) = %d, want %s", amount, part, whole, got, want)
		}
		if share(amount, whole, whole) != amount || share(amount, 0, whole) != 0 {
			t.Fatalf("the whole and nothing of %d", amount)
		}
	}
}

func TestFloorDiv(t *testing.T) {
	for _, tc := range []struct{ a, b, want int64 }{{7, 2, 3}, {-7, 2, -4}, {-8, 2, -4}, {0, 5, 0}, {-1, 60, -1}, {59, 60, 0}} {
		if got := floorDiv(tc.a, tc.b); got != tc.want {
			t.Errorf("floorDiv(%d, %d) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// Whatever the price and the rates: an approval's lines cover every component,
// and refund and retained make the total. Anything else is held.
func TestSumsAddUpForAnyPriceAndRates(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	types := []string{"accommodation", "cleaning", "tax", "discount", "unitemised"}
	approved := 0
	for range 20000 {
		f, total := randomFacts(r, types)
		a := answer{decision: Approve, rates: map[string]rate{}}
		for _, name := range types {
			a.rates[name] = rate{bp: r.Int64N(fullRate + 1), keepNights: r.Int64N(4)}
		}
		if r.IntN(3) == 0 {
			a.keep = &keep{minor: r.Int64N(50000), types: types[:r.IntN(len(types))]}
		}
		var d Decision
		d.fill(a, f)
		if d.Decision != Approve {
			continue
		}
		approved++
		assertSums(t, d, f, total)
	}
	if approved < 5000 {
		t.Errorf("only %d of 20000 were approved: the test sees too little", approved)
	}
}

func randomFacts(r *rand.Rand, types []string) (facts, int64) {
	p := booking.Price{Currency: "EUR", Exponent: 2}
	var sum int64
	for range r.IntN(6) {
		c := booking.Component{Type: types[r.IntN(len(types)-1)], AmountMinor: r.Int64N(1_000_000) >> r.IntN(20)}
		if c.Type == "discount" {
			c.AmountMinor = -c.AmountMinor / 10
		}
		sum += c.AmountMinor
		p.Components = append(p.Components, c)
	}
	p.TotalMinor = max(0, sum+r.Int64N(1000)*int64(r.IntN(2)))
	f := facts{}
	f.price, _ = itemise(&p)
	nights := int64(r.IntN(6))
	f.nights = &nights
	return f, p.TotalMinor
}

func assertSums(t *testing.T, d Decision, f facts, total int64) {
	t.Helper()
	var paid, refund int64
	for _, l := range d.Lines {
		paid += l.PaidMinor
		refund += l.RefundMinor
		if !withinPaid(l) {
			t.Fatalf("a line beyond what was paid: %+v", l)
		}
	}
	if len(d.Lines) != len(f.price.Components) || paid != total || refund != *d.RefundMinor || *d.RefundMinor+*d.RetainedMinor != total || *d.RefundMinor <= 0 || *d.RetainedMinor < 0 {
		t.Fatalf("price %+v: lines %+v, refund %d, retained %d", f.price, d.Lines, *d.RefundMinor, *d.RetainedMinor)
	}
}

func TestNights(t *testing.T) {
	start := time.Date(2026, 6, 4, 21, 0, 0, 0, time.UTC)
	four := 4
	huge := maxNights + 1
	for _, tc := range []struct {
		name  string
		s     booking.Service
		after time.Duration
		total int64 // -1: not known
		used  int64
	}{
		{"before", booking.Service{StartsAt: &start, Nights: &four}, -time.Hour, 4, 0},
		{"first evening", booking.Service{StartsAt: &start, Nights: &four}, 5 * time.Hour, 4, 0},
		{"a day", booking.Service{StartsAt: &start, Nights: &four}, 24 * time.Hour, 4, 1},
		{"past the end", booking.Service{StartsAt: &start, Nights: &four}, 2400 * time.Hour, 4, 4},
		{"no nights", booking.Service{StartsAt: &start}, 0, -1, 0},
		{"no start", booking.Service{Nights: &four}, 0, 4, 0},
		{"absurd", booking.Service{StartsAt: &start, Nights: &huge}, 0, -1, 0},
	} {
		total, used := nights(&tc.s, start.Add(tc.after))
		if (total == nil) != (tc.total < 0) || total != nil && *total != tc.total || used != tc.used {
			t.Errorf("%s: %v, %d", tc.name, total, used)
		}
	}
}
