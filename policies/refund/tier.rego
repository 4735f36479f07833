package travel.refund

# tier_key is the booking's own terms, else what the operator says of its source.
default tier_key := null

tier_key := input.booking.policy_tier if {
	input.booking.policy_tier != null
} else := data.catalog.default_tier_by_source[input.booking.source]

# version is the one in force when the booking was made: terms are those
# agreed, not those of today.
version := v if {
	v := terms[tier_key].plain
} else := terms[tier_key].versions[fitting[0]] if {
	count(fitting) == 1
} else := without_terms

# fitting holds places in the list: collecting the versions themselves would copy them.
fitting := [i |
	some i, v in terms[tier_key].versions
	in_force(v)
	fits_stay(v)
]

in_force(v) if {
	v.dated == false
} else if {
	since(v.effective_from)
	until(v.effective_to)
}

booked_ns := time.parse_rfc3339_ns(input.booking.booked_at) if input.booking.booked_at != null

since(null) := true

since(from) if booked_ns >= time.parse_rfc3339_ns(from)

until(null) := true

until(to) if booked_ns < time.parse_rfc3339_ns(to)

fits_stay(v) if {
	v.bounded == false
} else if {
	input.derived.nights_total >= v.min_nights
	input.derived.nights_total <= v.max_nights
}
