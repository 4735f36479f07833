package command

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/policy"
)

// demoLine gives one record as a line for people.
func demoLine(o pipeline.Output, r pipeline.Record) string {
	s := seen(o, r)
	key := s.key
	if key == "" {
		key = r.Text("source")
	}
	kind := strings.TrimSuffix(strings.TrimPrefix(s.kind, "travel.booking."), ".v1")
	return strings.TrimRight(fmt.Sprintf("%-9s  %-47s  %-16s  %s", o, line([]byte(key)), line([]byte(kind)), demoDetail(o, r)), " ")
}

func demoDetail(o pipeline.Output, r pipeline.Record) string {
	switch o {
	case pipeline.Events:
		return eventDetail(r)
	case pipeline.Decisions:
		return decisionDetail(r)
	case pipeline.Rejected:
		return line([]byte(r.Text("rejected_status") + ", kept to the byte"))
	}
	return line([]byte(r.Text("dead_error")))
}

func eventDetail(r pipeline.Record) string {
	var e booking.Event
	if err := json.Unmarshal(r.Value, &e); err != nil {
		return "not readable"
	}
	parts := []string{string(e.Booking.Status)}
	if p := e.Payment; p != nil && p.AmountMinor != nil && p.Currency != nil && p.Exponent != nil {
		parts = append(parts, "paid "+money(*p.Currency, *p.AmountMinor, *p.Exponent))
	}
	if p := e.Booking.Price; p != nil {
		parts = append(parts, money(p.Currency, p.TotalMinor, p.Exponent))
	}
	if s := e.Booking.Service; s != nil && s.StartLocal != nil {
		parts = append(parts, day(*s.StartLocal))
	}
	if n := len(e.Quality.Conflicts); n > 0 {
		parts = append(parts, "conflicts: "+strings.Join(e.Quality.Conflicts, " "))
	}
	return line([]byte(strings.Join(parts, ", ")))
}

func decisionDetail(r pipeline.Record) string {
	var d policy.Decision
	if err := json.Unmarshal(r.Value, &d); err != nil {
		return "not readable"
	}
	text := string(d.Decision)
	if d.RefundMinor != nil && d.Currency != nil && d.Exponent != nil {
		text += ", refund " + money(*d.Currency, *d.RefundMinor, *d.Exponent)
	}
	var why []string
	for _, v := range d.Violations {
		if v.Severity == policy.Error {
			why = append(why, v.Code)
		}
	}
	if len(why) > 0 {
		text += ": " + strings.Join(why, " ")
	}
	return line([]byte(text))
}

// money writes an amount of minor units with its decimal point.
func money(currency string, minor int64, exponent int) string {
	sign, digits := "", strconv.FormatInt(minor, 10)
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if exponent <= 0 {
		return currency + " " + sign + digits
	}
	if missing := exponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - exponent
	return currency + " " + sign + digits[:point] + "." + digits[point:]
}

// day cuts a wall time to its date.
func day(local string) string {
	date, _, _ := strings.Cut(local, "T")
	return date
}
