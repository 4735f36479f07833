package travel.refund

# A violation of severity error holds the decision for review: the policy says
# what it cannot judge instead of guessing. Warnings do not.

error(code, message) := {"code": code, "severity": "error", "message": message}

violation contains error("stale", "a newer state of the booking was published before") if input.stale == true

violation contains error("conflict", sprintf("the event contradicts itself: %s", [conflict])) if {
	some conflict in input.quality.conflicts
}

violation contains error("not_cancelled", sprintf("the event says cancelled, the booking is %s", [input.booking.status])) if {
	input.booking.status != "cancelled"
	applicable == true
}

violation contains error("paid_but_not_sold", sprintf("the booking is %s, and yet something was paid", [input.booking.status])) if {
	input.booking.status in {"quoted", "expired", "rejected"}
	input.booking.payment_status in {"paid", "partial"}
}

violation contains error("cancelled_by_unknown", "nobody says who cancelled") if {
	not named
	applicable == true
}

violation contains error("cancelled_by_platform", sprintf("cancelled by the %s, neither guest nor supplier", [input.cancellation.by])) if {
	input.cancellation.by in {"platform", "system"}
	applicable == true
}

violation contains error("supplier_reason", sprintf("cancelled by the supplier for %s: perhaps there is nothing to pay back", [code])) if {
	input.cancellation.by == "supplier"
	applicable == true
	code := input.cancellation.reason_code
	code in data.catalog.supplier_reasons_for_review
}

violation contains unlimited if {
	auto_limit_minor == null
	applicable == true
}

unlimited := error("missing_price", "the price or its currency is not known") if {
	currency == null
} else := error("no_auto_limit", sprintf("the catalogue has no limit for %s", [currency]))

violation contains unfit(type) if {
	fit_types := version.fit
	type := input.booking.price.components[_].type
	not fit_types[type]
	applicable == true
}

unfit(type) := error("price_already_adjusted", "the price already holds a cancellation line, so what was paid cannot be told") if {
	type in {"cancellation", "refund"}
} else := error("unknown_component", sprintf("the catalogue has no class for price component %s", [type]))

violation contains error("missing_components", "what the price is made of is not known, and its parts are refunded differently") if {
	"price.components" in input.quality.missing
	applicable == true
	outcome.bp != 10000
}

violation contains {"code": "payment_unknown", "severity": "warning", "message": msg} if {
	input.booking.payment_status == "unknown"
	applicable == true
	msg := "whether the price was paid is not known; the refund is reckoned on the price"
}

violation contains error("partly_paid", "paid in part, and the event does not say how much") if {
	input.booking.payment_status == "partial"
	applicable == true
}

# What only a decision by tier needs.

violation contains error("missing_start", "the start of the service is not known") if {
	input.derived.minutes_before_start == null
	needs_tier
}

violation contains without_tier if {
	version.version == null
	needs_tier
}

without_tier := error("unknown_tier", "the booking names no cancellation terms") if {
	tier_key == null
} else := error("unknown_tier", sprintf("the catalogue has no tier %s", [tier_key])) if {
	not terms[tier_key]
} else := error("tier_not_in_force", msg) if {
	not input_incomplete
	msg := sprintf("%d versions of %s fit the booking's date and nights, want one", [count(fitting), tier_key])
}

violation contains error("missing_booked_at", sprintf("%s depends on when the booking was made", [tier_key])) if {
	input.booking.booked_at == null
	terms[tier_key].by_booking == true
	needs_tier
}

violation contains error("missing_nights", sprintf("%s depends on the number of nights", [tier_key])) if {
	input.derived.nights_total <= 0 # so is null
	needs_nights
}

violation contains error("no_fixed_fee", sprintf("the fixed fee of %s is not given in %s", [tier_key, currency])) if {
	outcome.fixed == true
	not outcome.keeps[currency]
	applicable == true
}

violation contains error("evidence_required", sprintf("%s asks for written evidence of %s", [tier_key, input.cancellation.reason_code])) if {
	input.cancellation.reason_code in version.evidence_reasons
	needs_tier
}

violation contains {"code": "start_hour_assumed", "severity": "warning", "message": msg} if {
	input.booking.service.precision == "day"
	some hour in version.hours
	input.derived.minutes_before_start < hour.below
	input.derived.minutes_before_start > hour.above # null is not
	needs_tier
	msg := sprintf("the hour of the start is assumed, and the deadline of window %s is less than 12 hours away", [hour.id])
}

named if input.cancellation.by in {"guest", "supplier", "platform", "system"}

needs_tier if {
	input.cancellation.by == "guest"
	applicable == true
	outcome.kind != "service_over"
}

needs_nights if {
	terms[tier_key].bounded == true
	needs_tier
}

needs_nights if {
	outcome.nights
	applicable == true
}

input_incomplete if {
	input.booking.booked_at == null
	terms[tier_key].by_booking == true
	needs_tier
}

input_incomplete if {
	input.derived.nights_total <= 0 # so is null
	terms[tier_key].bounded == true
}
