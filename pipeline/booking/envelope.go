package booking

import (
	"errors"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking/jsontext"
)

// envelope is the internal form: what the public one leaves to the headers,
// beside it. People's identities are in neither (invariant 10).
type envelope struct {
	ID     string    `json:"id"`
	Type   Type      `json:"type"`
	Time   time.Time `json:"time"`
	Origin Origin    `json:"origin"`
	Event  Event     `json:"event"`
}

var errYear = errors.New("write a booking event: a year that RFC 3339 has no form for")

// AppendInternal appends the internal form of an event, tidied, to dst and
// gives the extended slice; e stays as it is. It is MarshalInternal for callers
// with a buffer to use again.
func AppendInternal(dst []byte, e *Event) ([]byte, error) {
	tidy := *e
	tidy.Tidy()
	if !writable(tidy.Time) || !writable(tidy.Origin.At) {
		return dst, errYear
	}
	dst = jsontext.Text(dst, `{"id":`, tidy.ID)
	dst = jsontext.Text(dst, `,"type":`, tidy.Type)
	dst = jsontext.Time(dst, `,"time":`, tidy.Time)
	dst = appendOrigin(dst, &tidy.Origin)
	dst = appendEvent(append(dst, `},"event":`...), &tidy)
	return append(dst, '}'), nil
}

// writable tells the years of four digits. Tidy sees to it for every time but
// these two, which are not in the public form.
func writable(t time.Time) bool {
	y := t.Year()
	return 0 <= y && y <= maxYear
}

func appendOrigin(dst []byte, o *Origin) []byte {
	dst = append(dst, `,"origin":{`...)
	if o.EventID != "" {
		dst = append(jsontext.Text(dst, `"event_id":`, o.EventID), ',')
	}
	dst = jsontext.Text(dst, `"content":`, o.Content)
	if o.Revision != 0 {
		dst = jsontext.Int(dst, `,"revision":`, o.Revision)
	}
	if !o.At.IsZero() {
		dst = jsontext.Time(dst, `,"at":`, o.At)
	}
	if o.Thin {
		dst = append(dst, `,"thin":true`...)
	}
	if o.LookedUp {
		dst = append(dst, `,"looked_up":true`...)
	}
	return jsontext.Text(dst, `,"native_key":`, o.NativeKey)
}

// readEnvelope reads what AppendInternal writes into a zero event.
func (r *reader) readEnvelope(e *Event) {
	e.ID = r.str(`{"id":`)
	e.Type = Type(r.str(`,"type":`))
	e.Time = r.instant(`,"time":`)
	r.readOrigin(&e.Origin)
	r.skip(`},"event":`)
	r.readEvent(e)
	r.skip(`}`)
}

func (r *reader) readOrigin(o *Origin) {
	r.skip(`,"origin":{`)
	if r.next(`"event_id":`) {
		o.EventID = r.quoted()
		r.skip(`,`)
	}
	o.Content = r.str(`"content":`)
	if r.next(`,"revision":`) {
		o.Revision = r.number("", 64)
	}
	if r.next(`,"at":`) {
		o.At = r.instant("")
	}
	o.Thin = r.next(`,"thin":true`)
	o.LookedUp = r.next(`,"looked_up":true`)
	o.NativeKey = r.str(`,"native_key":`)
}
