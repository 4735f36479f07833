package dedupe

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// MemoryHeader is the header of a bookings.current record that holds what the
// stage remembers of a booking beside its state.
const MemoryHeader = "reservoir_memory"

type windowLength = time.Duration

// state is what is known of one booking.
type state struct {
	known  bool
	event  booking.Event
	memory memory
}

// memory is what the stage needs to know of a booking's past.
type memory struct {
	// Input is the last record that changed the state (invariants 4 and 6).
	Input seenUpTo `json:"input"`
	// Version is that of the newest event that was no payment.
	Version version `json:"version"`
	// Contents are the latest content versions by resource: the booking, and
	// each payment.
	Contents map[string]string `json:"contents,omitempty"`
	IDs      ids               `json:"ids"`
	Refunds  []pipeline.Refund `json:"refunds,omitempty"`
}

const (
	// maxRefunds and maxContents bound what one booking can make us remember
	// (invariant 11).
	maxRefunds  = 32
	maxContents = 64
)

// after gives the memory once published has been acknowledged.
func (m memory) after(ev pipeline.Event, published booking.Event, window windowLength) memory {
	next := memory{Input: seenUpTo{ev.Input}, Version: m.Version, Refunds: m.Refunds}
	next.IDs = m.IDs.with(published.ID, ev.ReceivedAt, window)
	next.Contents = withContent(m.Contents, resource(&published), published.Origin.Content)
	if published.Cancellation == nil && published.Type != booking.Cancelled {
		return next
	}
	refund := pipeline.Refund{Key: pipeline.RefundKey(&published), EventID: published.ID, Type: string(published.Type)}
	next.Refunds = append(append(make([]pipeline.Refund, 0, len(m.Refunds)+1), m.Refunds...), refund)
	if len(next.Refunds) > maxRefunds {
		next.Refunds = next.Refunds[len(next.Refunds)-maxRefunds:]
	}
	return next
}

func withContent(contents map[string]string, resource, version string) map[string]string {
	next := maps.Clone(contents)
	if next == nil || len(next) >= maxContents {
		next = map[string]string{}
	}
	next[resource] = version
	return next
}

// resource tells the booking itself from its payments: a repeat is equal to
// the latest of its own kind.
func resource(e *booking.Event) string {
	if payment(e) && e.Payment != nil {
		return "payment/" + e.Payment.ID
	}
	return "booking"
}

// record is the state as it stands on bookings.current.
func (k state) record(ev pipeline.Event, published booking.Event) (pipeline.Record, error) {
	value, err := booking.Encode(k.event)
	if err != nil {
		return pipeline.Record{}, err
	}
	remembered, err := json.Marshal(k.memory)
	if err != nil {
		return pipeline.Record{}, err
	}
	ev.Booking = &published
	headers := append(pipeline.BookingHeaders(ev), pipeline.Header{Key: MemoryHeader, Value: remembered})
	return pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: headers}, nil
}

// decode reads a record of bookings.current.
func decode(r pipeline.Record) (state, error) {
	k := state{known: true}
	remembered, ok := r.Header(MemoryHeader)
	if !ok {
		return state{}, fmt.Errorf("state of %s at %s has no header %s: it was not written by this pipeline", r.Key, r.Position(), MemoryHeader)
	}
	if err := json.Unmarshal(remembered, &k.memory); err != nil {
		return state{}, fmt.Errorf("state of %s at %s: header %s: %w", r.Key, r.Position(), MemoryHeader, err)
	}
	event, err := booking.Decode(r.Value)
	if err != nil {
		return state{}, fmt.Errorf("state of %s at %s: %w", r.Key, r.Position(), err)
	}
	k.event = event
	return k, nil
}

// restamped gives rec with k's memory in place of its own.
func (k state) restamped(rec pipeline.Record) (pipeline.Record, error) {
	remembered, err := json.Marshal(k.memory)
	if err != nil {
		return pipeline.Record{}, err
	}
	headers := make([]pipeline.Header, len(rec.Headers))
	for i, h := range rec.Headers {
		if h.Key == MemoryHeader {
			h.Value = remembered
		}
		headers[i] = h
	}
	rec.Headers = headers
	return rec, nil
}
