package redbroom

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// instant reads a time of the event. One without a zone is read in the
// source's, and paths are then listed as assumed. Nil where the field holds
// something else, such as a placeholder.
func (r *reader) instant(field string, paths ...string) *time.Time {
	text, ok := r.data.Get(field).Text()
	if !ok {
		return nil
	}
	if at, err := booking.ParseInstant(text); err == nil {
		return &at
	}
	at, ok := r.wall(text)
	if !ok {
		return nil
	}
	for _, path := range paths {
		r.assumed(path)
	}
	return &at
}

// wall reads `2026-06-04T15:00`, with or without seconds, in the source's zone.
func (r *reader) wall(text string) (time.Time, bool) {
	for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		date, err := booking.ParseDate(t.Format(time.DateOnly))
		if err != nil {
			return time.Time{}, false
		}
		at, _ := booking.Wall(date, t.Hour(), t.Minute(), r.p.zone)
		return at.Add(time.Duration(t.Second()) * time.Second), true
	}
	return time.Time{}, false
}

// scheduled reads when an appointment is. Its end is not told.
func (r *reader) scheduled() *booking.Service {
	text, _ := r.data.Get("scheduledAt").Text()
	if _, err := booking.ParseDate(text); err == nil {
		return r.days(text, "")
	}
	at := r.instant("scheduledAt", "service.zone")
	if at == nil {
		r.missing("service")
		return nil
	}
	s, err := booking.NewMinuteService(*at, time.Time{}, r.p.zone)
	if err != nil {
		r.missing("service")
		return nil
	}
	return s
}

// stay reads the dates of a stay. They are days, in whichever form they come:
// a midnight stands for its date.
func (r *reader) stay() *booking.Service {
	s := r.days(r.day("startDate"), r.day("endDate"))
	if s == nil {
		return nil
	}
	if s.StartsAt == nil {
		r.missing("service.starts_at")
	}
	if s.EndsAt == nil {
		r.missing("service.ends_at")
	}
	if total, ok := r.data.Get("totalNights").Count(); ok && s.Nights != nil && total != *s.Nights {
		r.conflict("nights_do_not_match")
	}
	return s
}

func (r *reader) days(start, end string) *booking.Service {
	s, assumed, err := booking.NewDayService(r.kind(), start, end, r.p.zone)
	if err != nil {
		r.missing("service")
		return nil
	}
	for _, path := range assumed {
		r.assumed(path)
	}
	if s.Backwards() {
		r.conflict(booking.ConflictServiceOrder)
	}
	return s
}

// day gives the date of a field: as it is written, which is UTC's where it is
// UTC's midnight, else the date that clocks in the source's zone show.
func (r *reader) day(field string) string {
	text, _ := r.data.Get(field).Text()
	if _, err := booking.ParseDate(text); err == nil {
		return text
	}
	at := r.instant(field, "service.zone")
	if at == nil {
		return ""
	}
	if at.Equal(at.Truncate(24 * time.Hour)) {
		return at.Format(time.DateOnly)
	}
	return at.In(r.p.zone).Format(time.DateOnly)
}
