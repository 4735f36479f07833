// Package studentcom reads the booking webhooks of Student.com's Open API.
//
// Its place in the flow: ingest asks it which booking a webhook is about
// (identify.go), verify asks whether it came to the secret URL (provider.go),
// normalise has it made into one booking event (normalise.go and the files
// beside it, one idea each). The webhook holds the whole booking, so nothing is
// looked up.
//
// README.md tells what is sent, how each field is mapped, where the facts are
// from and what is not known.
package studentcom
