package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/policy"
)

// The contract's example: half of what can be refunded goes back, by the
// shipped moderate terms; the total has a part that no component explains, and
// it gets a line of its own.
func TestContractExample(t *testing.T) {
	d := decide(t, builtIn(t), bk42())
	if d.Decision != policy.Approve || *d.RefundMinor != 422524 || *d.RetainedMinor != 422526 {
		t.Errorf("%s: refund %d, retained %d, %v", d.Decision, *d.RefundMinor, *d.RetainedMinor, d.Violations)
	}
	d.Policy.Digest = "sha256:" + strings.Repeat("0", 64) // another one with every edit of the policies
	golden(t, "bk_42.decision.json", d)
}

// Rows of the trade, as money: 400.00 for four nights, 50.00 cleaning, 60.00
// service fee.
func TestMoneyByTier(t *testing.T) {
	const day = 24 * 60
	for _, tc := range []struct {
		name    string
		tier    string
		minutes int
		bookedH int // hours before the cancellation; 0 is 30 days
		want    policy.Verdict
		refund  int64
	}{
		{"airbnb flexible, a day before", "airbnb.flexible", day, 0, policy.Approve, 51000},
		{"airbnb flexible, late: one night kept", "airbnb.flexible", day - 1, 0, policy.Approve, 30000 + 5000},
		{"airbnb flexible, after one night: two kept", "airbnb.flexible", -day - 60, 0, policy.Approve, 20000},
		{"airbnb flexible, in the last night", "airbnb.flexible", -3*day - 60, 0, policy.Deny, 0},
		{"airbnb moderate, five days", "airbnb.moderate", 5 * day, 0, policy.Approve, 51000},
		{"airbnb moderate, late: one night and half the rest", "airbnb.moderate", 5*day - 1, 0, policy.Approve, 15000 + 5000},
		{"airbnb limited, a week", "airbnb.limited", 7 * day, 0, policy.Approve, 20000 + 5000},
		{"airbnb firm, late: cleaning alone", "airbnb.firm", 7*day - 1, 0, policy.Deny, 0},
		{"airbnb strict, long before", "airbnb.strict", 40 * day, 0, policy.Approve, 25000},
		{"airbnb strict, grace", "airbnb.strict", 8 * day, 24, policy.Approve, 51000},
		{"airbnb strict, an hour past the grace", "airbnb.strict", 8 * day, 25, policy.Approve, 25000},
		{"vrbo relaxed, ten days", "vrbo.relaxed", 10 * day, 0, policy.Approve, 25000},
		{"vrbo strict, two months", "vrbo.strict", 60 * day, 0, policy.Approve, 51000},
		{"vrbo no refund", "vrbo.no_refund", 60 * day, 0, policy.Deny, 0},
		{"viator, a day", "viator.standard", day, 0, policy.Approve, 51000},
		{"viator, late", "viator.standard", day - 1, 0, policy.Deny, 0},
		{"half of the total", "generic.half_7d", 10 * day, 0, policy.Approve, 25500},
		{"fixed fee", "generic.fixed_fee", 10 * day, 0, policy.Approve, 48500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ev := with(func(e *booking.Event) {
				e.RefundReported, e.Quality.Assumed = nil, nil
				e.Booking.Service.Precision = booking.Minute
				e.Booking.Terms.Tier = &tc.tier
				e.Booking.Price = price("EUR", 51000, booking.Component{Type: "accommodation", AmountMinor: 40000},
					booking.Component{Type: "cleaning", AmountMinor: 5000}, booking.Component{Type: "service_fee", AmountMinor: 6000})
				before(e, tc.minutes)
				hours := tc.bookedH
				if hours == 0 {
					hours = 30 * 24
				}
				booked := e.Cancellation.RequestedAt.Add(-time.Duration(hours) * time.Hour)
				e.Booking.BookedAt = &booked
			})
			d := decide(t, builtIn(t), ev)
			if d.RefundMinor == nil {
				t.Fatalf("%s without sums: %v", d.Decision, d.Violations)
			}
			// Cleaning goes back before the start, whatever the terms.
			if tc.want == policy.Deny && *d.RefundMinor == 5000 && tc.minutes >= 0 {
				tc.want, tc.refund = policy.Approve, 5000
			}
			if d.Decision != tc.want || *d.RefundMinor != tc.refund || *d.RefundMinor+*d.RetainedMinor != 51000 {
				t.Errorf("%s %d, want %s %d (%v, %v)", d.Decision, *d.RefundMinor, tc.want, tc.refund, d.Lines, d.Violations)
			}
		})
	}
}

func TestWhatHostAndPolicyHoldForReview(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*booking.Event)
		code   string
		sums   bool // a proposal is there
	}{
		{"stale", func(e *booking.Event) { e.Stale = true }, "stale", true},
		{"ambiguous refund", func(e *booking.Event) { e.Quality.Conflicts = []string{"refund_ambiguous"} }, "conflict", true},
		{"refunds that differ and nobody noted it", func(e *booking.Event) {
			e.RefundReported = append(e.RefundReported, booking.Reported{Field: "refundAmount", AmountMinor: ptr(int64(1))})
		}, "conflict", true},
		{"no price", func(e *booking.Event) { e.Booking.Price = nil }, "missing_price", false},
		{"components of more than the total", func(e *booking.Event) { e.Booking.Price.TotalMinor = 700000 }, "conflict", false},
		{"sum beyond 64 bits", func(e *booking.Event) {
			e.Booking.Price.Components = append(e.Booking.Price.Components, booking.Component{Type: "tax", AmountMinor: 1<<63 - 1})
		}, "conflict", false},
		{"negative total", func(e *booking.Event) { e.Booking.Price = price("MXN", -5) }, "conflict", false},
		{"no service", func(e *booking.Event) { e.Booking.Service = nil }, "missing_start", false},
		{"no terms", func(e *booking.Event) { e.Booking.Terms = nil }, "unknown_tier", false},
		{"under", func(e *booking.Event) { *e.RefundReported[0].AmountMinor = 420049 }, "under_refunded", true},
		{"over", func(e *booking.Event) { *e.RefundReported[0].AmountMinor = 422525 }, "over_refunded", true},
		{"refunded without a currency", func(e *booking.Event) { e.RefundReported[0].Currency = nil }, "refund_not_comparable", true},
		{"refunded in another currency", func(e *booking.Event) { e.RefundReported[0].Currency = ptr("USD") }, "refund_not_comparable", true},
		{"refunded with another exponent", func(e *booking.Event) { e.RefundReported[0].Exponent = ptr(0) }, "refund_not_comparable", true},
		{"refunded though nothing was paid", func(e *booking.Event) { e.Booking.PaymentStatus = booking.PaymentUnpaid }, "over_refunded", false},
		{"the printed sample: no price, no times, refunds that differ", func(e *booking.Event) {
			e.Booking.Price, e.Booking.Service, e.Booking.BookedAt, e.Booking.CancelledAt = nil, nil, nil, nil
			e.Cancellation = &booking.Cancellation{By: booking.ByUnknown}
			e.Booking.Terms.Tier = ptr("goodbay.flexible")
			e.RefundReported = []booking.Reported{{Field: "refundAmountCents", AmountMinor: ptr(int64(10000))}, {Field: "refundAmount", AmountMinor: ptr(int64(0))}}
			e.Quality = booking.Quality{Missing: []string{"price", "cancellation.requested_at"}, Conflicts: []string{"refund_ambiguous"}}
		}, "conflict", false},
		{"over the limit", func(e *booking.Event) {
			e.RefundReported = nil
			e.Booking.Price = price("MXN", 9_000_000_000_000, booking.Component{Type: "accommodation", AmountMinor: 9_000_000_000_000})
		}, "over_auto_limit", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := decide(t, builtIn(t), with(tc.change))
			if d.Decision != policy.Review || !codes(d.Violations)[tc.code] {
				t.Errorf("%s %v, want review with %s", d.Decision, d.Violations, tc.code)
			}
			if (d.RefundMinor != nil) != tc.sums {
				t.Errorf("refund %v with lines %v, want sums: %v", d.RefundMinor, d.Lines, tc.sums)
			}
			if codes(d.Violations)["policy_error"] {
				t.Errorf("the policy failed: %v", d.Violations)
			}
		})
	}
}

func TestNothingReportedIsNothingInAnyCurrency(t *testing.T) {
	d := decide(t, builtIn(t), with(func(e *booking.Event) {
		before(e, 10)
		e.RefundReported = []booking.Reported{{Field: "refundAmountCents", AmountMinor: ptr(int64(0))}}
	}))
	if d.Decision != policy.Deny || codes(d.Violations)["under_refunded"] || len(d.Violations) != 1 {
		t.Errorf("%s %v", d.Decision, d.Violations)
	}
}

func TestReportedFieldsThatAgreeAreOne(t *testing.T) {
	d := decide(t, builtIn(t), with(func(e *booking.Event) {
		bare := booking.Reported{Field: "refund", AmountMinor: ptr(int64(422524))}
		unknown := booking.Reported{Field: "refundCoins"}
		e.RefundReported = []booking.Reported{unknown, bare, e.RefundReported[0]}
	}))
	if d.Decision != policy.Approve || *d.ReportedMinor != 422524 {
		t.Errorf("%s %v", d.Decision, d.Violations)
	}
}

func TestDiscountsAreRefundedLikeWhatTheyDiscount(t *testing.T) {
	d := decide(t, builtIn(t), with(func(e *booking.Event) {
		e.RefundReported = nil
		e.Booking.Price = price("MXN", 100001, booking.Component{Type: "accommodation", AmountMinor: 110002},
			booking.Component{Type: "discount", AmountMinor: -10001})
	}))
	// Floor is towards the smaller refund on both lines: 55001 and -5001.
	if d.Decision != policy.Approve || *d.RefundMinor != 50000 || d.Lines[1].RefundMinor != -5001 {
		t.Errorf("%s %v %v", d.Decision, d.Lines, d.Violations)
	}
}

func TestSupplierCancelsAndEverythingGoesBack(t *testing.T) {
	d := decide(t, builtIn(t), with(func(e *booking.Event) {
		e.RefundReported, e.Booking.Service, e.Booking.Terms = nil, nil, nil
		e.Cancellation.By = booking.BySupplier
	}))
	if d.Decision != policy.Approve || *d.RefundMinor != 845050 || *d.RetainedMinor != 0 {
		t.Errorf("%s %v %v", d.Decision, d.Lines, d.Violations)
	}
}

func TestExpiredQuotationIsNotApplicable(t *testing.T) {
	d := decide(t, builtIn(t), with(func(e *booking.Event) {
		e.Type, e.RefundReported, e.Cancellation = booking.Expired, nil, nil
		e.Booking.Status = booking.StatusExpired
	}))
	if d.Decision != policy.NotApplicable || d.RefundMinor != nil || len(d.Lines) != 0 || !reasons(d.Reasons)["N-NOT-SOLD"] {
		t.Errorf("%s %v %v", d.Decision, d.Reasons, d.Violations)
	}
}

// Seconds count: a minute is late as soon as it has begun.
func TestMinutesBeforeStartAreRoundedDown(t *testing.T) {
	for _, tc := range []struct {
		seconds int
		rule    string
	}{
		{5 * 24 * 3600, "goodbay.moderate.w1"},
		{5*24*3600 - 1, "goodbay.moderate.w2"},
		{24 * 3600, "goodbay.moderate.w2"},
		{24*3600 - 1, "goodbay.moderate.no_window"},
		{-1, "goodbay.moderate.no_window"},
	} {
		d := decide(t, builtIn(t), with(func(e *booking.Event) {
			e.RefundReported = nil
			when := e.Booking.Service.StartsAt.Add(-time.Duration(tc.seconds) * time.Second)
			e.Cancellation.RequestedAt = &when
		}))
		if d.Rule == nil || *d.Rule != tc.rule {
			t.Errorf("%d s before: rule %v, want %s", tc.seconds, d.Rule, tc.rule)
		}
	}
}
