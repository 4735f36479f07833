package tourcms

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// service reads when the booked things happen: by the instants of components,
// else by their dates and hours in the source's zone, else by dates alone.
func (r *reader) service() *booking.Service {
	s, err := r.byInstant()
	if err != nil || s == nil {
		s, err = r.byClock()
	}
	if err != nil || s == nil {
		s = r.byDay()
	}
	if s == nil || s.StartsAt == nil {
		r.missing("service.starts_at")
	}
	if s.Backwards() {
		r.conflict(booking.ConflictServiceOrder)
	}
	if s != nil {
		s.Nights = nil // a tour is not counted in nights
	}
	return s
}

// scheduled are the components that take place. A fee has dates of its own,
// which say nothing about the tour.
func (r *reader) scheduled() []*node {
	all := r.b.child("components").all("component")
	var found []*node
	for _, c := range all {
		if c.value("date_type") != "fee" {
			found = append(found, c)
		}
	}
	return found
}

// main is the component that the booking is named after: the first one that
// takes place.
func (r *reader) main() *node {
	if all := r.scheduled(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// byInstant needs the start of every component: the earliest one could
// otherwise be one of those without.
func (r *reader) byInstant() (*booking.Service, error) {
	var start, end time.Time
	for _, c := range r.scheduled() {
		from, err := booking.ParseUnix(c.value("start_time_utcseconds"))
		if err != nil {
			return nil, err
		}
		to, _ := booking.ParseUnix(c.value("end_time_utcseconds"))
		start, end = earlier(start, from), later(end, to)
		r.checkZone(c, from)
	}
	if start.IsZero() {
		return nil, nil
	}
	return booking.NewMinuteService(start, end, r.p.zone)
}

// checkZone notes that the source's zone is not the tour's: the instants are
// right, the local times are not those on the guest's ticket.
func (r *reader) checkZone(c *node, from time.Time) {
	if local, ok := r.at(c.value("start_date"), c.value("start_time")); ok && !local.Equal(from) {
		r.conflict("zone_vs_local_time")
	}
}

func (r *reader) byClock() (*booking.Service, error) {
	var start, end time.Time
	for _, c := range r.scheduled() {
		from, ok := r.at(c.value("start_date"), c.value("start_time"))
		if !ok {
			return nil, nil
		}
		to, _ := r.at(c.value("end_date"), c.value("end_time"))
		start, end = earlier(start, from), later(end, to)
	}
	if start.IsZero() {
		return nil, nil
	}
	r.assumed("service.zone")
	return booking.NewMinuteService(start, end, r.p.zone)
}

func (r *reader) byDay() *booking.Service {
	start, end := day(r.b.value("start_date")), day(r.b.value("end_date"))
	for _, c := range r.scheduled() {
		if start == "" {
			start = day(c.value("start_date"))
		}
	}
	s, assumed, err := booking.NewDayService(booking.Tour, start, end, r.p.zone)
	if err != nil {
		return nil
	}
	for _, path := range assumed {
		r.assumed(path)
	}
	return s
}

// day gives a date that can be read, else "".
func day(text string) string {
	if _, err := booking.ParseDate(text); err != nil {
		return ""
	}
	return text
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
