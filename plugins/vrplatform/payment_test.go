package vrplatform_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// payment gives a payment with lines.
func payment(lines ...string) string {
	return `{"id":"p1","amount":10,"currency":"gbp","date":"2021-05-03T14:01:12.000Z","status":"pending","type":"payout","lines":[` + strings.Join(lines, ",") + `]}`
}

func line(reservation string, amount string) string {
	if reservation == "" {
		return fmt.Sprintf(`{"amount":%s,"reservation":null}`, amount)
	}
	return fmt.Sprintf(`{"amount":%s,"reservation":{"id":%q,"guestName":"Ana Example"}}`, amount, reservation)
}

func TestAPaymentIsOneEventOfEachReservationItPays(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string // native key=amount of each event
	}{
		{"one", []string{line("r1", "2700")}, "r1=270000"},
		{"several, in the order of the lines", []string{line("r2", "1"), line("r1", "2")}, "r2=100 r1=200"},
		{"lines of one reservation sum", []string{line("r1", "0.10"), line("r2", "5"), line("r1", "0.20")}, "r1=30 r2=500"},
		{"exactly, where floats are not", []string{line("r1", "0.1"), line("r1", "0.2"), line("r1", "1.1")}, "r1=140"},
		{"a line takes back", []string{line("r1", "10"), line("r1", "-10.00")}, "r1=0"},
		{"without a reservation", []string{line("", "3"), line("r1", "1"), line("", "4")}, "payment/p1=700 r1=100"},
		{"an amount as text", []string{line("r1", `"2.50"`)}, "r1=250"},
		{"one line cannot be read", []string{line("r1", "1"), line("r1", `"x"`), line("r2", "1")}, "r1=? r2=100"},
		{"a third of a penny", []string{line("r1", "0.333")}, "r1=?"},
		{"beyond an int64", []string{line("r1", "92233720368547758"), line("r1", "92233720368547758")}, "r1=?"},
		{"no line", nil, "payment/p1=?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range normalise(t, payment(tt.lines...)) {
				amount := "?"
				if e.Payment.AmountMinor != nil {
					amount = fmt.Sprint(*e.Payment.AmountMinor)
				}
				if (amount == "?") != strings.Contains(strings.Join(e.Quality.Missing, " "), "payment.amount_minor") {
					t.Errorf("amount %s, missing %v", amount, e.Quality.Missing)
				}
				got = append(got, e.Origin.NativeKey+"="+amount)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%s, want %s", s, tt.want)
			}
		})
	}
}

func TestAPaymentTellsNothingOfTheBookingsState(t *testing.T) {
	e := normalise(t, payment(line("r1", "1")))[0]
	if e.Type != booking.PaymentRecorded || !e.Origin.Thin || e.Booking.Status != booking.StatusUnknown || e.Booking.Price != nil {
		t.Errorf("event %+v", e)
	}
	if !e.Origin.At.IsZero() {
		t.Error("the day of a payment is no version of the booking")
	}
	if e.Time.IsZero() || !e.Time.Equal(*e.Payment.PaidAt) {
		t.Errorf("time %v, paid at %v", e.Time, e.Payment.PaidAt)
	}
}

func TestContentVersionsTellPaymentsApart(t *testing.T) {
	seen := map[string]string{}
	for name, body := range map[string]string{
		"first":          payment(line("r1", "1")),
		"other amount":   payment(line("r1", "2")),
		"other payment":  strings.Replace(payment(line("r1", "1")), `"p1"`, `"p2"`, 1),
		"other total":    strings.Replace(payment(line("r1", "1")), `"amount":10`, `"amount":11`, 1),
		"other currency": strings.Replace(payment(line("r1", "1")), "gbp", "eur", 1),
	} {
		version := normalise(t, body)[0].Origin.Content
		if before, ok := seen[version]; ok {
			t.Errorf("%s and %s have one version", name, before)
		}
		seen[version] = name
	}
	a, b := normalise(t, payment(line("r1", "1.0")))[0], normalise(t, payment(line("r1", "1")))[0]
	if a.Origin.Content != b.Origin.Content {
		t.Error("another spelling of the same amount is another version")
	}
}

func TestAGuestOfOneNameIsNotEverybodyOfThatName(t *testing.T) {
	events := normalise(t, payment(line("r1", "1"), line("r2", "1")))
	if events[0].Booking.People[0].Identity == events[1].Booking.People[0].Identity {
		t.Error("two reservations on one name are one person")
	}
	stay := normalise(t, `{"id":"r1","checkIn":"2021-06-26","guestName":" ana  EXAMPLE "}`)[0]
	if stay.Booking.People[0].Identity != events[0].Booking.People[0].Identity {
		t.Error("the guest of a reservation and of its payment are two people")
	}
}
