package pipeline

import "time"

// CloudEvent holds the attributes of one event in CloudEvents 1.0 terms.
type CloudEvent struct {
	ID, Source, Type, Subject string
	Time                      time.Time // when it happened; RFC 3339 UTC in the header
	DataSchema                string    // URN of the JSON Schema of the value
	ContentType               string
	TraceParent               string // W3C trace context; left out if empty
}

// CloudHeaders writes the attributes as the headers of CloudEvents' Kafka
// binary mode (CloudEvents Kafka protocol binding 1.0.2, section 3.2).
func CloudHeaders(ce CloudEvent) []Header {
	headers := []Header{
		Text("ce_specversion", "1.0"),
		Text("ce_id", ce.ID),
		Text("ce_source", ce.Source),
		Text("ce_type", ce.Type),
		Text("ce_subject", ce.Subject),
		Text("ce_time", ce.Time.UTC().Format(time.RFC3339Nano)),
		Text("ce_dataschema", ce.DataSchema),
		Text("content-type", ce.ContentType),
	}
	if ce.TraceParent != "" {
		headers = append(headers, Text("traceparent", ce.TraceParent))
	}
	return headers
}

// EventSource gives the ce_source of what comes from ev's source:
// `/<plugin>/<source>`.
func EventSource(ev Event) string { return "/" + ev.Plugin + "/" + ev.Source }

// BookingHeaders gives the headers of ev's booking event, as it stands on
// bookings.events and bookings.current.
func BookingHeaders(ev Event) []Header {
	b := ev.Booking
	return CloudHeaders(CloudEvent{
		ID: b.ID, Source: EventSource(ev), Type: string(b.Type), Subject: b.Booking.ID,
		Time: b.Time, DataSchema: BookingSchema, ContentType: "application/json", TraceParent: ev.TraceParent,
	})
}

// BookingSchema is the ce_dataschema of booking events.
const BookingSchema = "urn:travel:booking-event:1.0.0"
