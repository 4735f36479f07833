package travel.refund

# A violation of severity error holds the decision for review: the policy says
# what it cannot judge instead of guessing. Warnings do not.

error(code, message) := {"code": code, "severity": "error", "message": message}

warning(code, message) := {"code": code, "severity": "warning", "message": message}

# METADATA
# labels: {code: stale}
violation contains error("stale", "a newer state of the booking was published before") if input.stale

# METADATA
# labels: {code: conflict}
violation contains error("conflict", sprintf("the event contradicts itself: %s", [conflict])) if {
	some conflict in input.quality.conflicts
}

# METADATA
# labels: {code: not_cancelled}
violation contains error("not_cancelled", sprintf("the event says cancelled, the booking is %s", [input.booking.status])) if {
	applicable
	input.booking.status != "cancelled"
}

# METADATA
# labels: {code: paid_but_not_sold}
violation contains error("paid_but_not_sold", sprintf("the booking is %s, and yet something was paid", [input.booking.status])) if {
	input.booking.status in {"quoted", "expired", "rejected"}
	input.booking.payment_status in {"paid", "partial"}
}

# METADATA
# labels: {code: cancelled_by_unknown}
violation contains error("cancelled_by_unknown", "nobody says who cancelled") if {
	applicable
	by == "unknown"
}

# METADATA
# labels: {code: cancelled_by_platform}
violation contains error("cancelled_by_platform", sprintf("cancelled by the %s, neither guest nor supplier", [by])) if {
	applicable
	by in {"platform", "system"}
}

# METADATA
# labels: {code: supplier_reason}
violation contains error("supplier_reason", sprintf("cancelled by the supplier for %s: perhaps there is nothing to pay back", [code])) if {
	applicable
	by == "supplier"
	code := input.cancellation.reason_code
	code in data.catalog.supplier_reasons_for_review
}

# METADATA
# labels: {code: missing_price}
violation contains error("missing_price", "the price or its currency is not known") if {
	applicable
	currency == null
}

# METADATA
# labels: {code: price_already_adjusted}
violation contains error("price_already_adjusted", "the price already holds a cancellation line, so what was paid cannot be told") if {
	applicable
	some c in input.booking.price.components
	c.type in {"cancellation", "refund"}
}

# METADATA
# labels: {code: unknown_component}
violation contains error("unknown_component", sprintf("the catalogue has no class for price component %s", [c.type])) if {
	applicable
	some c in input.booking.price.components
	class(c.type) == "unknown"
	not c.type in {"cancellation", "refund"}
}

# METADATA
# labels: {code: missing_components}
violation contains error("missing_components", "what the price is made of is not known, and its parts are refunded differently") if {
	applicable
	"price.components" in input.quality.missing
	outcome.bp != 10000
}

# METADATA
# labels: {code: payment_unknown}
violation contains warning("payment_unknown", "whether the price was paid is not known; the refund is reckoned on the price") if {
	applicable
	input.booking.payment_status == "unknown"
}

# METADATA
# labels: {code: partly_paid}
violation contains error("partly_paid", "paid in part, and the event does not say how much") if {
	applicable
	input.booking.payment_status == "partial"
}

# METADATA
# labels: {code: no_auto_limit}
violation contains error("no_auto_limit", sprintf("the catalogue has no limit for %s", [currency])) if {
	applicable
	currency != null
	auto_limit_minor == null
}

# What only a decision by tier needs.

# METADATA
# labels: {code: missing_start}
violation contains error("missing_start", "the start of the service is not known") if {
	needs_tier
	input.derived.minutes_before_start == null
}

# METADATA
# labels: {code: unknown_tier}
violation contains error("unknown_tier", "the booking names no cancellation terms") if {
	needs_tier
	tier_key == null
}

violation contains error("unknown_tier", sprintf("the catalogue has no tier %s", [tier_key])) if {
	needs_tier
	tier_key != null
	not versions
}

# METADATA
# labels: {code: missing_booked_at}
violation contains error("missing_booked_at", sprintf("%s depends on when the booking was made", [tier_key])) if {
	needs_booked_at
	input.booking.booked_at == null
}

# METADATA
# labels: {code: tier_not_in_force}
violation contains error("tier_not_in_force", msg) if {
	needs_tier
	versions
	not input_incomplete
	count(fitting) != 1
	msg := sprintf("%d versions of %s fit the booking's date and nights, want one", [count(fitting), tier_key])
}

# METADATA
# labels: {code: missing_nights}
violation contains error("missing_nights", sprintf("%s depends on the number of nights", [tier_key])) if {
	needs_nights
	not has_nights
}

# METADATA
# labels: {code: no_fixed_fee}
violation contains error("no_fixed_fee", sprintf("the fixed fee of %s is not given in %s", [tier_key, currency])) if {
	by_window
	window.fee.fixed_minor
	keep == null
}

# METADATA
# labels: {code: evidence_required}
violation contains error("evidence_required", sprintf("%s asks for written evidence of %s", [tier_key, input.cancellation.reason_code])) if {
	needs_tier
	input.cancellation.reason_code in tier.evidence_reasons
}

# METADATA
# labels: {code: start_hour_assumed}
violation contains warning("start_hour_assumed", msg) if {
	needs_tier
	input.booking.service.precision == "day"
	input.derived.minutes_before_start != null
	some w in tier.windows
	some c in w.all_of
	abs(input.derived.minutes_before_start - c.min_minutes) < 720
	msg := sprintf("the hour of the start is assumed, and the deadline of window %s is less than 12 hours away", [w.id])
}

needs_tier if {
	applicable
	not by in {"supplier", "platform", "system", "unknown"}
	not service_over
}

needs_booked_at if {
	needs_tier
	some v in versions
	dated(v)
}

needs_booked_at if {
	needs_tier
	some c in versions[_].windows[_].all_of
	c.anchor == "booking"
}

needs_nights if {
	needs_tier
	bounded_terms
}

needs_nights if {
	by_window
	window.fee.of == "remaining_nights"
}

has_nights if input.derived.nights_total > 0

input_incomplete if {
	needs_booked_at
	input.booking.booked_at == null
}

input_incomplete if {
	bounded_terms
	not has_nights
}

bounded_terms if {
	some v in versions
	bounded(v)
}
