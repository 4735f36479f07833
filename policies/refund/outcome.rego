package travel.refund

# outcome says what becomes of the core components, by which rule. The first
# that holds counts.

default outcome := {"kind": "open", "bp": null, "rule": null}

outcome := {"kind": "supplier", "rule": "supplier_cancelled", "bp": 10000, "keep_nights": 0, "of": "total"} if {
	input.cancellation.by == "supplier"
} else := {"kind": "service_over", "rule": "service_over", "bp": 0, "keep_nights": 0, "of": "total"} if {
	service_over
} else := {"kind": "window", "rule": rule, "bp": bp, "keep_nights": kept_nights, "of": row.fee.of} if {
	row := window
	rule := sprintf("%s.%s", [tier_key, row.id])
	bp := 10000 - object.get(row.fee, "bp", 0)
} else := {"kind": "no_window", "rule": rule, "bp": 0, "keep_nights": 0, "of": "total"} if {
	tier
	input.derived.minutes_before_start != null
	rule := sprintf("%s.no_window", [tier_key])
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
	minor := window.fee.fixed_minor[input.booking.price.currency]
	outcome.kind == "window"
}

core_types := [t | some t, "core" in data.catalog.components]

service_over if {
	input.booking.service.precision == "minute"
	input.derived.minutes_before_end <= 0
	input.derived.minutes_before_end != null
}

# The hour of a day's end is assumed, so the whole day has to be over.
service_over if {
	input.booking.service.precision == "day"
	input.derived.minutes_before_end <= -1440
	input.derived.minutes_before_end != null
}

default by := "unknown"

by := input.cancellation.by if input.cancellation.by in {"guest", "supplier", "platform", "system"}

# Null is less than every number in Rego, so it has to be ruled out.
started if {
	input.derived.minutes_before_start < 0
	input.derived.minutes_before_start != null
}
