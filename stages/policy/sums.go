package policy

import (
	"fmt"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// The codes of what the host finds wrong.
const (
	codeUndefined = "policy_undefined"
	codeError     = "policy_error"
	codeTimeout   = "policy_timeout"

	codeNoPrice     = "missing_price"
	codeCurrency    = "currency_mismatch"
	codeNoRate      = "rate_missing"
	codeNights      = "missing_nights"
	codeSums        = "sums_do_not_add_up"
	codeExceeds     = "refund_exceeds_price"
	codeInconsist   = "decision_contradicts_itself"
	codeOverLimit   = "over_auto_limit"
	codeUnder       = "under_refunded"
	codeOver        = "over_refunded"
	codeUncompared  = "refund_not_comparable"
	codeNothingLeft = "H-NOTHING-LEFT"
)

// fill takes the policy's answer into the decision, does the sums and checks
// them. Whatever does not fit ends in review, and nothing of it is approved.
func (d *Decision) fill(a answer, f facts) {
	d.Decision, d.RateBP = a.decision, a.rateBP
	d.Tier, d.TierVersion, d.Rule = a.tier, a.version, a.rule
	d.Policy.ID, d.Policy.Version = a.policyID, a.policyVers
	d.Reasons = append(d.Reasons, a.reasons...)
	d.Violations = append(d.Violations, a.violations...)
	if f.price != nil {
		d.Currency, d.Exponent = &f.price.Currency, &f.price.Exponent
	}
	if a.currency != nil && (f.price == nil || *a.currency != f.price.Currency) {
		d.hold(codeCurrency, "the policy decides in another currency than the price's")
		return
	}
	if a.decision == NotApplicable {
		d.checkInapplicable(a)
	} else {
		d.sum(a, f)
	}
	d.compare(f)
	d.settle(a)
}

// checkInapplicable holds an answer that says nothing applies and pays.
func (d *Decision) checkInapplicable(a answer) {
	if a.refund != nil && *a.refund != 0 {
		d.hold(codeInconsist, "not applicable, and yet the policy refunds something")
	}
}

// sum computes lines and sums from the rates, or checks the policy's own.
func (d *Decision) sum(a answer, f facts) {
	if f.price == nil {
		if a.decision != Review {
			d.hold(codeNoPrice, "there is no price to compute with")
		}
		return
	}
	lines, code, problem := makeLines(a, f)
	if code != "" {
		d.holdUnlessReview(a, code, problem)
		return
	}
	var refund int64
	for _, l := range lines {
		var ok bool
		if refund, ok = add(refund, l.RefundMinor); !ok {
			d.hold(codeSums, "the lines' sum leaves 64 bits")
			return
		}
	}
	if refund < 0 || refund > f.price.TotalMinor {
		d.hold(codeExceeds, "the refund is not between nothing and the price")
		return
	}
	retained := f.price.TotalMinor - refund
	if differ(a.refund, &refund) || differ(a.retained, &retained) {
		d.hold(codeSums, "the policy's sums are not those of its lines")
		return
	}
	d.Lines, d.RefundMinor, d.RetainedMinor = lines, &refund, &retained
}

// holdUnlessReview keeps a review that had no rates from being blamed for it.
func (d *Decision) holdUnlessReview(a answer, code, problem string) {
	if a.decision == Review && len(a.rates) == 0 && a.lines == nil && a.refund == nil {
		return
	}
	d.hold(code, problem)
}

// makeLines gives one line for each component, in their order.
func makeLines(a answer, f facts) (lines []Line, code, problem string) {
	if a.rates == nil && a.lines != nil {
		return ownLines(a, f.price.Components)
	}
	if len(a.rates) == 0 && a.decision == Deny {
		a.rates = nil
		return noLines(f.price.Components), "", ""
	}
	lines = make([]Line, 0, len(f.price.Components))
	for _, c := range f.price.Components {
		r, ok := a.rates[c.Type]
		if !ok {
			return nil, codeNoRate, fmt.Sprintf("the policy gives no rate for price component %s", c.Type)
		}
		if r.keepNights > 0 && (f.nights == nil || *f.nights == 0) {
			return nil, codeNights, "the policy keeps nights, and their number is not known"
		}
		lines = append(lines, makeLine(c, r, f.nights))
	}
	takeKept(lines, a.keep)
	if a.lines != nil && !slices.Equal(a.lines, lines) {
		return nil, codeSums, "the policy's lines are not those of its rates"
	}
	return lines, "", ""
}

func makeLine(c booking.Component, r rate, nights *int64) Line {
	part, whole := r.bp, int64(fullRate)
	if r.keepNights > 0 {
		// One floor for both shares: nights of an int, so the product fits 64 bits.
		left := *nights - min(r.keepNights, *nights)
		part, whole = left*r.bp, *nights*fullRate
	}
	return Line{Type: c.Type, PaidMinor: c.AmountMinor, BP: r.bp, KeepNights: r.keepNights, RefundMinor: share(c.AmountMinor, part, whole)}
}

// takeKept takes a fixed amount off the lines' refunds, in their order, until it
// is used up.
func takeKept(lines []Line, k *keep) {
	if k == nil {
		return
	}
	left := k.minor
	for i := range lines {
		l := &lines[i]
		if l.RefundMinor <= 0 || !slices.Contains(k.types, l.Type) {
			continue
		}
		taken := min(left, l.RefundMinor)
		l.RefundMinor -= taken
		left -= taken
	}
}

func noLines(components []booking.Component) []Line {
	lines := make([]Line, len(components))
	for i, c := range components {
		lines[i] = Line{Type: c.Type, PaidMinor: c.AmountMinor}
	}
	return lines
}

// ownLines checks the lines of a policy that does its own arithmetic: they
// must be the price's components, all of them, in any order. A line that
// vanished in a comprehension is found here.
func ownLines(a answer, components []booking.Component) (lines []Line, code, problem string) {
	left := slices.Clone(components)
	for _, l := range a.lines {
		i := slices.Index(left, booking.Component{Type: l.Type, AmountMinor: l.PaidMinor})
		if i < 0 {
			return nil, codeSums, "a line of the policy is no component of the price"
		}
		left = slices.Delete(left, i, i+1)
		if !withinPaid(l) {
			return nil, codeExceeds, "a line refunds more than was paid"
		}
	}
	if len(left) > 0 {
		return nil, codeSums, fmt.Sprintf("the policy's lines leave out price component %s", left[0].Type)
	}
	if a.refund == nil || a.retained == nil {
		return nil, codeSums, "the policy returns lines without refund_minor and retained_minor"
	}
	return a.lines, "", ""
}

func withinPaid(l Line) bool {
	return min(0, l.PaidMinor) <= l.RefundMinor && l.RefundMinor <= max(0, l.PaidMinor)
}
