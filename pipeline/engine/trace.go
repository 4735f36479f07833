package engine

import (
	"context"
	"encoding/binary"
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
	var id trace.TraceID
	var span trace.SpanID
	binary.BigEndian.PutUint64(id[:8], random())
	binary.BigEndian.PutUint64(id[8:], random()|1) // all zeros is no id
	binary.BigEndian.PutUint64(span[:], random()|1)
	return "00-" + id.String() + "-" + span.String() + "-01"
}
