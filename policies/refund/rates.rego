package travel.refund

# rates has one entry for each type of component; the host checks that no
# component is without.
default rates := {}

rates := {type: before[class] | type := input.booking.price.components[_].type; class := object.get(classes, type, "unknown")} if {
	applicable == true
	row := outcome
	not row.nights
	before := row.before
	classes := version.classes
	input.derived.minutes_before_start >= 0
} else := {type: by_class[class] | type := input.booking.price.components[_].type; class := object.get(classes, type, "unknown")} if {
	applicable == true
	row := outcome
	by_class := object.union(row[when], by_night)
	classes := version.classes
}

default when := "before"

when := "after" if {
	input.derived.minutes_before_start < 0
	input.derived.minutes_before_start != null
}

default by_night := {}

# Nights already used are kept before the fee's own nights.
by_night := {"core": {"keep_nights": kept}} if {
	total := input.derived.nights_total
	total > 0
	kept := min([total, input.derived.nights_used + outcome.nights])
	kept > 0
}
