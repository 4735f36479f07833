package booking_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestMergingAgainChangesNothing(t *testing.T) {
	for name, merge := range map[string]func(state, e booking.Event) booking.Event{
		"inherit": func(state, e booking.Event) booking.Event { return booking.Inherit(e, state) },
		"newer":   booking.MergeNewer,
		"stale":   booking.MergeStale,
	} {
		for seed := range uint64(600) {
			r := dice(seed)
			state, e := randomTidy(r), randomTidy(r)
			before := bytesOf(t, state) + bytesOf(t, e)
			once := merge(state, e)
			twice := merge(once, e)
			if name == "inherit" {
				twice = merge(state, once)
			}
			if bytesOf(t, once) != bytesOf(t, twice) {
				t.Fatalf("%s, seed %d:\n%s\n%s", name, seed, bytesOf(t, once), bytesOf(t, twice))
			}
			if before != bytesOf(t, state)+bytesOf(t, e) {
				t.Fatalf("%s, seed %d: an argument was changed", name, seed)
			}
			if err := once.Validate(); err != nil {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
		}
	}
}

// Merging with itself is nothing, and a state never loses what it knows to an
// event that does not say.
func TestNothingKnownIsLost(t *testing.T) {
	for seed := range uint64(600) {
		r := dice(seed)
		state, e := randomTidy(r), randomTidy(r)
		for name, got := range map[string]booking.Booking{
			"inherit": booking.Inherit(e, state).Booking, "newer": booking.MergeNewer(state, e).Booking, "stale": booking.MergeStale(state, e).Booking,
		} {
			for field, lost := range map[string]bool{
				"service": got.Service == nil && (state.Booking.Service != nil || e.Booking.Service != nil),
				"product": got.Product == nil && (state.Booking.Product != nil || e.Booking.Product != nil),
				"party":   got.Party == nil && (state.Booking.Party != nil || e.Booking.Party != nil),
				"price":   got.Price == nil && (state.Booking.Price != nil || e.Booking.Price != nil),
				"terms":   got.Terms == nil && (state.Booking.Terms != nil || e.Booking.Terms != nil),
				"booked":  got.BookedAt == nil && (state.Booking.BookedAt != nil || e.Booking.BookedAt != nil),
				"kind":    got.Kind == "" && (state.Booking.Kind != "" || e.Booking.Kind != ""),
				"refs":    len(got.Refs) < max(len(state.Booking.Refs), len(e.Booking.Refs)),
				"people":  len(got.People) < max(len(state.Booking.People), len(e.Booking.People)),
			} {
				if lost {
					t.Fatalf("%s, seed %d: %s was lost", name, seed, field)
				}
			}
		}
	}
}

// Where events tell parts of one truth, what a state holds does not hang on how
// they were grouped: an event inherited from the state before it is merged, or
// merged as it came, makes the same booking.
func TestGroupingDoesNotMatterWhereEventsAgree(t *testing.T) {
	for seed := range uint64(500) {
		r := dice(seed)
		a, b, c := part(r), part(r), part(r)
		left := booking.MergeStale(booking.MergeStale(a, b), c)
		right := booking.MergeStale(a, booking.MergeStale(b, c))
		if x, y := bytesOf(t, bare(left)), bytesOf(t, bare(right)); x != y {
			t.Fatalf("seed %d:\n%s\n%s", seed, x, y)
		}
		if x, y := bytesOf(t, bare(booking.MergeNewer(a, b))), bytesOf(t, bare(booking.MergeNewer(a, booking.Inherit(b, a)))); x != y {
			t.Fatalf("seed %d, inherited:\n%s\n%s", seed, x, y)
		}
	}
}

// The state after a payment has the status it had before.
func TestPaymentsNeverTouchTheStatus(t *testing.T) {
	for seed := range uint64(500) {
		r := dice(seed)
		state, p := randomTidy(r), randomTidy(r)
		p.Type, p.Origin.LookedUp = booking.PaymentRecorded, false
		got := booking.MergeNewer(state, p)
		if got.Booking.Status != state.Booking.Status || got.Origin != state.Origin {
			t.Fatalf("seed %d: %s became %s", seed, state.Booking.Status, got.Booking.Status)
		}
	}
}

func randomTidy(r *rand.Rand) booking.Event {
	e := random(r)
	e.Tidy()
	return e
}

// part is one truth with whole parts of it left out.
func part(r *rand.Rand) booking.Event {
	e := full()
	b := &e.Booking
	v := reflect.ValueOf(b).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && v.Type().Field(i).Name != "StatusNative" && r.IntN(2) == 0 {
			f.SetZero()
		}
	}
	if r.IntN(2) == 0 {
		b.Status, b.StatusNative = booking.StatusUnknown, nil
	}
	if r.IntN(2) == 0 {
		b.Kind, b.PaymentStatus = "", booking.PaymentUnknown
	}
	b.Refs = some(r, booking.Ref{Kind: "a", Value: "1"}, booking.Ref{Kind: "b", Value: "2"})
	if r.IntN(2) == 0 {
		e.Payment, e.Cancellation = nil, nil
	}
	return e
}

// bare is the booking without what tells of the event that last spoke of it.
func bare(e booking.Event) booking.Event {
	return booking.Event{Booking: e.Booking}
}

func bytesOf(t testing.TB, e booking.Event) string {
	t.Helper()
	out, err := booking.MarshalInternal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(out))
}
