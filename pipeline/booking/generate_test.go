package booking_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func ptr[T any](v T) *T { return &v }

// full is an event in which everything is known.
func full() booking.Event {
	at := time.Date(2026, 6, 1, 9, 59, 58, 0, time.UTC)
	return booking.Event{
		Booking: booking.Booking{
			ID: "goodbay/bk_42", Provider: "redbroom", Source: "goodbay", Refs: []booking.Ref{{Kind: "booking", Value: "bk_42"}},
			Kind: booking.Stay, Status: booking.StatusCancelled, StatusNative: ptr("cancelled"), PaymentStatus: booking.PaymentPaid,
			BookedAt: ptr(at.AddDate(0, -1, 0)), ConfirmedAt: ptr(at.AddDate(0, -1, 1)), CancelledAt: ptr(at), UpdatedAt: ptr(at),
			Service: &booking.Service{
				StartsAt: ptr(time.Date(2026, 6, 4, 21, 0, 0, 0, time.UTC)), EndsAt: ptr(time.Date(2026, 6, 8, 17, 0, 0, 0, time.UTC)),
				StartLocal: ptr("2026-06-04T15:00"), EndLocal: ptr("2026-06-08T11:00"), Zone: "America/Mexico_City", Precision: booking.Day, Nights: ptr(4),
			},
			Product: &booking.Product{ID: ptr("prop_9"), ExternalID: ptr("X-9"), Name: ptr("Casa <Azul> & Jardín")},
			Party:   &booking.Party{Size: ptr(2), Adults: ptr(2), Children: ptr(0)},
			Price: &booking.Price{
				Currency: "MXN", Exponent: 2, TotalMinor: 845050,
				Components: []booking.Component{{Type: "accommodation", AmountMinor: 700001}, {Type: "service", AmountMinor: 145049}},
			},
			Terms:  &booking.Terms{LabelNative: ptr("moderate"), Tier: ptr("goodbay.moderate")},
			People: []booking.Person{{Role: "guest", Token: "tok_1"}},
		},
		Cancellation:   &booking.Cancellation{RequestedAt: ptr(at), By: booking.ByGuest, ReasonCode: ptr("change_of_plans"), ReasonNative: ptr("plans")},
		RefundReported: []booking.Reported{{Field: "refundAmountCents", Currency: ptr("MXN"), Exponent: ptr(2), AmountMinor: ptr(int64(420049))}},
		Payment: &booking.Payment{
			ID: "p1", TotalMinor: ptr(int64(1)), AmountMinor: ptr(int64(1)), Currency: ptr("MXN"), Exponent: ptr(2),
			Status: ptr("pending"), Type: ptr("payout"), PaidAt: ptr(at),
		},
		Quality: booking.Quality{Missing: []string{}, Assumed: []string{"service.end_local", "service.start_local"}, Inherited: []string{}, Conflicts: []string{}},
		Lineage: booking.Lineage{
			DeliveryID: "d1", Raw: booking.RawRef{Topic: "bookings.raw.goodbay", Partition: 3, Offset: 1201, SHA256: "00ff"},
			Verified: "hmac-sha256", NativeEvent: ptr("booking.cancelled"), Plugin: "redbroom", LookedUpAt: ptr(at),
		},
		ID: "e1", Type: booking.Cancelled, Time: at,
		Origin: booking.Origin{EventID: "v1", Content: "c1", Revision: 7, At: at, Thin: true, LookedUp: true, NativeKey: "bk_42"},
	}
}

// pick gives one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// random gives an event of the same booking whose values are drawn from few, so
// that two events agree, differ and lack in every mixture.
func random(r *rand.Rand) booking.Event {
	e := full()
	e.ID, e.Type = fmt.Sprint("e", r.IntN(3)), pick(r, booking.Types()...)
	e.Time = randomTime(r)
	e.Origin = booking.Origin{Content: pick(r, "a", "b"), Revision: r.Int64N(3), NativeKey: "bk_42", Thin: r.IntN(2) == 0, LookedUp: r.IntN(2) == 0}
	if r.IntN(2) == 0 {
		e.Origin.At = randomTime(r)
	}
	b := &e.Booking
	b.Kind, b.Status = pick(r, append(booking.Kinds(), "")...), pick(r, booking.Statuses()...)
	b.PaymentStatus = pick(r, booking.PaymentUnknown, booking.PaymentUnpaid, booking.PaymentPartial, booking.PaymentPaid)
	b.Refs = some(r, booking.Ref{Kind: "a", Value: "1"}, booking.Ref{Kind: "a", Value: "2"}, booking.Ref{Kind: "b", Value: "1"})
	b.People = some(r, booking.Person{Role: "guest", Token: "t1"}, booking.Person{Role: "guest", Token: "t2"}, booking.Person{Role: "owner", Token: "t1"})
	b.Price.TotalMinor = pick[int64](r, 845050, -1)
	b.Price.Components = some(r, b.Price.Components...)
	b.Service.Zone, b.Service.Precision = pick(r, "UTC", "Asia/Tokyo"), pick(r, booking.Day, booking.Minute)
	e.Cancellation.By = pick(r, booking.ByGuest, booking.ByUnknown)
	e.RefundReported = some(r, e.RefundReported...)
	e.Quality = booking.Quality{
		Missing: some(r, "price", "service.ends_at", "terms.tier"), Assumed: some(r, "service.end_local", "service.start_local"),
		Inherited: some(r, "price", "terms"), Conflicts: some(r, "c1", "c2", "c3"),
	}
	loosen(r, reflect.ValueOf(&e).Elem())
	return e
}

// some gives a part of the choices in their order.
func some[T any](r *rand.Rand, choices ...T) []T {
	out := []T{}
	for _, c := range choices {
		if r.IntN(2) == 0 {
			out = append(out, c)
		}
	}
	return out
}

func randomTime(r *rand.Rand) time.Time {
	return time.Date(2026, 1, 1+r.IntN(3), 0, 0, 0, r.IntN(2)*1_500_000, time.UTC)
}

// loosen sets pointers of v to nil, or to another value, at random. Currency and
// exponent of reported amounts go together and are left alone.
func loosen(r *rand.Rand, v reflect.Value) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if f.Kind() != reflect.Pointer {
			if f.Kind() == reflect.Struct && f.Type() != reflect.TypeFor[time.Time]() {
				loosen(r, f)
			}
			continue
		}
		if name == "Currency" || name == "Exponent" {
			continue
		}
		if r.IntN(3) == 0 {
			f.SetZero()
			continue
		}
		switch p := f.Interface().(type) {
		case *time.Time:
			f.Set(reflect.ValueOf(ptr(randomTime(r))))
		case *string:
			if name != "StartLocal" && name != "EndLocal" {
				f.Set(reflect.ValueOf(ptr(pick(r, "x", "é<&>", "  "))))
			}
		case *int:
			f.Set(reflect.ValueOf(ptr(r.IntN(3))))
		case *int64:
			f.Set(reflect.ValueOf(ptr(r.Int64N(3) - 1)))
		default:
			_ = p
			loosen(r, f.Elem())
		}
	}
}

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 42)) }
