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
	carrier := propagation.HeaderCarrier(http.Header{})
	given := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(h))
	span := trace.SpanContextFromContext(given)
	if !span.IsValid() {
		span = begin(random)
	}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), span), carrier)
	return carrier.Get("traceparent")
}

func begin(random func() uint64) trace.SpanContext {
	var id trace.TraceID
	var span trace.SpanID
	binary.BigEndian.PutUint64(id[:8], random())
	binary.BigEndian.PutUint64(id[8:], random()|1) // all zeros is no id
	binary.BigEndian.PutUint64(span[:], random()|1)
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled})
}
