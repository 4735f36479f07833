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
func encode(ev pipeline.Event, scrub *strings.Replacer) (pipeline.Record, error) {
	if ev.Booking != nil {
		return encodeBooking(ev)
	}
	return encodeRaw(ev, scrub), nil
}

func encodeRaw(ev pipeline.Event, scrub *strings.Replacer) pipeline.Record {
	headers := []pipeline.Header{
		pipeline.Text(headerID, ev.ID),
		pipeline.Text(headerSource, ev.Source),
		pipeline.Text(headerPlugin, ev.Plugin),
		pipeline.Text(headerNative, ev.NativeEvent),
		pipeline.Text(headerVerified, ev.Verified),
		pipeline.Text(headerReceived, ev.ReceivedAt.UTC().Format(time.RFC3339Nano)),
		pipeline.Text(headerHead, head(ev.Request, scrub)),
		pipeline.Text(headerTrace, ev.TraceParent),
	}
	headers = append(headers, rawHeaders(ev.Raw)...)
	if ev.LookUp != nil {
		headers = append(headers,
			pipeline.Text(headerLookUpAt, ev.LookUp.At.UTC().Format(time.RFC3339Nano)),
			pipeline.Text(headerLookUpType, ev.LookUp.ContentType),
			pipeline.Header{Key: headerLookUpBody, Value: ev.LookUp.Body})
	}
	return pipeline.Record{Key: []byte(ev.Key), Value: ev.Request.Body, Headers: headers}
}

func rawHeaders(raw pipeline.Raw) []pipeline.Header {
	if raw.IsZero() {
		return nil // this is the raw record
	}
	return []pipeline.Header{pipeline.Text(headerRaw, raw.String()), pipeline.Text(headerSHA, raw.SHA256)}
}

func encodeBooking(ev pipeline.Event) (pipeline.Record, error) {
	value, err := booking.MarshalInternal(*ev.Booking)
	if err != nil {
		return pipeline.Record{}, fmt.Errorf("write the booking event %s: %w", ev.Booking.ID, err)
	}
	headers := append(pipeline.BookingHeaders(ev),
		pipeline.Text(headerDelivery, ev.ID),
		pipeline.Text(headerSource, ev.Source),
		pipeline.Text(headerPlugin, ev.Plugin),
		pipeline.Text(headerNative, ev.NativeEvent),
		pipeline.Text(headerVerified, ev.Verified),
		pipeline.Text(headerReceived, ev.ReceivedAt.UTC().Format(time.RFC3339Nano)))
	headers = append(headers, rawHeaders(ev.Raw)...)
	if len(ev.Refunds) > 0 {
		refunds, err := json.Marshal(ev.Refunds)
		if err != nil {
			return pipeline.Record{}, err
		}
		headers = append(headers, pipeline.Header{Key: headerRefunds, Value: refunds})
	}
	return pipeline.Record{Key: []byte(ev.Key), Value: value, Headers: headers}, nil
}

// decode reads what encode wrote. What it cannot read is not ours.
func decode(r pipeline.Record) (pipeline.Event, error) {
	ev, err := decodeCommon(r)
	if err == nil && r.Text(headerDelivery) != "" {
		err = decodeBooking(r, &ev)
	} else if err == nil {
		err = decodeRaw(r, &ev)
	}
	if err != nil {
		return pipeline.Event{}, pipeline.Reject(pipeline.Unreadable, fmt.Errorf("read the record %s: %w", r.Position(), err))
	}
	return ev, nil
}

func decodeCommon(r pipeline.Record) (pipeline.Event, error) {
	received, err := time.Parse(time.RFC3339Nano, r.Text(headerReceived))
	if err != nil {
		return pipeline.Event{}, errors.New("header received_at is missing or no time")
	}
	ev := pipeline.Event{
		Source:      r.Text(headerSource),
		Plugin:      r.Text(headerPlugin),
		NativeEvent: r.Text(headerNative),
		Verified:    r.Text(headerVerified),
		ID:          r.Text(headerID),
		Key:         string(r.Key),
		TraceParent: r.Text(headerTrace),
		ReceivedAt:  received,
		Input:       r.Position(),
	}
	if ev.Source == "" || ev.ID == "" || ev.Key == "" {
		return pipeline.Event{}, errors.New("key, ce_id or source is missing")
	}
	ev.Raw, err = rawOf(r)
	return ev, err
}

// rawOf gives the raw position a record carries; a record without one is the
// raw record itself.
func rawOf(r pipeline.Record) (pipeline.Raw, error) {
	at, moved := r.Header(headerRaw)
	if !moved {
		sum := sha256.Sum256(r.Value)
		return pipeline.Raw{Position: r.Position(), SHA256: hex.EncodeToString(sum[:])}, nil
	}
	position, err := pipeline.ParsePosition(string(at))
	if err != nil {
		return pipeline.Raw{}, fmt.Errorf("header raw: %w", err)
	}
	return pipeline.Raw{Position: position, SHA256: r.Text(headerSHA)}, nil
}

func decodeRaw(r pipeline.Record, ev *pipeline.Event) error {
	request, err := parseHead(r.Text(headerHead))
	if err != nil {
		return fmt.Errorf("header http_head: %w", err)
	}
	request.Body = r.Value
	if request.Body == nil {
		request.Body = []byte{}
	}
	request.ReceivedAt = ev.ReceivedAt
	ev.Request = request
	body, looked := r.Header(headerLookUpBody)
	if !looked {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, r.Text(headerLookUpAt))
	if err != nil {
		return errors.New("header look_up_at is missing or no time")
	}
	ev.LookUp = &pipeline.LookUp{At: at, ContentType: r.Text(headerLookUpType), Body: body}
	return nil
}

func decodeBooking(r pipeline.Record, ev *pipeline.Event) error {
	b, err := booking.UnmarshalInternal(r.Value)
	if err != nil {
		return err
	}
	ev.Booking = &b
	ev.ID = r.Text(headerDelivery)
	refunds, ok := r.Header(headerRefunds)
	if !ok {
		return nil
	}
	if err := json.Unmarshal(refunds, &ev.Refunds); err != nil {
		return errors.New("header refunds is not what it should be")
	}
	return nil
}

// count writes a number as a header's value.
func count(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
