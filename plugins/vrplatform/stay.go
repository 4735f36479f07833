package vrplatform

import (
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// describe fills what a reservation says of itself, be it the whole webhook or
// part of a payment's line: names, dates, people.
func (p *provider) describe(e *booking.Event, id string, r jsondoc.Value) {
	b := &e.Booking
	b.Refs = append(make([]booking.Ref, 0, 3), booking.Ref{Kind: "booking", Value: id})
	for _, ref := range [...]struct{ field, kind string }{{"uniqueRef", "unique_ref"}, {"confirmationCode", "confirmation_code"}} {
		if value, ok := r.Get(ref.field).Name(); ok {
			b.Refs = append(b.Refs, booking.Ref{Kind: ref.kind, Value: value})
		}
	}
	b.Service = service(r, p.zone, &e.Quality)
	if n, ok := r.Get("guests").Count(); ok {
		b.Party = &booking.Party{Size: &n}
	}
	for _, who := range [...]struct{ field, role string }{{"guestName", "guest"}, {"bookerName", "booker"}} {
		if name, ok := r.Get(who.field).Text(); ok {
			b.People = append(b.People, booking.Person{Role: who.role, Identity: identity(id, name)})
		}
	}
}

// identity names a person. All that VRPlatform tells is a name, and many have
// the same: the reservation goes with it, so that strangers of one name do not
// become one person.
func identity(reservation, name string) string {
	return reservation + ":" + strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// service reads check-in and check-out. VRPlatform writes a date as its
// midnight with an offset; anything else than midnight is taken at its word.
func service(r jsondoc.Value, zone *time.Location, q *booking.Quality) *booking.Service {
	in, out := readEnd(r.Get("checkIn")), readEnd(r.Get("checkOut"))
	s, assumed := stay(in, out, zone)
	if s == nil {
		q.Missing = append(q.Missing, "service")
		return nil
	}
	q.Assumed = append(q.Assumed, assumed...)
	if !in.known() {
		q.Missing = append(q.Missing, "service.starts_at")
	}
	if !out.known() {
		q.Missing = append(q.Missing, "service.ends_at")
	}
	if s.Backwards() {
		q.Conflicts = append(q.Conflicts, booking.ConflictServiceOrder)
	}
	if n, ok := r.Get("nights").Count(); ok && s.Nights != nil && n != *s.Nights {
		q.Conflicts = append(q.Conflicts, conflictNights)
	}
	return s
}

func stay(in, out end, zone *time.Location) (*booking.Service, []string) {
	if in.exact || out.exact {
		s, err := booking.NewMinuteService(in.at, out.at, zone)
		if err != nil {
			return nil, nil
		}
		return s, nil
	}
	s, assumed, err := booking.NewDayService(booking.Stay, in.date, out.date, zone)
	if err != nil {
		return nil, nil
	}
	return s, assumed
}

// end is one end of a stay; the zero one is not known.
type end struct {
	date  string    // the day as it was written
	at    time.Time // the instant as it was written
	exact bool      // it says an hour
}

func (e end) known() bool { return e.date != "" || !e.at.IsZero() }

const dateLen = len("2006-01-02")

func readEnd(v jsondoc.Value) end {
	text, _ := v.Text()
	if len(text) < dateLen {
		return end{}
	}
	date, rest := text[:dateLen], text[dateLen:]
	if _, err := booking.ParseDate(date); err != nil {
		return end{}
	}
	if rest == "" {
		at, err := booking.ParseInstant(date + "T00:00:00Z")
		if err != nil {
			return end{}
		}
		return end{date: date, at: at}
	}
	at, err := booking.ParseInstant(text)
	if err != nil {
		return end{}
	}
	return end{date: date, at: at, exact: !strings.HasPrefix(rest, "T00:00:00")}
}
