package engine

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceParent gives the W3C trace context a webhook came with, or one that
// begins here.
func traceParent(h http.Header, random func() uint64) string {
	if len(h["Traceparent"]) == 0 {
		return begin(random)
	}
	given := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(h))
	if !trace.SpanContextFromContext(given).IsValid() {
		return begin(random)
	}
	carrier := propagation.HeaderCarrier(http.Header{})
	propagation.TraceContext{}.Inject(given, carrier)
	return carrier.Get("traceparent")
}

// begin makes a trace context, in the form of W3C Trace Context level 1,
// section 3.2: version 00, sampled.
func begin(random func() uint64) string {
	var ids [24]byte
	binary.BigEndian.PutUint64(ids[:8], random())
	binary.BigEndian.PutUint64(ids[8:16], random()|1) // all zeros is no id
	binary.BigEndian.PutUint64(ids[16:], random()|1)
	text := make([]byte, 0, len("00-")+32+len("-")+16+len("-01"))
	text = append(hex.AppendEncode(append(text, "00-"...), ids[:16]), '-')
	return string(append(hex.AppendEncode(text, ids[16:]), "-01"...))
}
