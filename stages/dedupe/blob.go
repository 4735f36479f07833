package dedupe

import (
	"fmt"
	"reflect"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// A state on local disk is
//
//	memory | ce_id, ce_type, ce_source, ce_time, traceparent | form | event
//
// with texts behind their length. The event is JSON as it stood on the topic
// until the booking's first change here, then in our own layout.
const (
	formJSON   = 0
	formLayout = 1
)

// about is what the headers of a state's record say besides its memory: those
// of the event that made it. It is kept so that the record can be written back.
type about struct{ id, kind, source, at, trace string }

func aboutOf(r pipeline.Record) about {
	return about{r.Text("ce_id"), r.Text("ce_type"), r.Text("ce_source"), r.Text("ce_time"), r.Text("traceparent")}
}

func (a about) headers(bookingID string) []pipeline.Header {
	at, _ := time.Parse(time.RFC3339Nano, a.at) // zero where a record never had it
	return pipeline.CloudHeaders(pipeline.CloudEvent{
		ID: a.id, Type: a.kind, Source: a.source, Subject: bookingID, Time: at,
		DataSchema: pipeline.BookingSchema, ContentType: "application/json", TraceParent: a.trace,
	})
}

// blobs writes and reads states as they stand on local disk.
type blobs struct{ layout layout }

func newBlobs() (blobs, error) {
	l, err := layoutOf(booking.Event{})
	return blobs{l}, err
}

func appendFront(to, packed []byte, a about) []byte {
	to = append(appendUint(to, uint64(len(packed))), packed...)
	for _, t := range [...]string{a.id, a.kind, a.source, a.at, a.trace} {
		to = appendText(to, t)
	}
	return to
}

// ofState writes a state; packed is its memory.
func (b blobs) ofState(to []byte, k *state, packed []byte) []byte {
	to = appendFront(to, packed, k.about)
	if k.event == nil {
		return append(to, k.form...)
	}
	return b.layout.write(append(to, formLayout), reflect.ValueOf(k.event).Elem())
}

// state reads a state, its event still undecoded.
func (b blobs) state(blob string) (*state, error) {
	r := reading{rest: blob}
	packed := r.text()
	k := &state{known: true, about: about{r.text(), r.text(), r.text(), r.text(), r.text()}, form: r.rest}
	if r.broken || r.rest == "" {
		return nil, errCut
	}
	m, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	k.memory = m
	return k, nil
}

// inputOf reads of a blob only what it saw last.
func inputOf(blob string) (seenUpTo, error) {
	r := reading{rest: blob}
	packed := r.text()
	return inputIn(packed, r.broken)
}

// inputIn reads of a memory only what it saw last.
func inputIn(packed string, broken bool) (seenUpTo, error) {
	if packed != "" && packed[0] == memoryJSON {
		m, err := unpackJSON(packed)
		return m.Input, err
	}
	r := reading{rest: packed, broken: broken}
	if r.one() != memoryV1 {
		return seenUpTo{}, errCut
	}
	in := r.input()
	if r.broken {
		return seenUpTo{}, errCut
	}
	return in, nil
}

// whole gives the state with its event decoded.
func (b blobs) whole(k *state) (*state, error) {
	if !k.known || k.event != nil {
		return k, nil
	}
	next := *k
	next.form = ""
	if k.form[0] == formJSON {
		e, err := booking.Decode([]byte(k.form[1:]))
		next.event = &e
		return &next, err
	}
	next.event = &booking.Event{}
	r := reading{rest: k.form[1:]}
	b.layout.read(&r, reflect.ValueOf(next.event).Elem())
	if r.broken || r.rest != "" {
		return nil, fmt.Errorf("the event: %w", errCut)
	}
	return &next, nil
}

// record gives a state as it stands on bookings.current, to be written back.
func (b blobs) record(bookingID string, k *state) (pipeline.Record, error) {
	k, err := b.whole(k)
	if err != nil {
		return pipeline.Record{}, err
	}
	value, err := booking.Encode(*k.event)
	if err != nil {
		return pipeline.Record{}, err
	}
	headers := append(k.about.headers(bookingID), pipeline.Header{Key: MemoryHeader, Value: k.memory.pack(nil)})
	return pipeline.Record{Key: []byte(bookingID), Value: value, Headers: headers}, nil
}
