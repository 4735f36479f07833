package command

import (
	"net/http"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// demoStep is one webhook of the demo and how it must be answered.
type demoStep struct {
	source, recorded string
	status           int
	why              string // what is to be seen
}

// demoSteps gives the webhooks that the demo sends.
func demoSteps() []demoStep {
	return []demoStep{
		{"studentcom", "book_waiting_for_confirmation", http.StatusOK, "a student's room, whole in the webhook"},
		{"vrplatform", "payment_created", http.StatusOK, "a payout that pays a reservation"},
		{"vrplatform", "reservation_created_as_printed", http.StatusBadRequest, "no JSON: refused, and kept"},
		{"vrplatform", "reservation_created", http.StatusOK, "the same, mended"},
		{"tourcms", "confirmed", http.StatusOK, "an id only: looked up"},
		{"redbroom", "booking-cancelled", http.StatusOK, "signed; a cancellation to decide on"},
	}
}

// sight is a record that must come: which key of which output, of which type.
type sight struct {
	output pipeline.Output
	key    string
	kind   string
}

// demoSights gives the records that those webhooks must lead to.
func demoSights() []sight {
	return []sight{
		{pipeline.Events, "studentcom/HB992850227", string(booking.Created)},
		{pipeline.Events, "vrplatform/6a589982-1e2b-4bec-949e-672398f0505b", string(booking.PaymentRecorded)},
		{pipeline.Events, "vrplatform/59c0d0c1-6bef-451a-91ea-66782ad52810", string(booking.Created)},
		{pipeline.Events, "tourcms/4069/1234", string(booking.Confirmed)},
		{pipeline.Events, "redbroom/goodbay/example-bookingId", string(booking.Cancelled)},
		{pipeline.Decisions, "redbroom/goodbay/example-bookingId", string(booking.Decided)},
		{pipeline.Rejected, "", string(pipeline.Malformed)},
	}
}

// demoTopics gives the topics that the demo shows, as its configuration names
// them.
func demoTopics() map[string]pipeline.Output {
	return map[string]pipeline.Output{
		"bookings.events": pipeline.Events, "bookings.decisions": pipeline.Decisions,
		"bookings.rejected": pipeline.Rejected, "bookings.dead": pipeline.Dead,
	}
}

// seen gives what a record of an output is sighted as.
func seen(o pipeline.Output, r pipeline.Record) sight {
	s := sight{output: o, key: string(r.Key), kind: r.Text("ce_type")}
	switch o {
	case pipeline.Rejected:
		s.key, s.kind = "", r.Text("rejected_reason")
	case pipeline.Dead:
		s.kind = r.Text("dead_reason")
	}
	return s
}
