package booking

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrUnreadable is wrapped by errors about bytes that are no event of ours.
var ErrUnreadable = errors.New("not a booking event")

// Encode gives the public JSON form of an event, tidied: the value of
// bookings.events and bookings.current. Equal events give equal bytes; `<`, `>`
// and `&` stand as they are.
func Encode(e Event) ([]byte, error) {
	e.Tidy()
	var room [encoded]byte
	return bytes.Clone(appendEvent(room[:0], &e)), nil
}

// encoded is room for a whole event with its lineage in either form; a larger
// one is written all the same.
const encoded = 2048

// Decode reads the public JSON form and tidies it. ID, Type, Time and Origin
// are not in it.
//
// Fields that are not known are ignored: while versions are mixed, or after
// going back to an older one, a member reads states that a newer version wrote,
// and refusing them would stop every booking that has one. A value without a
// booking id is not ours.
func Decode(value []byte) (Event, error) { return DecodeString(string(value)) }

// DecodeString is Decode; the texts of the event are parts of value.
func DecodeString(value string) (e Event, err error) {
	r := reader{text: value}
	if r.readEvent(&e); !r.done() {
		if e, err = decodeAny(value); err != nil {
			return Event{}, err
		}
	}
	if e.Booking.ID == "" {
		return Event{}, fmt.Errorf("%d bytes without a booking id: %w", len(value), ErrUnreadable)
	}
	e.Tidy()
	return e, nil
}

// decodeAny reads the public form however it was written.
func decodeAny(value string) (e Event, err error) {
	err = unmarshal(value, &e)
	return e, err
}

// MarshalInternal gives the internal form of an event, tidied: with ID, Type,
// Time and Origin, which the public form leaves out.
func MarshalInternal(e Event) ([]byte, error) {
	var room [encoded]byte
	out, err := AppendInternal(room[:0], &e)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(out), nil
}

// UnmarshalInternal reads the internal form. It ignores unknown fields, as
// Decode does, and for the same reason.
func UnmarshalInternal(value []byte) (e Event, err error) {
	r := reader{text: string(value)}
	if r.readEnvelope(&e); !r.done() {
		if e, err = unmarshalAny(r.text); err != nil {
			return Event{}, err
		}
	}
	if e.Booking.ID == "" || e.ID == "" || e.Type == "" {
		return Event{}, fmt.Errorf("%d bytes without an id, a type or a booking id: %w", len(value), ErrUnreadable)
	}
	e.Tidy()
	return e, nil
}

// unmarshalAny reads the internal form however it was written.
func unmarshalAny(value string) (Event, error) {
	var in envelope
	err := unmarshal(value, &in)
	e := in.Event
	e.ID, e.Type, e.Time, e.Origin = in.ID, in.Type, in.Time, in.Origin
	return e, err
}

// unmarshal reads exactly one JSON object. Its errors name places, not values.
func unmarshal(value string, into any) error {
	if !strings.HasPrefix(strings.TrimLeft(value, " \t\r\n"), "{") {
		return fmt.Errorf("%d bytes that begin no JSON object: %w", len(value), ErrUnreadable)
	}
	err := json.Unmarshal([]byte(value), into)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("broken JSON at byte %d of %d: %w", syntax.Offset, len(value), ErrUnreadable)
	case errors.As(err, &kind):
		return fmt.Errorf("%s is no %s: %w", kind.Field, kind.Type, ErrUnreadable)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cut off after %d bytes: %w", len(value), ErrUnreadable)
	}
	// What is left is a time that cannot be read; its error would quote it.
	return fmt.Errorf("a value of %d bytes with a time that cannot be read: %w", len(value), ErrUnreadable)
}
