package vrplatform_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// reservation gives a reservation with more members.
func reservation(members string) string {
	return `{"id":"r1","checkIn":"2021-06-26T00:00:00+00:00","checkOut":"2021-06-27T00:00:00+00:00","currency":"gbp",` + members + `}`
}

func TestTheShapeTellsTheEvent(t *testing.T) {
	tests := []struct{ name, body, event, key string }{
		{"payment", payment(), "payment.created", "payment/p1"},
		{"reservation", reservation(`"status":"booked"`), "reservation.created", "r1"},
		{"reservation with an amount", reservation(`"amount":1`), "reservation.created", "r1"},
		{"neither", `{"id":"x1"}`, "", "x1"},
		{"lines without an amount", `{"id":"x1","lines":[]}`, "", "x1"},
		{"both", `{"id":"x1","lines":[],"amount":1,"checkIn":"2021-06-26"}`, "", "x1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := pipeline.Request{Body: []byte(tt.body)}
			id, err := provider(t, time.UTC).Identify(r)
			if err != nil || id.NativeEvent != tt.event || id.Key != tt.key || id.EventID != "" {
				t.Errorf("%+v, %v", id, err)
			}
			_, err = provider(t, time.UTC).Normalise(pipeline.Event{Request: r})
			if rejection, ok := pipeline.AsRejection(err); (tt.event == "") != (ok && rejection.Reason == pipeline.Unidentified) {
				t.Errorf("normalise: %v", err)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		member   string
		status   booking.Status
		typ      booking.Type
		conflict string
	}{
		{`"status":"booked"`, booking.StatusConfirmed, booking.Created, ""},
		{`"status":"canceled"`, booking.StatusCancelled, booking.Cancelled, ""},
		{`"status":"inactive"`, booking.StatusUnknown, booking.Updated, ""},
		{`"status":"cancelled"`, booking.StatusUnknown, booking.Updated, "unknown_status"},
		{`"status":null`, booking.StatusUnknown, booking.Created, ""},
	}
	for _, tt := range tests {
		t.Run(tt.member, func(t *testing.T) {
			e := normalise(t, reservation(tt.member))[0]
			if e.Booking.Status != tt.status || e.Type != tt.typ || (e.Cancellation != nil) != (tt.typ == booking.Cancelled) {
				t.Errorf("%s, %s, %+v", e.Booking.Status, e.Type, e.Cancellation)
			}
			if want := tt.conflict != ""; slices.Contains(e.Quality.Conflicts, "unknown_status") != want || want != (e.Booking.StatusNative == nil && tt.member != `"status":null`) {
				t.Errorf("conflicts %v, native %v", e.Quality.Conflicts, e.Booking.StatusNative)
			}
		})
	}
}

func TestBookedWhileTheCancellationTakesThePriceAway(t *testing.T) {
	tests := []struct {
		status                  string
		accommodation, cleaning int
		cancellation            int
		conflict                bool
	}{
		{"booked", 676, 225, -901, true},
		{"booked", 676, 225, -1000, true},
		{"booked", 676, 225, -200, false}, // a fee, or a night that was cut off
		{"booked", 676, 225, 0, false},
		{"booked", 0, 0, 0, false},
		{"booked", 676, 225, 100, false},
		{"canceled", 676, 225, -901, false},
	}
	for _, tt := range tests {
		amounts := fmt.Sprintf(`"__dangerousAmounts":{"amount":%d,"amountAccommodation":%d,"amountCleaning":%d,"amountCancellation":%d}`,
			tt.accommodation+tt.cleaning+tt.cancellation, tt.accommodation, tt.cleaning, tt.cancellation)
		e := normalise(t, reservation(`"status":"`+tt.status+`",`+amounts))[0]
		if got := slices.Contains(e.Quality.Conflicts, "status_vs_cancellation_amount"); got != tt.conflict {
			t.Errorf("%+v: conflict %v", tt, got)
		}
	}
}

func TestAnAmountIsExactOrMissing(t *testing.T) {
	for total, want := range map[string]string{
		"2278.43":           "227843",
		"2278.430":          "227843",
		"2278":              "227800",
		"22e2":              "220000",
		"-0.01":             "-1",
		"2278.4300000001":   "missing",
		"901.3000000000001": "missing",
		"1e400":             "missing",
		"null":              "missing",
		`"2,278.43"`:        "missing",
	} {
		e := normalise(t, reservation(`"__dangerousAmounts":{"amount":`+total+`}`))[0]
		got := "missing"
		if e.Booking.Price != nil {
			got = fmt.Sprint(e.Booking.Price.TotalMinor)
		}
		if got != want || (got == "missing") != slices.Contains(e.Quality.Missing, "price") {
			t.Errorf("%s: %s, want %s (missing %v)", total, got, want, e.Quality.Missing)
		}
	}
}

func TestMidnightMeansADay(t *testing.T) {
	zone := time.FixedZone("Test/Zone", 2*60*60)
	for _, in := range []string{"2021-06-26", "2021-06-26T00:00:00Z", "2021-06-26T00:00:00+00:00", "2021-06-26T00:00:00-05:00", "2021-06-26T00:00:00.000Z"} {
		body := `{"id":"r1","checkIn":"` + in + `","checkOut":"2021-06-28T00:00:00+00:00","nights":2}`
		events, err := provider(t, zone).Normalise(pipeline.Event{Request: pipeline.Request{Body: []byte(body)}})
		if err != nil {
			t.Fatal(err)
		}
		s := events[0].Booking.Service
		if s.Precision != booking.Day || *s.StartLocal != "2021-06-26T15:00" || *s.Nights != 2 {
			t.Errorf("%s: %+v", in, s)
		}
		if len(events[0].Quality.Conflicts) > 0 || !slices.Contains(events[0].Quality.Assumed, "service.start_local") {
			t.Errorf("%s: quality %+v", in, events[0].Quality)
		}
	}
}
