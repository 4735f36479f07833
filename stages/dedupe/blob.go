package dedupe

import (
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// A state on local disk is
//
//	memory | ce_id, ce_type, ce_source, ce_time, traceparent | form | event
//
// with texts behind their length. The event is JSON as it stood on the topic
// until the booking's first change here, then in our own form (form.go). The
// headers are kept so that the record can be written back.
const (
	formJSON  = 0
	formLocal = 1
)

// appendFront writes what stands before the event; packed is the memory, and the
// headers are those of the state's record.
func appendFront(to, packed []byte, record *pipeline.Record) []byte {
	to = append(appendUint(to, uint64(len(packed))), packed...)
	for _, name := range [...]string{"ce_id", "ce_type", "ce_source", "ce_time", "traceparent"} {
		value, _ := record.Header(name)
		to = append(appendUint(to, uint64(len(value))), value...)
	}
	return to
}

// read gives a state with its memory, its event as it was.
func (k kept) read() (state, error) {
	if k.blob == "" {
		return state{}, nil
	}
	r := reading{rest: k.blob}
	m, err := unpack(r.text())
	if r.broken || err != nil {
		return state{}, fmt.Errorf("header %s: %w", pipeline.StateHeader, errCut)
	}
	return state{kept: k, known: true, memory: m}, nil
}

// about is what the headers of a state's record say besides its memory: those
// of the event that made it.
type about struct{ id, kind, source, at, trace string }

// parts gives what stands behind the memory.
func (k *kept) parts() (about, byte, string, error) {
	r := reading{rest: k.blob}
	r.skipText()
	a := about{r.text(), r.text(), r.text(), r.text(), r.text()}
	form := r.one()
	if r.broken || form > formLocal {
		return about{}, 0, "", errCut
	}
	return a, form, r.rest, nil
}

func (a about) headers(bookingID string) []pipeline.Header {
	at, _ := time.Parse(time.RFC3339Nano, a.at) // zero where a record never had it
	return pipeline.CloudHeaders(pipeline.CloudEvent{
		ID: a.id, Type: a.kind, Source: a.source, Subject: bookingID, Time: at,
		DataSchema: pipeline.BookingSchema, ContentType: "application/json", TraceParent: a.trace,
	})
}

// whole gives the state's event, as booking.Decode does: what the public form
// leaves out (ID, Type, Time, Origin) is not in it.
func (k *kept) whole() (*booking.Event, error) { return k.wholeIn(new(held)) }

// wholeIn is whole with room for the event.
func (k *kept) wholeIn(room *held) (*booking.Event, error) {
	_, form, text, err := k.parts()
	if err != nil {
		return nil, fmt.Errorf("the event: %w", err)
	}
	if form == formLocal {
		return readEvent(text, room)
	}
	e, err := booking.DecodeString(text)
	return &e, err
}

// record gives a state as it stands on bookings.current, to be written back.
func (k *state) record(bookingID string) (pipeline.Record, error) {
	a, _, _, err := k.parts()
	if err != nil {
		return pipeline.Record{}, err
	}
	event, err := k.whole()
	if err != nil {
		return pipeline.Record{}, err
	}
	value, err := booking.Encode(*event)
	if err != nil {
		return pipeline.Record{}, err
	}
	headers := append(a.headers(bookingID), pipeline.Header{Key: pipeline.StateHeader, Value: k.memory.pack(nil)})
	return pipeline.Record{Key: []byte(bookingID), Value: value, Headers: headers}, nil
}

// inputOf reads of a blob only what it saw last.
func inputOf(blob string) (seenUpTo, error) {
	r := reading{rest: blob}
	packed := r.text()
	return inputIn(packed, r.broken)
}

// forgetInput takes the place out that the state has seen last.
func (k *state) forgetInput() {
	r := reading{rest: k.blob}
	r.skipText()
	k.memory.Input = seenUpTo{}
	packed := k.memory.pack(nil)
	k.blob = string(append(append(appendUint(nil, uint64(len(packed))), packed...), r.rest...))
}
