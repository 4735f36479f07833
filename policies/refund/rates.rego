package travel.refund

# rates has one entry for each type of component. A function that were
# undefined inside the comprehension would drop its line without a word, hence
# the default; the host checks that no component is without a rate.
default rates := {}

rates := {type: rate(class) | some type, class in component_classes} if {
	outcome.bp != null
	applicable == true
}

component_classes := {type: object.get(classes, type, "unknown") | type := input.booking.price.components[_].type}

# classes is the catalogue's, with what the tier says otherwise.
classes := object.union(data.catalog.components, tier.components) if {
	tier.components
} else := data.catalog.components

default rate(_) := {"bp": 0}

rate("core") := {"bp": outcome.bp} if {
	outcome.keep_nights == 0
} else := {"bp": outcome.bp, "keep_nights": outcome.keep_nights}

rate("always") := {"bp": 10000}

rate("before_start") := {"bp": outcome.bp} if {
	outcome.of == "total"
} else := {"bp": 10000} if not started

rate("on_full") := {"bp": outcome.bp} if outcome.of == "total"
