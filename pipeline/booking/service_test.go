package booking_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}

func TestNewDayServiceAssumesTheHours(t *testing.T) {
	both := []string{booking.PathStartLocal, booking.PathEndLocal}
	tests := []struct {
		name                                   string
		kind                                   booking.Kind
		start, end, zone                       string
		startsAt, endsAt, startLocal, endLocal string
		nights                                 int // -1: null
		assumed                                []string
	}{
		{
			"student housing in London", booking.StudentHousing, "2025-06-13", "2025-06-30", "Europe/London",
			"2025-06-13T14:00:00Z", "2025-06-30T10:00:00Z", "2025-06-13T15:00", "2025-06-30T11:00", 17, both,
		},
		{
			"stay over a change of the clocks", booking.Stay, "2026-03-28", "2026-03-30", "Europe/Berlin",
			"2026-03-28T14:00:00Z", "2026-03-30T09:00:00Z", "2026-03-28T15:00", "2026-03-30T11:00", 2, both,
		},
		{
			"stay in Mexico", booking.Stay, "2026-06-04", "2026-06-08", "America/Mexico_City",
			"2026-06-04T21:00:00Z", "2026-06-08T17:00:00Z", "2026-06-04T15:00", "2026-06-08T11:00", 4, both,
		},
		{
			"tour of one day", booking.Tour, "2025-05-31", "2025-05-31", "UTC",
			"2025-05-31T00:00:00Z", "2025-05-31T00:00:00Z", "2025-05-31T00:00", "2025-05-31T00:00", 0, both,
		},
		{
			"tour where midnight is skipped", booking.Tour, "2018-11-04", "", "America/Sao_Paulo",
			"2018-11-04T03:00:00Z", "", "2018-11-04T01:00", "", -1, both[:1],
		},
		{
			"service without an end", booking.ServiceKind, "2026-01-02", "", "UTC",
			"2026-01-02T00:00:00Z", "", "2026-01-02T00:00", "", -1, both[:1],
		},
		{
			"stay without a start", booking.Stay, "", "2026-01-02", "UTC",
			"", "2026-01-02T11:00:00Z", "", "2026-01-02T11:00", -1, both[1:],
		},
		{
			"stay the wrong way round", booking.Stay, "2026-01-05", "2026-01-02", "UTC",
			"2026-01-05T15:00:00Z", "2026-01-02T11:00:00Z", "2026-01-05T15:00", "2026-01-02T11:00", -1, both,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, assumed, err := booking.NewDayService(tt.kind, tt.start, tt.end, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			got := []string{stamp(s.StartsAt), stamp(s.EndsAt), text(s.StartLocal), text(s.EndLocal), s.Zone, string(s.Precision)}
			want := []string{tt.startsAt, tt.endsAt, tt.startLocal, tt.endLocal, tt.zone, "day"}
			if !slices.Equal(got, want) || !slices.Equal(assumed, tt.assumed) {
				t.Fatalf("service = %q, assumed %q; want %q, %q", got, assumed, want, tt.assumed)
			}
			if (s.Nights == nil) != (tt.nights < 0) || s.Nights != nil && *s.Nights != tt.nights {
				t.Fatalf("nights = %v, want %d", s.Nights, tt.nights)
			}
			if s.Backwards() != (tt.start > tt.end && tt.end != "") {
				t.Fatalf("Backwards() = %v", s.Backwards())
			}
		})
	}
}

func TestNewDayServiceRefusesWhatIsNoDate(t *testing.T) {
	for _, dates := range [][2]string{{"", ""}, {"soon", ""}, {"2026-01-02", "2026-01-02T00:00:00Z"}, {"0001-01-01", "2026-01-01"}} {
		if s, _, err := booking.NewDayService(booking.Stay, dates[0], dates[1], nil); !errors.Is(err, booking.ErrTime) {
			t.Errorf("NewDayService(%q) = %v, %v; want ErrTime", dates, s, err)
		}
	}
	if s, _, err := booking.NewDayService(booking.Stay, "9999-12-31", "", zone(t, "Pacific/Honolulu")); !errors.Is(err, booking.ErrTime) {
		t.Errorf("a start in the year 10000 = %v, %v; want ErrTime", s, err)
	}
}

func TestNewMinuteServiceKeepsTheHours(t *testing.T) {
	start := time.Date(2025, 5, 31, 22, 30, 0, 0, time.UTC)
	s, err := booking.NewMinuteService(start, start.Add(3*time.Hour), zone(t, "Europe/Madrid"))
	if err != nil {
		t.Fatal(err)
	}
	got := []string{stamp(s.StartsAt), stamp(s.EndsAt), text(s.StartLocal), text(s.EndLocal), s.Zone, string(s.Precision)}
	want := []string{"2025-05-31T22:30:00Z", "2025-06-01T01:30:00Z", "2025-06-01T00:30", "2025-06-01T03:30", "Europe/Madrid", "minute"}
	if !slices.Equal(got, want) || s.Nights == nil || *s.Nights != 0 {
		t.Fatalf("service = %q, nights %v; want %q, 0", got, s.Nights, want)
	}
	if s, err = booking.NewMinuteService(start, start.Add(-time.Minute), nil); err != nil || s.Nights != nil || !s.Backwards() {
		t.Fatalf("the wrong way round = %+v, %v; want no nights", s, err)
	}
	if s, err = booking.NewMinuteService(start, time.Time{}, nil); err != nil || s.EndsAt != nil || s.Nights != nil || s.Zone != "UTC" {
		t.Fatalf("without an end = %+v, %v", s, err)
	}
	for _, times := range [][2]time.Time{{}, {start.AddDate(9000, 0, 0)}, {start, time.Unix(-1, 0)}} {
		if s, err := booking.NewMinuteService(times[0], times[1], nil); !errors.Is(err, booking.ErrTime) {
			t.Errorf("NewMinuteService(%v) = %v, %v; want ErrTime", times, s, err)
		}
	}
}

func TestAServiceShowsWhatClocksShowInItsZone(t *testing.T) {
	for _, name := range []string{"UTC", "America/Mexico_City", "Asia/Kathmandu", "Pacific/Kiritimati"} {
		in := zone(t, name)
		for day := 0; day < 8000*365; day += 7919 {
			at := time.Date(1970, 1, 2, day%24, day%60, 59, 1, time.UTC).AddDate(0, 0, day)
			s, err := booking.NewMinuteService(at, at, in)
			if err != nil {
				t.Fatal(err)
			}
			if want := at.In(in).Format("2006-01-02T15:04"); *s.StartLocal != want || *s.EndLocal != want {
				t.Fatalf("%s in %s: %s to %s, want %s", at, name, *s.StartLocal, *s.EndLocal, want)
			}
		}
	}
}
