package studentcom

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// service reads the days of moving in and out; the hours are assumed.
func service(b jsondoc.Value, zone *time.Location, q *booking.Quality) *booking.Service {
	in, out := day(b.Get("moveInDate")), day(b.Get("moveOutDate"))
	s, assumed, err := booking.NewDayService(booking.StudentHousing, in, out, zone)
	if err != nil {
		q.Missing = append(q.Missing, "service")
		return nil
	}
	q.Assumed = append(q.Assumed, assumed...)
	if in == "" {
		q.Missing = append(q.Missing, "service.starts_at")
	}
	if out == "" {
		q.Missing = append(q.Missing, "service.ends_at")
	}
	if s.Backwards() {
		q.Conflicts = append(q.Conflicts, booking.ConflictServiceOrder)
	}
	return s
}

// day gives a date that can be read, else "".
func day(v jsondoc.Value) string {
	text, _ := v.Text()
	if _, err := booking.ParseDate(text); err != nil {
		return ""
	}
	return text
}
