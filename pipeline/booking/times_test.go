package booking_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones must be those of the Go release, on any machine

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestParseInstantGivesUTC(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"UTC", "2025-06-10T05:50:17Z", "2025-06-10T05:50:17Z"},
		{"milliseconds", "2026-04-17T12:00:00.000Z", "2026-04-17T12:00:00Z"},
		{"every digit is kept", "2026-04-17T12:00:00.120450Z", "2026-04-17T12:00:00.12045Z"},
		{"offset", "2026-06-04T15:00:00-06:00", "2026-06-04T21:00:00Z"},
		{"zero offset", "2025-06-10T05:50:17+00:00", "2025-06-10T05:50:17Z"},
		{"next day in UTC", "2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00Z"},
		{"leap day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := booking.ParseInstant(tt.text)
			if err != nil || got.Format(time.RFC3339Nano) != tt.want || got.Location() != time.UTC {
				t.Fatalf("ParseInstant = %s, %v; want %s", got.Format(time.RFC3339Nano), err, tt.want)
			}
		})
	}
}

func TestParseInstantRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no zone": "2025-06-10T05:50:17", "date": "2025-06-10", "space": "2025-06-10 05:50:17Z",
		"placeholder": "example-cancelledAt", "comma": "2025-06-10T05:50:17,5Z", "no such day": "2025-02-29T00:00:00Z",
		"hour of one digit": "2025-06-10T5:50:17Z", "hour 24": "2025-06-10T24:00:00Z", "offset 25": "2025-06-10T05:50:17+25:00", "offset 24": "2025-06-10T05:50:17-24:00",
		"Go's zero time": "0001-01-01T00:00:00Z", "before 1970 in UTC": "1970-01-01T00:30:00+01:00",
		"year 10000 in UTC": "9999-12-31T23:30:00-01:00", "quotes": `"2025-06-10T05:50:17Z"`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := booking.ParseInstant(text)
			if !errors.Is(err, booking.ErrTime) {
				t.Fatalf("ParseInstant = %s, %v; want ErrTime", got, err)
			}
			if text != "" && strings.Contains(err.Error(), text) {
				t.Fatalf("the error holds the text: %v", err)
			}
		})
	}
}

func TestParseUnixReadsSeconds(t *testing.T) {
	got, err := booking.ParseUnix("1747749791")
	if err != nil || got.Format(time.RFC3339) != "2025-05-20T14:03:11Z" || got.Location() != time.UTC {
		t.Fatalf("ParseUnix = %s, %v", got, err)
	}
	for _, text := range []string{"", "0", "-1", "+1", "1.5", "1e9", "soon", "9223372036854775807", "99999999999999999999"} {
		if got, err := booking.ParseUnix(text); !errors.Is(err, booking.ErrTime) {
			t.Errorf("ParseUnix(%q) = %s, %v; want ErrTime", text, got, err)
		}
	}
}

func TestParseDateReadsADayAlone(t *testing.T) {
	got, err := booking.ParseDate("2025-06-13")
	if err != nil || !got.Equal(time.Date(2025, 6, 13, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("ParseDate = %s, %v", got, err)
	}
	for _, text := range []string{"", "2025-6-13", "13/06/2025", "2025-02-29", "2025-06-13T00:00:00Z", "0000-00-00", "0001-01-01", " 2025-06-13", "20250613"} {
		if got, err := booking.ParseDate(text); !errors.Is(err, booking.ErrTime) {
			t.Errorf("ParseDate(%q) = %s, %v; want ErrTime", text, got, err)
		}
	}
}

func TestWallSettlesGapsAndOverlaps(t *testing.T) {
	tests := []struct {
		name, zone, date string
		hour, minute     int
		want             string
		adjusted         bool
	}{
		{"plain", "America/Mexico_City", "2026-06-04", 15, 0, "2026-06-04T21:00:00Z", false},
		{"plain east", "Asia/Tokyo", "2026-06-04", 0, 0, "2026-06-03T15:00:00Z", false},
		{"half an hour", "Asia/Kolkata", "2026-06-04", 15, 0, "2026-06-04T09:30:00Z", false},
		{"gap, west", "America/New_York", "2026-03-08", 2, 30, "2026-03-08T07:30:00Z", true},
		{"gap, east", "Europe/Berlin", "2026-03-29", 2, 30, "2026-03-29T01:30:00Z", true},
		{"gap, London", "Europe/London", "2026-03-29", 1, 0, "2026-03-29T01:00:00Z", true},
		{"gap at midnight, Cairo", "Africa/Cairo", "2024-04-26", 0, 0, "2024-04-25T22:00:00Z", true},
		{"gap at midnight, São Paulo", "America/Sao_Paulo", "2018-11-04", 0, 0, "2018-11-04T03:00:00Z", true},
		{"gap of half an hour", "Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:45:00Z", true},
		{"a day that was not", "Pacific/Apia", "2011-12-30", 15, 0, "2011-12-31T01:00:00Z", true},
		{"overlap, west", "America/New_York", "2026-11-01", 1, 30, "2026-11-01T05:30:00Z", true},
		{"overlap, east", "Europe/Berlin", "2026-10-25", 2, 30, "2026-10-25T00:30:00Z", true},
		{"overlap begins", "Europe/Berlin", "2026-10-25", 2, 0, "2026-10-25T00:00:00Z", true},
		{"overlap is over", "Europe/Berlin", "2026-10-25", 3, 0, "2026-10-25T02:00:00Z", false},
		{"gap is over", "Europe/Berlin", "2026-03-29", 3, 0, "2026-03-29T01:00:00Z", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			date, err := booking.ParseDate(tt.date)
			if err != nil {
				t.Fatal(err)
			}
			got, adjusted := booking.Wall(date, tt.hour, tt.minute, zone(t, tt.zone))
			if got.Format(time.RFC3339) != tt.want || adjusted != tt.adjusted || got.Location() != time.UTC {
				t.Fatalf("Wall = %s, %v; want %s, %v", got.Format(time.RFC3339), adjusted, tt.want, tt.adjusted)
			}
		})
	}
}

func TestWallWithoutAZoneIsUTC(t *testing.T) {
	got, adjusted := booking.Wall(time.Date(2026, 6, 4, 23, 59, 0, 0, time.UTC), 15, 0, nil)
	if got.Format(time.RFC3339) != "2026-06-04T15:00:00Z" || adjusted {
		t.Fatalf("Wall = %s, %v", got, adjusted)
	}
}

// Every minute of a year that clocks show is found again, and only those at a
// change of the clocks are adjusted.
func TestWallFindsEveryMinuteThatClocksShow(t *testing.T) {
	for _, name := range []string{"Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Antarctica/Troll"} {
		z := zone(t, name)
		adjusted := 0
		at := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
		for ; at.Year() == 2018; at = at.Add(15 * time.Minute) {
			local := at.In(z)
			got, odd := booking.Wall(local, local.Hour(), local.Minute(), z)
			if odd {
				adjusted++
				if shown := got.In(z).Format("2006-01-02T15:04"); shown != local.Format("2006-01-02T15:04") || got.After(at) {
					t.Fatalf("%s: %s became %s, which is not the first time it is shown", name, local, got)
				}
				continue
			}
			if !got.Equal(at) {
				t.Fatalf("%s: %s became %s", name, local, got)
			}
		}
		if adjusted > 20 {
			t.Errorf("%s: %d quarter hours were adjusted", name, adjusted)
		}
	}
}

func FuzzParseInstant(f *testing.F) {
	for _, seed := range []string{"2025-06-10T05:50:17Z", "2026-06-04T15:00:00.5-06:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := booking.ParseInstant(text)
		if err != nil {
			return
		}
		if at.Location() != time.UTC || at.Year() < 1970 || at.Year() > 9999 {
			t.Fatalf("ParseInstant(%q) = %s", text, at)
		}
		again, err := booking.ParseInstant(at.Format(time.RFC3339Nano))
		if err != nil || !again.Equal(at) {
			t.Fatalf("%s was read again as %s, %v", at, again, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2025-06-13", "2024-02-29", "9999-12-31", "1970-01-01", "0000-00-00", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date, err := booking.ParseDate(text)
		if err == nil && date.Format("2006-01-02") != text {
			t.Fatalf("ParseDate(%q) = %s", text, date)
		}
	})
}
