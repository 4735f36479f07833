package booking

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrUnreadable is wrapped by errors about bytes that are no event of ours.
var ErrUnreadable = errors.New("not a booking event")

// Encode gives the public JSON form of an event, tidied: the value of
// bookings.events and bookings.current. Equal events give equal bytes; `<`, `>`
// and `&` stand as they are.
func Encode(e Event) ([]byte, error) {
	e.Tidy()
	return marshal(&e)
}

// Decode reads the public JSON form and tidies it. ID, Type, Time and Origin
// are not in it.
//
// Fields that are not known are ignored: while versions are mixed, or after
// going back to an older one, a member reads states that a newer version wrote,
// and refusing them would stop every booking that has one. A value without a
// booking id is not ours.
func Decode(value []byte) (Event, error) {
	var e Event
	if err := unmarshal(value, &e); err != nil {
		return Event{}, err
	}
	if e.Booking.ID == "" {
		return Event{}, fmt.Errorf("%d bytes without a booking id: %w", len(value), ErrUnreadable)
	}
	e.Tidy()
	return e, nil
}

// envelope is the internal form: what the public one leaves to the headers,
// beside it. People's identities are in neither (invariant 10).
type envelope struct {
	ID     string    `json:"id"`
	Type   Type      `json:"type"`
	Time   time.Time `json:"time"`
	Origin Origin    `json:"origin"`
	Event  Event     `json:"event"`
}

// MarshalInternal gives the internal form of an event, tidied: with ID, Type,
// Time and Origin, which the public form leaves out.
func MarshalInternal(e Event) ([]byte, error) {
	e.Tidy()
	return marshal(&envelope{ID: e.ID, Type: e.Type, Time: e.Time, Origin: e.Origin, Event: e})
}

// UnmarshalInternal reads the internal form. It ignores unknown fields, as
// Decode does, and for the same reason.
func UnmarshalInternal(value []byte) (Event, error) {
	var in envelope
	if err := unmarshal(value, &in); err != nil {
		return Event{}, err
	}
	e := in.Event
	if e.Booking.ID == "" || in.ID == "" || in.Type == "" {
		return Event{}, fmt.Errorf("%d bytes without an id, a type or a booking id: %w", len(value), ErrUnreadable)
	}
	e.ID, e.Type, e.Time, e.Origin = in.ID, in.Type, in.Time, in.Origin
	e.Tidy()
	return e, nil
}

// marshal is json.Marshal without HTML escapes: analysts search for `&`.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(2048) // a whole event with its lineage is a little less
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write a booking event: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// unmarshal reads exactly one JSON object. Its errors name places, not values.
func unmarshal(value []byte, into any) error {
	if first := bytes.TrimLeft(value, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return fmt.Errorf("%d bytes that begin no JSON object: %w", len(value), ErrUnreadable)
	}
	err := json.Unmarshal(value, into)
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
