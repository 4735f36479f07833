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
func decode(r *pipeline.Record) (pipeline.Event, error) {
	c := carriedBy(r)
	ev, err := c.common(r)
	if err == nil && len(c.delivery) > 0 {
		err = c.booking(r, &ev)
	} else if err == nil {
		err = c.webhook(r, &ev)
	}
	if err != nil {
		return pipeline.Event{}, pipeline.Reject(pipeline.Unreadable, fmt.Errorf("read the record %s: %w", r.Position(), err))
	}
	return ev, nil
}

func (c *carried) common(r *pipeline.Record) (pipeline.Event, error) {
	received, err := time.Parse(time.RFC3339Nano, string(c.received))
	if err != nil {
		return pipeline.Event{}, errors.New("header received_at is missing or no time")
	}
	if len(c.source) == 0 || len(c.id) == 0 || len(r.Key) == 0 {
		return pipeline.Event{}, errors.New("key, ce_id or source is missing")
	}
	at, err := c.rawAt(r)
	if err != nil {
		return pipeline.Event{}, err
	}
	var own digest
	sha := c.sha
	if !c.moved {
		own = digestOf(r.Value)
		sha = own[:]
	}
	text := c.texts(r.Key, sha)
	return pipeline.Event{
		Source:      text.next(c.source),
		Plugin:      text.next(c.plugin),
		NativeEvent: text.next(c.native),
		Verified:    text.next(c.verified),
		ID:          text.next(c.id),
		Key:         text.next(r.Key),
		TraceParent: text.next(c.trace),
		Raw:         pipeline.Raw{Position: at, SHA256: text.next(sha)},
		ReceivedAt:  received,
		Input:       r.Position(),
	}, nil
}

// texts are headers of an event as texts that share one piece of memory.
type texts struct{ rest string }

// texts gives those that every event has, in the order in which common takes
// them.
func (c *carried) texts(key, sha []byte) texts {
	var all strings.Builder
	all.Grow(len(c.source) + len(c.plugin) + len(c.native) + len(c.verified) + len(c.id) + len(key) + len(c.trace) + len(sha))
	for _, value := range [][]byte{c.source, c.plugin, c.native, c.verified, c.id, key, c.trace, sha} {
		all.Write(value)
	}
	return texts{all.String()}
}

// next gives the text of the next value.
func (t *texts) next(value []byte) string {
	text := t.rest[:len(value)]
	t.rest = t.rest[len(value):]
	return text
}

// rawAt gives the raw position a record carries; a record without one is the
// raw record itself.
func (c *carried) rawAt(r *pipeline.Record) (pipeline.Position, error) {
	if !c.moved {
		return r.Position(), nil
	}
	at, err := pipeline.ParsePosition(string(c.raw))
	if err != nil {
		return pipeline.Position{}, fmt.Errorf("header raw: %w", err)
	}
	return at, nil
}

// digest is a SHA-256 in hex.
type digest [2 * sha256.Size]byte

func digestOf(body []byte) digest {
	sum := sha256.Sum256(body)
	var text digest
	hex.Encode(text[:], sum[:])
	return text
}

func rawItself(r *pipeline.Record) pipeline.Raw {
	sum := digestOf(r.Value)
	return pipeline.Raw{Position: r.Position(), SHA256: string(sum[:])}
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
	var refunds []pipeline.Refund
	if err := json.Unmarshal(c.refunds, &refunds); err != nil {
		return errors.New("header refunds is not what it should be")
	}
	ev.Refunds = refunds
	return nil
}

// count writes a number as a header's value.
func count(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
