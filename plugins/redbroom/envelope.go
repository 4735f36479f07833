package redbroom

import (
	"errors"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// The types of events about a booking, of about a hundred in the ecosystem
// (developers.redbroomsoftware.com/integration/webhooks).
const (
	created   = "booking.created"
	reserved  = "booking.reserved"
	completed = "booking.completed"
	cancelled = "booking.cancelled"

	// aboutBookings begins the types of all events about a booking, also of
	// those that no page documents.
	aboutBookings = "booking."
)

// message is one envelope, taken apart.
type message struct {
	app     string // `source`: who sent it
	event   string // `eventType`
	eventID string // `eventId`; "" where it is none
	booking string // `data.bookingId`; "" where an event of another type has none
	at      time.Time
	data    jsondoc.Value
}

var (
	errEnvelope = errors.New("the body is no envelope; it needs source and eventType, both plain names")
	errBooking  = errors.New("the event has no usable data.bookingId, so nobody can tell which booking it is")
)

// ids are the members that Identify and Verify need.
var ids = []jsondoc.Wanted{{Name: "source"}, {Name: "eventType"}, {Name: "eventId"}, {Name: "data", Members: []jsondoc.Wanted{{Name: "bookingId"}}}}

// readIDs is read for who needs the ids alone: the rest is checked as strictly,
// and left out of the message.
func readIDs(body []byte) (message, error) {
	return read(jsondoc.Pick(body, ids))
}

// read takes an envelope apart; err is that of its reader. All of its users but
// Verify reject with Malformed. Nothing in it is trusted before Verify.
func read(doc jsondoc.Value, err error) (message, error) {
	if err != nil {
		return message{}, err
	}
	m := message{data: doc.Get("data")}
	m.app, _ = doc.Get("source").Text()
	m.event, _ = doc.Get("eventType").Text()
	if !isApp(m.app) || !isEventType(m.event) {
		return message{}, errEnvelope
	}
	m.eventID, _ = doc.Get("eventId").Name()
	m.booking, _ = m.data.Get("bookingId").Name()
	if m.booking == "" && m.known() {
		return message{}, errBooking
	}
	if text, ok := doc.Get("timestamp").Text(); ok {
		m.at, _ = booking.ParseInstant(text) // the zero time where it is none
	}
	return m, nil
}

// tells is whether the event says something of a booking: one that is
// documented, or another about a booking that can be told.
func (m message) tells() bool {
	return m.known() || m.booking != "" && strings.HasPrefix(m.event, aboutBookings)
}

// known tells an event that is documented to say what happened to a booking.
func (m message) known() bool {
	switch m.event {
	case created, reserved, completed, cancelled:
		return true
	}
	return false
}

// key is the provider's key of the booking: ids are unique within their app.
// An event about something else is keyed by itself.
func (m message) key() string {
	switch {
	case m.booking != "":
		return m.app + "/" + m.booking
	case m.eventID != "":
		return m.app + "/" + m.eventID
	}
	return m.app + "/" + m.event
}

// Identify reads the envelope of a request nobody trusts yet.
func (p *provider) Identify(r pipeline.Request) (pipeline.Identity, error) {
	m, err := readIDs(r.Body)
	if err != nil {
		return pipeline.Identity{}, pipeline.Rejectf(pipeline.Malformed, "read the envelope: %w", err)
	}
	return pipeline.Identity{EventID: m.eventID, NativeEvent: m.event, Key: m.key()}, nil
}

// isEventType tells a dotted name such as booking.cancelled; anything else
// could be text of any kind.
func isEventType(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", rune(c)) {
			return false
		}
	}
	return text != "" && len(text) <= maxName
}
