// Package tourcms is the plugin for TourCMS (Palisis). Its Booking
// Notification webhook is a bare GET: it names a trigger, an account and a
// booking, proves nothing and tells nothing. So the plugin verifies a secret in
// the URL, looks the booking up with the signed Show Booking call, and reads
// everything from that answer:
//
//	hook.go     the query of the webhook          ─ Identify, Verify, Send
//	client.go   the signed call, the outcome      ─ LookUp
//	dial.go     which addresses may be called
//	tree.go     the XML of an answer, bounded and strict
//	booking.go  the answer as a booking event     ─ Normalise
//
// README.md has the mapping and where each fact comes from.
package tourcms
