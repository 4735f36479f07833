package travel.refund_test

import data.travel.refund

days(n) := n * 1440

# One row per published window and its edge: tier, minutes before the start,
# rule, and the rate of accommodation.
rows := [
	["goodbay.flexible", days(1), "w1", {"bp": 10000}],
	["goodbay.flexible", days(1) - 1, "no_window", {"bp": 0}],
	["goodbay.moderate", days(5), "w1", {"bp": 10000}],
	["goodbay.moderate", days(5) - 1, "w2", {"bp": 5000}],
	["goodbay.moderate", 4980, "w2", {"bp": 5000}],
	["goodbay.moderate", days(1) - 1, "no_window", {"bp": 0}],
	["goodbay.strict", days(14), "w1", {"bp": 10000}],
	["goodbay.strict", days(7), "w2", {"bp": 5000}],
	["goodbay.strict", days(7) - 1, "no_window", {"bp": 0}],
	["airbnb.flexible", days(1), "w1", {"bp": 10000}],
	["airbnb.flexible", days(1) - 1, "late", {"bp": 10000, "keep_nights": 1}],
	["airbnb.moderate", days(5), "w1", {"bp": 10000}],
	["airbnb.moderate", days(5) - 1, "late", {"bp": 5000, "keep_nights": 1}],
	["airbnb.limited", days(14), "w1", {"bp": 10000}],
	["airbnb.limited", days(14) - 1, "w2", {"bp": 5000}],
	["airbnb.limited", days(7) - 1, "no_window", {"bp": 0}],
	["airbnb.firm", days(30), "w1", {"bp": 10000}],
	["airbnb.firm", days(30) - 1, "w2", {"bp": 5000}],
	["airbnb.firm", days(7) - 1, "no_window", {"bp": 0}],
	["airbnb.strict", days(60), "w2", {"bp": 5000}],
	["airbnb.strict", days(7), "w2", {"bp": 5000}],
	["airbnb.strict", days(7) - 1, "no_window", {"bp": 0}],
	["vrbo.relaxed", days(14), "w1", {"bp": 10000}],
	["vrbo.relaxed", days(7), "w2", {"bp": 5000}],
	["vrbo.relaxed", days(7) - 1, "no_window", {"bp": 0}],
	["vrbo.moderate", days(30), "w1", {"bp": 10000}],
	["vrbo.moderate", days(14), "w2", {"bp": 5000}],
	["vrbo.firm", days(60), "w1", {"bp": 10000}],
	["vrbo.firm", days(30), "w2", {"bp": 5000}],
	["vrbo.strict", days(60), "w1", {"bp": 10000}],
	["vrbo.strict", days(60) - 1, "no_window", {"bp": 0}],
	["vrbo.no_refund", days(300), "no_window", {"bp": 0}],
	["viator.standard", days(1), "w1", {"bp": 10000}],
	["viator.standard", days(1) - 1, "no_window", {"bp": 0}],
	["viator.all_sales_final", days(300), "no_window", {"bp": 0}],
	["getyourguide.default", days(1), "w1", {"bp": 10000}],
	["getyourguide.default", days(1) - 1, "no_window", {"bp": 0}],
	["studentcom.sample", days(100), "no_window", {"bp": 0}],
	["generic.flexible_24h", days(1), "w1", {"bp": 10000}],
	["generic.half_7d", days(30), "w1", {"bp": 10000}],
	["generic.half_7d", days(7), "w2", {"bp": 5000}],
	["generic.non_refundable", days(300), "no_window", {"bp": 0}],
]

test_published_rows[note] if {
	some [tier, minutes, rule, rate] in rows
	note := sprintf("%s at %d", [tier, minutes])
	got := decide(before(tier, minutes))
	got.rule == sprintf("%s.%s", [tier, rule])
	got.rates.accommodation == rate
	got.decision == verdict(rate.bp)
}

verdict(0) := "deny"

verdict(bp) := "approve" if bp > 0

# Every tier that is shipped has a row above, and windows that can be reached.
test_every_tier_has_a_row if {
	shipped := {sprintf("%s.%s", [family, name]) | some family, tiers in data.catalog.tiers; some name, _ in tiers}
	tested := {row[0] | some row in rows} | {"generic.fixed_fee"}
	shipped == tested
}

test_windows_stand_from_early_to_late if {
	every tiers in data.catalog.tiers {
		every versions in tiers {
			every v in versions {
				minutes := [c.min_minutes | some w in v.windows; count(w.all_of) == 1; some c in w.all_of; c.min_minutes]
				minutes == array.reverse(sort(minutes))
			}
		}
	}
}

test_grace_of_airbnb if {
	fresh := {"derived": {"minutes_since_booked": 1440, "minutes_before_start": 9000}}
	got := decide(object.union(tiered("airbnb.strict"), fresh))
	got.rule == "airbnb.strict.grace"
	got.rates.accommodation.bp == 10000
	"R-GRACE" in codes(got.reasons)
}

test_no_grace_after_a_day_or_for_a_near_start[note] if {
	some note, derived in {
		"a day and a minute": {"minutes_since_booked": 1441, "minutes_before_start": 12000},
		"booked six days before": {"minutes_since_booked": 100, "minutes_before_start": 8640},
		"cancelled before it was booked": {"minutes_since_booked": -1, "minutes_before_start": 12000},
	}
	got := decide(object.union(tiered("airbnb.strict"), {"derived": derived}))
	got.rule != "airbnb.strict.grace"
}

# The terms are those of the day of booking: Airbnb changed on 1 October 2025.
test_tier_is_chosen_by_booking_date[note] if {
	some note, want in {
		"2025-09-30T23:59:59Z": ["before-2025-10", "airbnb.strict.early"],
		"2025-10-01T00:00:00Z": ["2025-10-01", "airbnb.strict.w2"],
	}
	derived := {"minutes_since_booked": 2880, "minutes_before_start": days(14)}
	got := decide(object.union(tiered("airbnb.strict"), {"booking": object.union(tiered("airbnb.strict").booking, {"booked_at": note}), "derived": derived}))
	[got.tier_version, got.rule] == want
}

test_long_stay_keeps_thirty_nights if {
	got := decide(object.union(tiered("airbnb.firm"), {"derived": {"nights_total": 60, "minutes_before_start": 100}}))
	got.rates.accommodation == {"bp": 10000, "keep_nights": 30}
	got.tier_version == "2025-10-01-long"
}

test_nights_used_are_kept_too if {
	derived := {"minutes_before_start": -3000, "nights_used": 2}
	got := decide(object.union(tiered("airbnb.moderate"), {"derived": derived}))
	got.rates.accommodation == {"bp": 5000, "keep_nights": 3}
	got.rates.cleaning.bp == 0
}

test_kept_nights_end_with_the_stay if {
	derived := {"minutes_before_start": -5700, "nights_used": 4}
	got := decide(object.union(tiered("airbnb.flexible"), {"derived": derived}))
	got.rates.accommodation.keep_nights == 4
}

test_cooling_off_of_student_housing if {
	got := decide(object.union(tiered("studentcom.sample"), {"derived": {"minutes_since_booked": 20160}}))
	got.rule == "studentcom.sample.cooling_off"
	got.decision == "approve"
}

test_fixed_fee_is_kept_once if {
	got := decide(tiered("generic.fixed_fee"))
	got.keep.minor == 50000
	"accommodation" in got.keep.types
	got.rates.accommodation.bp == 10000
}

test_fixed_fee_needs_its_currency if {
	got := decide(object.union(tiered("generic.fixed_fee"), {"booking": object.union(
		tiered("generic.fixed_fee").booking,
		{"price": {"currency": "JPY"}},
	)}))
	got.decision == "review"
	"no_fixed_fee" in codes(got.violations)
}

test_operator_names_a_tier_for_a_source if {
	bare := object.union(base, {"booking": {"terms": null, "policy_tier": null}})
	got := refund.result with input as bare with data.catalog.default_tier_by_source as {"goodbay": "generic.flexible_24h"}
	got.rule == "generic.flexible_24h.w1"
}

test_confirmed_tier_makes_no_excuse if {
	tiers := {"x": {"y": [{"version": "1", "effective_from": null, "effective_to": null, "basis": "confirmed", "windows": []}]}}
	got := refund.result with input as object.union(base, tiered("x.y")) with data.catalog.tiers as tiers
	codes(got.reasons) == {"R-NO-WINDOW"}
}

test_tier_overrides_a_component if {
	version := {
		"version": "1", "effective_from": null, "effective_to": null, "basis": "confirmed",
		"components": {"cleaning": "never"},
		"windows": [{"id": "w", "all_of": [], "fee": {"bp": 2500, "of": "accommodation"}}],
	}
	got := refund.result with input as object.union(base, tiered("x.y")) with data.catalog.tiers as {"x": {"y": [version]}}
	got.rates == {"accommodation": {"bp": 7500}, "cleaning": {"bp": 0}, "service_fee": {"bp": 0}}
}

test_a_fee_by_night_needs_the_nights[note] if {
	version := {
		"version": "1", "effective_from": null, "effective_to": null, "basis": "confirmed",
		"windows": [{"id": "w", "all_of": [], "fee": {"nights": 1, "of": "remaining_nights"}}],
	}
	some note, nights in {"not known": null, "none": 0}
	patch := object.union(tiered("x.y"), {"derived": {"nights_total": nights}})
	got := refund.result with input as object.union(base, patch) with data.catalog.tiers as {"x": {"y": [version]}}
	got.decision == "review"
	"missing_nights" in codes(got.violations)
}
