// Package dedupe is the memory of the pipeline. It drops what was said before,
// marks what is older than what is known, fills thin events from the latest
// state, and keeps that state: one record a booking on bookings.current, from
// which it is restored when a partition is assigned.
//
// An id is reserved in Process and kept or released in Settle, so that an event
// whose outputs were not acknowledged is never taken for a duplicate of itself.
package dedupe
