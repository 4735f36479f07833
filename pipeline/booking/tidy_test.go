package booking_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestTidyGivesOneForm(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	at := time.Date(2026, 6, 4, 6, 0, 0, 120_450_000, tokyo)
	e := booking.Event{
		Booking: booking.Booking{
			BookedAt: ptr(at), StatusNative: ptr(""),
			Product: &booking.Product{Name: ptr(strings.Repeat("é", booking.MaxText)), ID: ptr("p\xff")},
			Price:   &booking.Price{Currency: "GBP", Exponent: 2},
			Service: &booking.Service{StartsAt: &time.Time{}, EndsAt: ptr(at)},
		},
		Cancellation: &booking.Cancellation{RequestedAt: ptr(at)},
		Quality:      booking.Quality{Missing: []string{"price", "terms", "price"}, Conflicts: []string{"b", "a"}},
		Time:         at,
	}
	e.Tidy()
	if got := e.Booking.BookedAt.Format(time.RFC3339Nano); got != "2026-06-03T21:00:00.12045Z" {
		t.Errorf("booked_at = %s", got)
	}
	if e.Booking.Status != booking.StatusUnknown || e.Booking.PaymentStatus != booking.PaymentUnknown || e.Cancellation.By != booking.ByUnknown {
		t.Errorf("statuses = %q, %q, by %q", e.Booking.Status, e.Booking.PaymentStatus, e.Cancellation.By)
	}
	want := []string{"price", "product.id", "product.name", "service.starts_at", "terms"}
	if !slices.Equal(e.Quality.Missing, want) || !slices.Equal(e.Quality.Conflicts, []string{"a", "b"}) {
		t.Errorf("quality = %+v, want missing %q", e.Quality, want)
	}
	if e.Booking.Product.Name != nil || e.Booking.Product.ID != nil || e.Booking.StatusNative != nil || e.Booking.Service.StartsAt != nil {
		t.Error("what the schema cannot hold is still there")
	}
	if e.Booking.Price.Components == nil || e.Booking.Refs == nil || e.RefundReported == nil || e.Quality.Assumed == nil {
		t.Error("a list is nil")
	}
}

func TestTidyTwiceIsTidyOnce(t *testing.T) {
	for seed := range uint64(500) {
		once := random(dice(seed))
		once.Tidy()
		twice := once
		twice.Tidy()
		if !reflect.DeepEqual(once, twice) {
			t.Fatalf("seed %d: %+v became %+v", seed, once, twice)
		}
	}
}

// Events share what they point to; tidying one must not change another.
func TestTidyChangesNothingInPlace(t *testing.T) {
	missing := []string{"z", "a", "spare"}[:2]
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("x", 3600))
	product := booking.Product{ID: ptr("\xff")}
	service := booking.Service{StartsAt: &at}
	price := booking.Price{}
	a := booking.Event{Booking: booking.Booking{Product: &product, Service: &service, Price: &price}, Quality: booking.Quality{Missing: missing}}
	a.Tidy()
	if !slices.Equal(missing[:3], []string{"z", "a", "spare"}) || product.ID == nil || at.Location() == time.UTC || price.Components != nil {
		t.Fatalf("shared values were changed: %q %v %v %v", missing, product, at, price)
	}
}
