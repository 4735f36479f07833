package booking

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrTime is wrapped by every error about a time that cannot be read.
var ErrTime = errors.New("not a time that can be read")

// The years an event can speak of. Earlier ones are placeholders, such as
// Go's zero time; later ones have no form in RFC 3339.
const (
	minYear = 1970
	maxYear = 9999
)

const (
	dateLayout  = "2006-01-02"
	localLayout = "2006-01-02T15:04"
)

// ParseInstant reads RFC 3339, with a zone and with or without a fraction of a
// second, and gives it in UTC. Years before 1970 (which are placeholders) and
// after 9999 are refused. Errors wrap ErrTime and never hold the text.
func ParseInstant(text string) (time.Time, error) {
	local, offset, ok := cutZone(text)
	if ok {
		// As UTC the reader needs no zone of its own for the offset.
		var room [maxInstant]byte
		var t time.Time
		if t.UnmarshalText(append(append(room[:0], local...), 'Z')) == nil && strict(local) {
			return instant(t.Add(-offset))
		}
	}
	return time.Time{}, fmt.Errorf("read an instant of %d bytes as RFC 3339 with a zone: %w", len(text), ErrTime)
}

// strict refuses what package time takes beyond RFC 3339: an hour of one digit,
// a comma before the fraction. local has passed its parser.
func strict(local string) bool {
	return local[len("2006-01-02T15")] == ':' && !strings.Contains(local, ",")
}

// maxInstant is room for nanoseconds; a longer fraction is read all the same.
const maxInstant = len("2006-01-02T15:04:05.999999999Z")

// cutZone parts a time of RFC 3339 from its zone, whose hours are below 24. A
// minute of 60 passes, as it does in package time.
func cutZone(text string) (local string, offset time.Duration, ok bool) {
	if local, ok = strings.CutSuffix(text, "Z"); ok {
		return local, 0, true
	}
	at := len(text) - len("+00:00")
	if at < 0 || text[at] != '+' && text[at] != '-' || text[at+3] != ':' {
		return "", 0, false
	}
	hours, okHours := twoDigits(text[at+1:])
	minutes, okMinutes := twoDigits(text[at+4:])
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if text[at] == '-' {
		offset = -offset
	}
	return text[:at], offset, okHours && okMinutes && hours < 24 && minutes <= 60
}

func twoDigits(text string) (int, bool) {
	tens, ones := text[0]-'0', text[1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

// ParseUnix reads whole seconds since 1970 in decimal and gives UTC. Zero, by
// which providers mean never, is refused. Errors wrap ErrTime.
func ParseUnix(text string) (time.Time, error) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds <= 0 || text[0] == '+' {
		return time.Time{}, fmt.Errorf("read %d bytes as seconds since 1970: %w", len(text), ErrTime)
	}
	return instant(time.Unix(seconds, 0))
}

// ParseDate reads `2006-01-02` and gives its midnight in UTC; hand it to Wall
// for an instant in a zone. Errors wrap ErrTime and never hold the text.
func ParseDate(text string) (time.Time, error) {
	t, err := time.Parse(dateLayout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("read a date of %d bytes as YYYY-MM-DD: %w", len(text), ErrTime)
	}
	return instant(t)
}

// wallText writes what clocks show in localLayout, of a year that has four digits.
func wallText(t time.Time) string {
	year, month, day := t.Date()
	if year < 1000 || year > maxYear {
		return t.Format(localLayout)
	}
	hour, minute, _ := t.Clock()
	text := [...]byte{
		digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), '-', digit(int(month) / 10), digit(int(month)), '-', digit(day / 10), digit(day),
		'T', digit(hour / 10), digit(hour), ':', digit(minute / 10), digit(minute),
	}
	return string(text[:])
}

// digit gives the last digit of a number.
func digit(n int) byte { return '0' + byte(n%10) }

// instant gives t in UTC if its year can be spoken of.
func instant(t time.Time) (time.Time, error) {
	t = t.UTC().Round(0)
	if y := t.Year(); y < minYear || y > maxYear {
		return time.Time{}, fmt.Errorf("a year outside %d..%d: %w", minYear, maxYear, ErrTime)
	}
	return t, nil
}

// Wall gives the instant, in UTC, at which clocks in zone show hour:minute on
// the day of date (only its year, month and day count). adjusted says that the
// wall time does not name exactly one instant; it is settled as calendars do
// (RFC 5545, section 3.3.5), not as time.Date, which promises neither:
//
//   - shown by no clock (spring forward): as much later as the clocks jump, so
//     02:30 is 03:30 and a midnight that is skipped is 01:00;
//   - shown twice (fall back): the first time.
//
// A nil zone is UTC.
func Wall(date time.Time, hour, minute int, zone *time.Location) (at time.Time, adjusted bool) {
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := date.Date()
	want := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	guess := time.Date(y, m, d, hour, minute, 0, 0, zone)
	start, end := guess.ZoneBounds()
	shown := shownAs(guess)
	if !shown.Equal(want) {
		return beforeGap(want, guess, start), true
	}
	// The neighbouring offsets may show the same wall time once more.
	if !start.IsZero() {
		if first := want.Add(-offset(start.Add(-1))); shownAs(first.In(zone)).Equal(want) && first.Before(guess) {
			return first, true
		}
	}
	if !end.IsZero() {
		if second := want.Add(-offset(end)); shownAs(second.In(zone)).Equal(want) && second.After(guess) {
			return guess.UTC(), true
		}
	}
	return guess.UTC(), false
}

// beforeGap reads want with the offset in force before the clocks jumped.
// guess is on one of both sides; start is when its own offset began.
func beforeGap(want, guess, start time.Time) time.Time {
	if shownAs(guess).Before(want) {
		return want.Add(-offset(guess))
	}
	return want.Add(-offset(start.Add(-1)))
}

// shownAs gives what clocks show at t, as if it were UTC.
func shownAs(t time.Time) time.Time { return t.Add(offset(t)).UTC() }

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
