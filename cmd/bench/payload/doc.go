// Package payload makes the webhooks that the benchmarks send: realistic
// booking events of about 1.2 KB, signed, the same ones on every run. Webhook i
// depends on i and the number of bookings alone, so that any process can make
// it again and tell what must have come of it.
package payload
