package travel.refund_test

import data.travel.refund

test_judges_cancelled_and_expired if {
	refund.judges == {"travel.booking.cancelled.v1", "travel.booking.expired.v1"}
}

test_early_guest_gets_everything if {
	got := decide({})
	got.decision == "approve"
	got.rate_bp == 10000
	got.rule == "goodbay.moderate.w1"
	got.rates == {"accommodation": {"bp": 10000}, "cleaning": {"bp": 10000}, "service_fee": {"bp": 10000}}
	got.auto_limit_minor == 2000000
	got.policy.id == "travel.refund"
	codes(got.reasons) == {"R-WINDOW", "R-ASSUMED-TIER"}
	count(got.violations) == 0
}

test_half_keeps_the_service_fee_and_returns_the_cleaning if {
	got := decide(before("goodbay.moderate", 4980))
	got.rates == {"accommodation": {"bp": 5000}, "cleaning": {"bp": 10000}, "service_fee": {"bp": 0}}
}

test_fee_of_the_total_takes_from_everything if {
	got := decide(before("generic.half_7d", 20000))
	got.rates == {"accommodation": {"bp": 5000}, "cleaning": {"bp": 5000}, "service_fee": {"bp": 5000}}
}

test_deposit_always_goes_back if {
	components := [{"type": "deposit", "amount_minor": 845050}]
	got := decide(object.union(before("vrbo.no_refund", 10), {"booking": object.union(tiered("vrbo.no_refund").booking, {"price": {"components": components}})}))
	got.rates == {"deposit": {"bp": 10000}}
	got.decision == "approve"
}

test_supplier_cancels_without_terms_or_start if {
	patch := {
		"booking": {"terms": null, "policy_tier": null, "service": null, "booked_at": null},
		"cancellation": {"by": "supplier"},
		"derived": {"minutes_before_start": null, "minutes_before_end": null, "minutes_since_booked": null},
	}
	got := decide(patch)
	got.decision == "approve"
	got.rates.accommodation.bp == 10000
	got.rates.service_fee.bp == 10000
	codes(got.reasons) == {"R-SUPPLIER"}
}

test_after_the_service_nothing if {
	got := decide({"derived": {"minutes_before_start": -9000, "minutes_before_end": 0}})
	got.decision == "deny"
	codes(got.reasons) == {"R-SERVICE-OVER"}
}

test_a_day_without_hours_is_over_at_its_end if {
	day := {"service": {"precision": "day"}}
	running := decide({"booking": day, "derived": {"minutes_before_start": -9000, "minutes_before_end": -1439}})
	running.rule == "goodbay.moderate.no_window"
	over := decide({"booking": day, "derived": {"minutes_before_start": -9000, "minutes_before_end": -1440}})
	over.rule == "service_over"
}

test_nothing_to_refund[note] if {
	some note, tc in {
		"quoted": [{"status": "quoted", "payment_status": "unknown"}, "N-NOT-SOLD"],
		"expired": [{"status": "expired", "payment_status": "unpaid"}, "N-NOT-SOLD"],
		"rejected": [{"status": "rejected", "payment_status": "unknown"}, "N-NOT-SOLD"],
		"unpaid": [{"payment_status": "unpaid"}, "N-UNPAID"],
		"free": [{"price": {"total_minor": 0, "components": []}}, "N-NO-PRICE"],
	}
	[booking, code] := tc
	got := decide({"booking": booking})
	got.decision == "not_applicable"
	code in codes(got.reasons)
	got.rates == {}
}

test_expired_but_paid_is_for_a_person if {
	got := decide({"booking": {"status": "expired", "payment_status": "paid"}})
	got.decision == "review"
	"paid_but_not_sold" in codes(got.violations)
}

# Each of these cannot be judged: a person decides, and the code says why.
test_held_for_review[note] if {
	some note, tc in {
		"stale": [{"stale": true}, "stale"],
		"conflict": [{"quality": {"conflicts": ["refund_ambiguous"]}}, "conflict"],
		"conflict beats not applicable": [{"quality": {"conflicts": ["trigger_vs_lookup"]}, "booking": {"status": "quoted"}}, "conflict"],
		"status confirmed": [{"booking": {"status": "confirmed"}}, "not_cancelled"],
		"status completed": [{"booking": {"status": "completed"}}, "not_cancelled"],
		"by nobody": [{"cancellation": null}, "cancelled_by_unknown"],
		"by unknown": [{"cancellation": {"by": "unknown"}}, "cancelled_by_unknown"],
		"by a word we do not know": [{"cancellation": {"by": "cat"}}, "cancelled_by_unknown"],
		"by platform": [{"cancellation": {"by": "platform"}}, "cancelled_by_platform"],
		"by system": [{"cancellation": {"by": "system"}}, "cancelled_by_platform"],
		"no price": [{"booking": {"price": null}}, "missing_price"],
		"no limit": [{"booking": {"price": {"currency": "XOF"}}}, "no_auto_limit"],
		"no start": [{"derived": {"minutes_before_start": null}}, "missing_start"],
		"no terms": [{"booking": {"terms": null, "policy_tier": null}}, "unknown_tier"],
		"unknown terms": [tiered("goodbay.generous"), "unknown_tier"],
		"terms without a family": [tiered("moderate"), "unknown_tier"],
		"terms of three words": [tiered("goodbay.moderate.more"), "unknown_tier"],
		"no booking date": [object.union(tiered("airbnb.firm"), {"booking": object.union(tiered("airbnb.firm").booking, {"booked_at": null})}), "missing_booked_at"],
		"no booking date for a cooling-off": [object.union(tiered("studentcom.sample"), {"booking": object.union(tiered("studentcom.sample").booking, {"booked_at": null})}), "missing_booked_at"],
		"booked before any version": [object.union(tiered("airbnb.firm"), {"booking": object.union(tiered("airbnb.firm").booking, {"booked_at": "2020-01-01T00:00:00Z"})}), "tier_not_in_force"],
		"too long for the terms": [object.union(tiered("airbnb.strict"), {"derived": {"nights_total": 40}}), "tier_not_in_force"],
		"no nights": [object.union(tiered("airbnb.flexible"), {"derived": {"nights_total": null, "minutes_before_start": 60}}), "missing_nights"],
		"already adjusted": [{"booking": {"price": {"components": [{"type": "cancellation", "amount_minor": -1}]}}}, "price_already_adjusted"],
		"unknown component": [{"booking": {"price": {"components": [{"type": "helicopter", "amount_minor": 1}]}}}, "unknown_component"],
		"supplier reopened it": [{"cancellation": {"by": "supplier", "reason_code": "reopened"}}, "supplier_reason"],
		"components unknown": [object.union(before("goodbay.moderate", 4980), {"quality": {"missing": ["price.components"]}}), "missing_components"],
		"paid in part": [{"booking": {"payment_status": "partial"}}, "partly_paid"],
		"visa": [object.union(tiered("studentcom.sample"), {"cancellation": {"reason_code": "visa_refusal"}}), "evidence_required"],
	}
	[patch, code] := tc
	got := decide(patch)
	got.decision == "review"
	code in codes(got.violations)
}

test_nothing_is_approved_without_a_tier_version if {
	got := decide(tiered("goodbay.generous"))
	got.rates == {}
	got.rate_bp == null
}

test_assumed_hour_near_a_deadline_is_said if {
	got := decide({"booking": {"service": {"precision": "day"}}, "derived": {"minutes_before_start": 7300}})
	got.decision == "approve"
	codes(got.violations) == {"start_hour_assumed"}
}

test_assumed_hour_far_from_deadlines_is_not if {
	got := decide({"booking": {"service": {"precision": "day"}}, "derived": {"minutes_before_start": 9000}})
	count(got.violations) == 0
}

test_unknown_payment_is_said if {
	got := decide({"booking": {"payment_status": "unknown"}})
	got.decision == "approve"
	codes(got.violations) == {"payment_unknown"}
}

test_unknown_components_do_not_matter_where_all_goes_back if {
	got := decide({"quality": {"missing": ["price.components"]}})
	got.decision == "approve"
}

# A type of component without a class must not drop its line without a word.
test_every_component_has_a_rate if {
	components := [{"type": "accommodation", "amount_minor": 1}, {"type": "helicopter", "amount_minor": 2}]
	got := decide({"booking": {"price": {"components": components}}})
	got.rates.helicopter == {"bp": 0}
}
