// Package redbroom is the plugin for the apps of the Red Broom ecosystem
// (goodbay, plenura). Every webhook is a signed JSON envelope that names the
// sending app; one source takes the webhooks of several apps, each with its own
// secrets:
//
//	envelope.go   the envelope                      ─ Identify
//	signature.go  HMAC-SHA256 over the raw body     ─ Verify, Send
//	booking.go    what each type of event tells     ─ Normalise
//
// README.md has the mapping and where each fact comes from.
package redbroom
