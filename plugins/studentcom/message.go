package studentcom

import (
	"errors"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

var (
	errEnvelope  = errors.New("the webhook has no data.object; Student.com puts the booking there")
	errReference = errors.New("the booking has no usable referenceId, so nobody can tell which booking it is")
)

// message is one webhook, taken apart.
type message struct {
	eventID   string // "" where the envelope has none
	event     string // the envelope's type, "" where it does not read as an event's name
	reference string // the booking's referenceId
	booking   jsondoc.Value
}

// ids are the members that Identify needs.
var ids = []jsondoc.Wanted{
	{Name: "id"},
	{Name: "type"},
	{Name: "data", Members: []jsondoc.Wanted{{Name: "object", Members: []jsondoc.Wanted{{Name: "referenceId"}}}}},
}

// read takes a document apart, as far as Identify needs it; err is that of its
// reader. Both of its users reject with Malformed.
func read(doc jsondoc.Value, err error) (message, error) {
	if err != nil {
		return message{}, pipeline.Rejectf(pipeline.Malformed, "read the webhook's JSON: %w", err)
	}
	m := message{booking: doc.Get("data", "object")}
	if !m.booking.IsObject() {
		return message{}, pipeline.Reject(pipeline.Malformed, errEnvelope)
	}
	var ok bool
	if m.reference, ok = m.booking.Get("referenceId").Name(); !ok {
		return message{}, pipeline.Reject(pipeline.Malformed, errReference)
	}
	m.eventID, _ = localID(doc.Get("id"))
	if event, ok := doc.Get("type").Text(); ok && isEventName(event) {
		m.event = event
	}
	return m, nil
}

// Identify gives the envelope's event id and the booking's referenceId.
func (p *provider) Identify(r pipeline.Request) (pipeline.Identity, error) {
	m, err := read(jsondoc.Pick(r.Body, ids))
	if err != nil {
		return pipeline.Identity{}, err
	}
	return pipeline.Identity{EventID: m.eventID, NativeEvent: m.event, Key: m.reference}, nil
}

// eventPrefix begins the type of every event about a booking.
const eventPrefix = "booking."

// isEventName tells `<object>.<what happened>` in lower case. The full list of
// types is not documented, so the form has to do; anything else may be text of
// any kind and goes no further (invariant 10).
func isEventName(text string) bool {
	const longest = 64
	object, what, found := strings.Cut(text, ".")
	return found && len(text) <= longest && isWord(object) && isWord(what)
}

func isWord(text string) bool {
	for i := range len(text) {
		if b := text[i]; b != '_' && (b < 'a' || b > 'z') {
			return false
		}
	}
	return text != ""
}

// foreign tells an event that says of itself, twice, that it is about
// something else than a booking.
func (m message) foreign() bool {
	object, ok := m.booking.Get("object").Text()
	return ok && object != "booking" && m.event != "" && !strings.HasPrefix(m.event, eventPrefix)
}
