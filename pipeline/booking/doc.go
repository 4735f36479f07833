// Package booking is the canonical booking event: what analysts read on
// bookings.events and what every plugin normalises to. It holds the types, exact
// money with an ISO 4217 table of its own, the times, and the JSON Schema.
//
// It stands below package pipeline and knows neither providers nor Kafka.
package booking
