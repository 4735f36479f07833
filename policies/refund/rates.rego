package travel.refund

# rates has one entry for each type of component. A function that were
# undefined inside the comprehension would drop its line without a word, hence
# the defaults; the host checks that no component is without a rate.
default rates := {}

rates := {c.type: rate(class(c.type)) | some c in input.booking.price.components} if {
	applicable
	outcome.bp != null
}

default class(_) := "unknown"

class(type) := tier.components[type]

class(type) := data.catalog.components[type] if not tier.components[type]

default rate(_) := {"bp": 0}

rate("core") := core_rate

rate("always") := {"bp": 10000}

rate("before_start") := {"bp": outcome.bp} if outcome.of == "total"

rate("before_start") := {"bp": 10000} if {
	outcome.of != "total"
	not started
}

rate("on_full") := {"bp": outcome.bp} if outcome.of == "total"

core_rate := {"bp": outcome.bp} if outcome.keep_nights == 0

core_rate := {"bp": outcome.bp, "keep_nights": outcome.keep_nights} if outcome.keep_nights > 0
