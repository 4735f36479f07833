package vrplatform

import (
	"errors"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

var (
	errObject = errors.New("the webhook is no JSON object; VRPlatform sends the bare resource")
	errID     = errors.New("the webhook has no usable id, so nobody can tell what it is about")
	errShape  = errors.New("the webhook looks neither like a payment (lines and amount) nor like a reservation (checkIn)")
)

// The two documented events. The webhook itself names none: it is the bare
// resource, and its shape tells which.
const (
	paymentCreated     = "payment.created"
	reservationCreated = "reservation.created"
)

// paymentPrefix keeps payments apart from reservations among the keys.
const paymentPrefix = "payment/"

// message is one webhook, taken apart.
type message struct {
	id    string // of the resource
	event string // one of the two events, "" for a shape that is neither
	doc   jsondoc.Value
}

// ids are the members that Identify needs.
var ids = []jsondoc.Wanted{{Name: "id"}, {Name: "checkIn"}, {Name: "checkOut"}, {Name: "lines"}, {Name: "amount"}}

// read takes a document apart, as far as Identify needs it; err is that of its
// reader.
func read(doc jsondoc.Value, err error) (message, error) {
	if err != nil {
		return message{}, pipeline.Rejectf(pipeline.Malformed, "read the webhook's JSON: %w", err)
	}
	if !doc.IsObject() {
		return message{}, pipeline.Reject(pipeline.Malformed, errObject)
	}
	id, ok := doc.Get("id").Name()
	if !ok {
		return message{}, pipeline.Reject(pipeline.Malformed, errID)
	}
	return message{id: id, event: eventOf(doc), doc: doc}, nil
}

// eventOf tells the event by the members that only one of both resources has.
func eventOf(doc jsondoc.Value) string {
	stay := doc.Get("checkIn").Exists() || doc.Get("checkOut").Exists()
	paid := doc.Get("lines").IsList() && doc.Get("amount").Exists()
	switch {
	case paid && !stay:
		return paymentCreated
	case stay && !paid:
		return reservationCreated
	}
	return ""
}

// key is what the webhook is about: the reservation, or the whole payment.
func (m message) key() string {
	if m.event == paymentCreated {
		return paymentPrefix + m.id
	}
	return m.id
}

// Identify gives the resource's id: there is no id of the event.
func (p *provider) Identify(r pipeline.Request) (pipeline.Identity, error) {
	m, err := read(jsondoc.Pick(r.Body, ids))
	if err != nil {
		return pipeline.Identity{}, err
	}
	return pipeline.Identity{NativeEvent: m.event, Key: m.key()}, nil
}
