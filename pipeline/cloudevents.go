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
// binary mode (CloudEvents Kafka protocol binding 1.0.2, section 3.2). All
// values stand in one buffer, for every event is written with two or three such
// sets, and there is room for one header more.
func CloudHeaders(ce CloudEvent) []Header {
	h := NewHeaders(10)
	ce.AddTo(h)
	return h.All()
}

// AddTo appends the attributes to the headers of a record.
func (ce CloudEvent) AddTo(h *Headers) {
	h.Add("ce_specversion", "1.0")
	h.Add("ce_id", ce.ID)
	h.Add("ce_source", ce.Source)
	h.Add("ce_type", ce.Type)
	h.Add("ce_subject", ce.Subject)
	h.AddTime("ce_time", ce.Time)
	h.Add("ce_dataschema", ce.DataSchema)
	h.Add("content-type", ce.ContentType)
	if ce.TraceParent != "" {
		h.Add("traceparent", ce.TraceParent)
	}
}

// EventSource gives the ce_source of what comes from ev's source:
// `/<plugin>/<source>`.
func EventSource(ev Event) string { return eventSource(&ev) }

func eventSource(ev *Event) string { return "/" + ev.Plugin + "/" + ev.Source }

// BookingHeaders gives the headers of ev's booking event, as it stands on
// bookings.events and bookings.current.
func BookingHeaders(ev Event) []Header { return CloudHeaders(BookingCloudEvent(&ev)) }

// BookingCloudEvent gives the attributes of ev's booking event.
func BookingCloudEvent(ev *Event) CloudEvent {
	b := ev.Booking
	return CloudEvent{
		ID: b.ID, Source: eventSource(ev), Type: string(b.Type), Subject: b.Booking.ID,
		Time: b.Time, DataSchema: BookingSchema, ContentType: "application/json", TraceParent: ev.TraceParent,
	}
}

// BookingSchema is the ce_dataschema of booking events.
const BookingSchema = "urn:travel:booking-event:1.0.0"
