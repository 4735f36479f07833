package travel.refund

# outcome says what becomes of the core components, by which rule. The first
# that holds counts.

nothing := {"kind": "service_over", "rule": "service_over", "bp": 0, "keep_nights": 0, "of": "total"}

everything := {"kind": "supplier", "rule": "supplier_cancelled", "bp": 10000, "keep_nights": 0, "of": "total"}

default outcome := {"kind": "open", "bp": null, "rule": null}

outcome := everything if {
	by == "supplier"
} else := nothing if {
	service_over
} else := from_window if {
	window
} else := object.union(nothing, {"kind": "no_window", "rule": concat(".", [tier_key, "no_window"])}) if {
	tier
	input.derived.minutes_before_start != null
}

from_window := {
	"kind": "window",
	"bp": 10000 - object.get(window.fee, "bp", 0),
	"keep_nights": kept_nights,
	"of": window.fee.of,
	"rule": concat(".", [tier_key, window.id]),
}

default kept_nights := 0

# Nights already used are kept before the fee's own nights.
kept_nights := min([total, input.derived.nights_used + object.get(window.fee, "nights", 0)]) if {
	window.fee.of == "remaining_nights"
	total := input.derived.nights_total
	total > 0
}

# keep is a fixed amount that the whole booking pays once.
default keep := null

keep := {"minor": minor, "types": core_types} if {
	outcome.kind == "window"
	minor := window.fee.fixed_minor[currency]
}

core_types := [t | some t, "core" in data.catalog.components]

service_over if {
	input.booking.service.precision == "minute"
	minutes := input.derived.minutes_before_end
	minutes != null
	minutes <= 0
}

# The hour of a day's end is assumed, so the whole day has to be over.
service_over if {
	input.booking.service.precision == "day"
	minutes := input.derived.minutes_before_end
	minutes != null
	minutes <= -1440
}

default by := "unknown"

by := input.cancellation.by if input.cancellation.by in {"guest", "supplier", "platform", "system"}

# Null is less than every number in Rego, so it has to be ruled out.
started if {
	input.derived.minutes_before_start != null
	input.derived.minutes_before_start < 0
}
