// Package booking is the canonical booking event: what analysts read on
// bookings.events and what every plugin normalises to. It stands below package
// pipeline and knows neither providers nor Kafka, no clock and no network.
//
// An event passes through it from left to right:
//
//	a provider's text ─ ParseMinor, ParseInstant, NewDayService ─▶ Event
//	Event ─ Tidy, Validate ─▶ MarshalInternal ─▶ bookings.normalised
//	Event ─ Inherit ─▶ Encode ─▶ bookings.events
//	state, Event ─ MergeNewer or MergeStale ─▶ Encode ─▶ bookings.current
//
// What holds everywhere: money is an int64 in minor units with the exponent of
// our own table of ISO 4217, read from text and never from a float; times are in
// UTC between 1970 and 9999; nil is not known; and what a function hands out may
// share values with what it was given, so nobody changes a value in place.
package booking
