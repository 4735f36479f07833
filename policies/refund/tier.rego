package travel.refund

# tier_key is the booking's own terms, else what the operator says of its source.
default tier_key := null

tier_key := input.booking.policy_tier if {
	input.booking.policy_tier != null
} else := data.catalog.default_tier_by_source[input.booking.source]

# versions is the list that the key leads to; a family alone leads to none.
versions := list if {
	tier_key != null
	list := object.get(data.catalog.tiers, split(tier_key, "."), null)
	is_array(list)
}

# tier is the one version in force when the booking was made: terms are those
# agreed, not those of today.
tier := versions[fitting[0]] if count(fitting) == 1

# fitting holds places in the list: collecting the versions themselves would copy them.
fitting := [i |
	some i, v in versions
	in_force(v)
	fits_stay(v)
]

default tier_version := null

tier_version := tier.version

dated(v) if v.effective_from != null

dated(v) if v.effective_to != null

in_force(v) if {
	v.effective_from == null
	v.effective_to == null
} else if {
	since(v.effective_from)
	until(v.effective_to)
}

booked_ns := time.parse_rfc3339_ns(input.booking.booked_at) if input.booking.booked_at != null

since(null) := true

since(from) if booked_ns >= time.parse_rfc3339_ns(from)

until(null) := true

until(to) if booked_ns < time.parse_rfc3339_ns(to)

bounded(v) if v.min_nights

bounded(v) if v.max_nights

fits_stay(v) if {
	input.derived.nights_total >= object.get(v, "min_nights", 0)
	input.derived.nights_total <= object.get(v, "max_nights", 1000000)
} else if not bounded(v)

# window is the first row whose conditions all hold.
window := tier.windows[open_windows[0]]

open_windows := [i |
	input.derived.minutes_before_start != null
	some i, w in tier.windows
	not shut(w)
]

shut(w) if {
	some c in w.all_of
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
