package travel.refund

# outcome says what becomes of the core components, by which rule. The first
# that holds counts. What it can be is prepared in terms.rego.

outcome := supplier_cancelled if {
	input.cancellation.by == "supplier"
} else := service_over if {
	input.derived.minutes_before_end <= over_after[input.booking.service.precision]
	input.derived.minutes_before_end != null
} else := first if {
	first := [row | some row in version.by_start; input.derived.minutes_before_start >= row.from][0]
} else := version.rows[open_rows[0]] if {
	input.derived.minutes_before_start != null
} else := open

# over_after is the minute after the end at which a service is over. The hour of a
# day's end is assumed, so the whole day has to be over.
over_after := {"minute": 0, "day": -1440}

open_rows := [i |
	some i, row in version.rows
	not shut(row)
]

shut(row) if {
	some c in row.all_of
	not holds(c)
}

holds(c) if {
	c.anchor == "start"
	input.derived.minutes_before_start >= c.min_minutes
}

# Minutes are rounded down, so "within 24 hours" lasts until 24:00:59.
holds(c) if {
	c.anchor == "booking"
	input.derived.minutes_since_booked >= 0
	input.derived.minutes_since_booked <= c.max_minutes
}

holds(c) if {
	c.anchor == "start"
	input.derived.minutes_since_booked != null
	input.derived.minutes_before_start + input.derived.minutes_since_booked >= c.min_minutes_at_booking
}
