// Package vrplatform reads the payment and reservation webhooks of VRPlatform.
//
// Its place in the flow: ingest asks it which reservation or payment a webhook
// is about (message.go), verify asks whether it came to the secret URL
// (provider.go), normalise has it made into booking events: one of a
// reservation (reservation.go), one of each reservation that a payment pays
// (payment.go). The webhook is the bare resource with all fields, so nothing is
// looked up.
//
// README.md tells what is sent, how each field is mapped, where the facts are
// from and what is not known.
package vrplatform
