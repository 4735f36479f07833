// Package traffic makes the webhooks of a soak: bookings of three providers,
// each told in several webhooks, with repeats, states that come late, events
// that say nothing about a booking, and cancellations that get a decision. A
// seed makes the same webhooks again.
package traffic
