package pipeline

import (
	"slices"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Event is what travels from stage to stage. A stage fills its part and hands
// the event on; what was filled before it, it leaves alone.
type Event struct {
	// Source is the name of the source in the configuration, Plugin the name
	// of the plugin that reads it.
	Source string
	Plugin string

	// ID is the delivery id: the provider's event id where there is one, else
	// a digest of source, native event, resource and content. The same webhook
	// gives the same id (invariant 7).
	ID          string
	NativeEvent string
	// Key is the key of the topic the event is written to next: the
	// provider's key up to normalise, the booking id after it.
	Key string

	// Request and Verified are set by ingest and verify. After normalise the
	// request travels no further: lineage says where it is kept.
	Request    Request
	Verified   string // the method by which it was verified
	ReceivedAt time.Time
	Raw        Raw

	// LookUp is set by enrich for providers whose webhook is only a hint.
	LookUp *LookUp

	// Booking is set by normalise: from there on, one event is one booking.
	Booking *booking.Event

	// Public is Booking as it stands on bookings.events, where a stage has
	// written it already; the engine writes it else. Who changes Booking clears it.
	Public *Record

	// Refunds are the cancellations of this booking that were already
	// published, oldest first; dedupe knows them, policy names what a decision
	// supersedes.
	Refunds []Refund

	// TraceParent is the W3C trace context the event came with or was given.
	TraceParent string

	// Input is the record this segment read; zero in the HTTP segment.
	Input Position

	// Side are records for outputs beside the main one, written with the
	// event by the segment in which a stage attached them.
	Side []Side
}

// Raw says where the webhook is kept and what its body's SHA-256 is, in lower
// case hex.
type Raw struct {
	Position
	SHA256 string `json:"sha256"`
}

// Refund is a cancellation that was published before.
type Refund struct {
	Key     string `json:"key"`      // refund_key: digest of booking and cancellation instant
	EventID string `json:"event_id"` // ce_id of the event that said so
	Type    string `json:"type"`     // its ce_type
}

// Output names a topic by what it is for; the pipeline knows which topic that is.
type Output string

// The outputs, in the order in which a record's set is written: look-ups
// before everything (invariant 7), the state last (invariant 4).
const (
	Lookups   Output = "lookups"
	Events    Output = "events"
	Decisions Output = "decisions"
	Dead      Output = "dead"
	Rejected  Output = "rejected"
	Retry     Output = "retry"
	Outcomes  Output = "outcomes"
	Current   Output = "current"
)

// Outputs gives every output in the order of writing.
func Outputs() []Output {
	return []Output{Lookups, Events, Decisions, Dead, Rejected, Retry, Outcomes, Current}
}

// Side is a record for an output beside the main one; its topic is not set.
type Side struct {
	Output Output
	Record Record
}

// Attach gives the event with one more side record.
func (ev Event) Attach(output Output, r Record) Event {
	ev.Side = append(slices.Clone(ev.Side), Side{Output: output, Record: r})
	return ev
}
