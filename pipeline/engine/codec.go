package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// The headers of records between segments. Up to normalise the value is the
// webhook's body, byte for byte (invariant 8), and everything else is said here.
const (
	headerID         = "ce_id"
	headerSource     = "source"
	headerPlugin     = "plugin"
	headerNative     = "native_event"
	headerVerified   = "verified"
	headerReceived   = "received_at"
	headerHead       = "http_head"
	headerDelivery   = "delivery_id"
	headerRaw        = "raw"
	headerSHA        = "raw_sha256"
	headerLookUpAt   = "look_up_at"
	headerLookUpType = "look_up_content_type"
	headerLookUpBody = "look_up_body"
	headerRefunds    = "refunds"
	headerTrace      = "traceparent"
)

// encode writes an event for a topic between segments; the topic is not set.
func encode(ev *pipeline.Event, scrub *scrub) (pipeline.Record, error) {
	if ev.Booking != nil {
		return encodeBooking(ev)
	}
	return encodeRaw(ev, scrub), nil
}

func encodeRaw(ev *pipeline.Event, scrub *scrub) pipeline.Record {
	headers := 8
	if !ev.Raw.IsZero() {
		headers += 2
	}
	if ev.LookUp != nil {
		headers += 3
	}
	h := pipeline.NewHeaders(headers)
	h.Add(headerID, ev.ID)
	h.Add(headerSource, ev.Source)
	h.Add(headerPlugin, ev.Plugin)
	h.Add(headerNative, ev.NativeEvent)
	h.Add(headerVerified, ev.Verified)
	h.AddTime(headerReceived, ev.ReceivedAt)
	h.AddBytes(headerHead, head(&ev.Request, scrub))
	h.Add(headerTrace, ev.TraceParent)
	addRaw(h, ev.Raw)
	if ev.LookUp != nil {
		h.AddTime(headerLookUpAt, ev.LookUp.At)
		h.Add(headerLookUpType, ev.LookUp.ContentType)
		h.AddBytes(headerLookUpBody, ev.LookUp.Body)
	}
	return pipeline.Record{Key: []byte(ev.Key), Value: ev.Request.Body, Headers: h.All()}
}

// addRaw says where the raw record is, except of the raw record itself.
func addRaw(h *pipeline.Headers, raw pipeline.Raw) {
	if !raw.IsZero() {
		h.Add(headerRaw, raw.String())
		h.Add(headerSHA, raw.SHA256)
	}
}

func encodeBooking(ev *pipeline.Event) (pipeline.Record, error) {
	value, err := booking.MarshalInternal(*ev.Booking)
	if err != nil {
		return pipeline.Record{}, fmt.Errorf("write the booking event %s: %w", ev.Booking.ID, err)
	}
	h := pipeline.NewHeaders(18)
	pipeline.BookingCloudEvent(ev).AddTo(h)
	h.Add(headerDelivery, ev.ID)
	h.Add(headerSource, ev.Source)
	h.Add(headerPlugin, ev.Plugin)
	h.Add(headerNative, ev.NativeEvent)
	h.Add(headerVerified, ev.Verified)
	h.AddTime(headerReceived, ev.ReceivedAt)
	addRaw(h, ev.Raw)
	if len(ev.Refunds) > 0 {
		refunds, err := json.Marshal(ev.Refunds)
		if err != nil {
			return pipeline.Record{}, err
		}
		h.AddBytes(headerRefunds, refunds)
	}
	return pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: h.All()}, nil
}

// carried are the headers of a record between segments that decode looks at,
// found in one pass.
type carried struct {
	id, source, plugin, native, verified, received, head, trace []byte
	delivery, raw, sha, lookUpAt, lookUpType, lookUpBody        []byte
	refunds                                                     []byte
	moved, looked                                               bool // raw and lookUpBody are there, be they empty
}

func carriedBy(r *pipeline.Record) carried {
	var c carried
	for i := range r.Headers {
		value := r.Headers[i].Value
		switch r.Headers[i].Key {
		case headerID:
			c.id = value
		case headerSource:
			c.source = value
		case headerPlugin:
			c.plugin = value
		case headerNative:
			c.native = value
		case headerVerified:
			c.verified = value
		case headerReceived:
			c.received = value
		case headerHead:
			c.head = value
		case headerTrace:
			c.trace = value
		case headerDelivery:
			c.delivery = value
		case headerRaw:
			c.raw, c.moved = value, true
		case headerSHA:
			c.sha = value
		case headerLookUpAt:
			c.lookUpAt = value
		case headerLookUpType:
			c.lookUpType = value
		case headerLookUpBody:
			c.lookUpBody, c.looked = value, true
		case headerRefunds:
			c.refunds = value
		}
	}
	return c
}

// decode reads what encode wrote. What it cannot read is not ours.
func decode(r *pipeline.Record) (*pipeline.Event, error) {
	c := carriedBy(r)
	ev, err := c.common(r)
	if err == nil && len(c.delivery) > 0 {
		err = c.booking(r, ev)
	} else if err == nil {
		err = c.webhook(r, ev)
	}
	if err != nil {
		return nil, pipeline.Reject(pipeline.Unreadable, fmt.Errorf("read the record %s: %w", r.Position(), err))
	}
	return ev, nil
}

func (c *carried) common(r *pipeline.Record) (*pipeline.Event, error) {
	received, err := time.Parse(time.RFC3339Nano, string(c.received))
	if err != nil {
		return nil, errors.New("header received_at is missing or no time")
	}
	if len(c.source) == 0 || len(c.id) == 0 || len(r.Key) == 0 {
		return nil, errors.New("key, ce_id or source is missing")
	}
	text := c.texts(r.Key)
	ev := &pipeline.Event{
		Source:      text(c.source),
		Plugin:      text(c.plugin),
		NativeEvent: text(c.native),
		Verified:    text(c.verified),
		ID:          text(c.id),
		Key:         text(r.Key),
		TraceParent: text(c.trace),
		ReceivedAt:  received,
		Input:       r.Position(),
	}
	ev.Raw, err = c.rawOf(r)
	return ev, err
}

// texts gives the headers of every event as texts that share one piece of
// memory, in the order in which common asks for them.
func (c *carried) texts(key []byte) func([]byte) string {
	var all strings.Builder
	all.Grow(len(c.source) + len(c.plugin) + len(c.native) + len(c.verified) + len(c.id) + len(key) + len(c.trace))
	for _, value := range [][]byte{c.source, c.plugin, c.native, c.verified, c.id, key, c.trace} {
		all.Write(value)
	}
	rest := all.String()
	return func(value []byte) string {
		text := rest[:len(value)]
		rest = rest[len(value):]
		return text
	}
}

// rawOf gives the raw position a record carries; a record without one is the
// raw record itself.
func (c *carried) rawOf(r *pipeline.Record) (pipeline.Raw, error) {
	if !c.moved {
		return rawItself(r), nil
	}
	position, err := pipeline.ParsePosition(string(c.raw))
	if err != nil {
		return pipeline.Raw{}, fmt.Errorf("header raw: %w", err)
	}
	return pipeline.Raw{Position: position, SHA256: string(c.sha)}, nil
}

func rawItself(r *pipeline.Record) pipeline.Raw {
	sum := sha256.Sum256(r.Value)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return pipeline.Raw{Position: r.Position(), SHA256: string(text[:])}
}

func (c *carried) webhook(r *pipeline.Record, ev *pipeline.Event) error {
	var err error
	if ev.Request, err = parseHead(string(c.head)); err != nil {
		return fmt.Errorf("header http_head: %w", err)
	}
	ev.Request.Body = r.Value
	if ev.Request.Body == nil {
		ev.Request.Body = []byte{}
	}
	ev.Request.ReceivedAt = ev.ReceivedAt
	if !c.looked {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(c.lookUpAt))
	if err != nil {
		return errors.New("header look_up_at is missing or no time")
	}
	ev.LookUp = &pipeline.LookUp{At: at, ContentType: string(c.lookUpType), Body: c.lookUpBody}
	return nil
}

func (c *carried) booking(r *pipeline.Record, ev *pipeline.Event) error {
	b, err := booking.UnmarshalInternal(r.Value)
	if err != nil {
		return err
	}
	ev.Booking = &b
	ev.ID = string(c.delivery)
	if c.refunds == nil {
		return nil
	}
	if err := json.Unmarshal(c.refunds, &ev.Refunds); err != nil {
		return errors.New("header refunds is not what it should be")
	}
	return nil
}

// count writes a number as a header's value.
func count(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
