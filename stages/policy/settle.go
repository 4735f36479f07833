package policy

import (
	"fmt"
	"slices"
)

// compare holds a decision that differs from what the provider says it has
// already refunded.
func (d *Decision) compare(f facts) {
	if f.reported == nil {
		return
	}
	d.ReportedMinor = &f.reported.minor
	entitled := d.RefundMinor
	if d.Decision == NotApplicable {
		entitled = new(int64)
	}
	if entitled == nil {
		return
	}
	if f.reported.minor != 0 && !f.comparable() {
		d.hold(codeUncompared, "the reported refund's currency is not known or not the price's")
		return
	}
	switch reported := f.reported.minor; {
	case reported < *entitled:
		d.hold(codeUnder, fmt.Sprintf("the provider reports %d, the terms give %d", reported, *entitled))
	case reported > *entitled:
		d.hold(codeOver, fmt.Sprintf("the provider reports %d, the terms give %d", reported, *entitled))
	}
}

// comparable says that the reported refund is in the price's money; nothing is
// nothing in any currency.
func (f facts) comparable() bool {
	r := f.reported
	if f.price == nil || r.currency == nil || *r.currency != f.price.Currency {
		return false
	}
	return !differ(r.exponent, &f.price.Exponent)
}

// settle makes the verdict fit the sums. It moves towards review, or from
// approve to deny, and never towards approve.
func (d *Decision) settle(a answer) {
	if d.Decision == Approve && d.RefundMinor != nil {
		d.settleApproval(a)
	}
	if d.Decision == Deny && d.RefundMinor != nil && *d.RefundMinor != 0 {
		d.hold(codeInconsist, "denied, and yet the policy's rates refund something")
	}
	if d.Decision == Approve && d.RefundMinor == nil {
		d.hold(codeSums, "approved without sums")
	}
	if d.Decision != Review && slices.ContainsFunc(d.Violations, func(v Violation) bool { return v.Severity == Error }) {
		d.Decision = Review
	}
}

func (d *Decision) settleApproval(a answer) {
	if *d.RefundMinor == 0 {
		// Normal: of a booking of one night, one night is kept.
		d.Decision = Deny
		d.Reasons = append(d.Reasons, Reason{Code: codeNothingLeft, Message: "what is kept uses up the price", Params: map[string]any{}})
		return
	}
	if a.limit != nil && *d.RefundMinor > *a.limit {
		d.hold(codeOverLimit, fmt.Sprintf("the refund of %d is above the limit of %d for decisions without a person", *d.RefundMinor, *a.limit))
	}
}
