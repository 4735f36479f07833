package booking

import (
	"errors"
	"fmt"
	"time"
)

// Paths that a service from dates alone lists in Quality.Assumed.
const (
	PathStartLocal = "service.start_local"
	PathEndLocal   = "service.end_local"
)

// ConflictServiceOrder is the conflict of a service that ends before it starts.
const ConflictServiceOrder = "service_ends_before_start"

// NewDayService makes a service of dates alone (`2006-01-02`, "" where it is
// not known). The hours are assumed: a stay begins at 15:00 and ends at 11:00,
// a tour or service begins and ends at 00:00, in zone; assumed lists the paths
// for Quality.Assumed. Nights are the days between both dates, null where one
// is missing or they stand the wrong way round (see Service.Backwards). Errors
// wrap ErrTime: a date cannot be read, or there is none.
func NewDayService(kind Kind, start, end string, zone *time.Location) (s *Service, assumed []string, err error) {
	if start == "" && end == "" {
		return nil, nil, fmt.Errorf("make a service without a date: %w", ErrTime)
	}
	zone = orUTC(zone)
	room := &serviceRoom{Service: Service{Zone: zone.String(), Precision: Day}}
	in, out := checkHours(kind)
	first, err := room.setDay(room.start, start, in, zone)
	if err != nil {
		return nil, nil, fmt.Errorf("start of the service: %w", err)
	}
	last, err := room.setDay(room.end, end, out, zone)
	if err != nil {
		return nil, nil, fmt.Errorf("end of the service: %w", err)
	}
	assumed = make([]string, 0, 2)
	if start != "" {
		assumed = append(assumed, PathStartLocal)
	}
	if end != "" {
		assumed = append(assumed, PathEndLocal)
	}
	if start != "" && end != "" {
		room.countNights(first, last)
	}
	return &room.Service, assumed, nil
}

// serviceRoom is a service and what it points to, made in one piece.
type serviceRoom struct {
	Service

	startsAt, endsAt     time.Time
	startLocal, endLocal string
	nights               int
}

// start and end fill one end of the service.

func (r *serviceRoom) start(t time.Time, zone *time.Location) {
	r.startsAt, r.startLocal = t, wallText(t.In(zone))
	r.StartsAt, r.StartLocal = &r.startsAt, &r.startLocal
}

func (r *serviceRoom) end(t time.Time, zone *time.Location) {
	r.endsAt, r.endLocal = t, wallText(t.In(zone))
	r.EndsAt, r.EndLocal = &r.endsAt, &r.endLocal
}

// setDay fills one end of a service from a date and gives that date.
func (r *serviceRoom) setDay(set func(time.Time, *time.Location), text string, hour int, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	date, err := ParseDate(text)
	if err != nil {
		return time.Time{}, err
	}
	t, _ := Wall(date, hour, 0, zone)
	if t, err = instant(t); err != nil {
		return time.Time{}, err
	}
	set(t, zone)
	return date, nil
}

// NewMinuteService makes a service whose hours the provider tells; a zero time
// is not known. Nights are counted between the days in zone, null where they
// stand the wrong way round or one is missing. Errors wrap ErrTime: a year that
// cannot be, or neither time is there.
func NewMinuteService(start, end time.Time, zone *time.Location) (*Service, error) {
	if start.IsZero() && end.IsZero() {
		return nil, fmt.Errorf("make a service without a time: %w", ErrTime)
	}
	zone = orUTC(zone)
	s := &serviceRoom{Service: Service{Zone: zone.String(), Precision: Minute}}
	errStart := s.setMinute(s.start, start, zone)
	errEnd := s.setMinute(s.end, end, zone)
	if err := errors.Join(errStart, errEnd); err != nil {
		return nil, fmt.Errorf("make a service: %w", err)
	}
	if s.StartsAt != nil && s.EndsAt != nil {
		s.countNights(dayOf(start, zone), dayOf(end, zone))
	}
	if s.Backwards() {
		s.Nights = nil
	}
	return &s.Service, nil
}

func (r *serviceRoom) setMinute(set func(time.Time, *time.Location), t time.Time, zone *time.Location) error {
	if t.IsZero() {
		return nil
	}
	t, err := instant(t)
	if err == nil {
		set(t, zone)
	}
	return err
}

// Backwards tells a service that ends before it starts: published all the
// same, with ConflictServiceOrder.
func (s *Service) Backwards() bool {
	return s != nil && s.StartsAt != nil && s.EndsAt != nil && s.EndsAt.Before(*s.StartsAt)
}

// checkHours gives the hours assumed for a date alone.
func checkHours(kind Kind) (in, out int) {
	if kind == Stay || kind == StudentHousing {
		return 15, 11
	}
	return 0, 0
}

// countNights counts the days from one midnight in UTC to another.
func (r *serviceRoom) countNights(first, last time.Time) {
	if n := int(last.Sub(first) / (24 * time.Hour)); n >= 0 {
		r.nights, r.Nights = n, &r.nights
	}
}

func dayOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}
