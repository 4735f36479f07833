package booking_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// reservation is a confirmed stay as a whole snapshot tells it.
func reservation() booking.Event {
	e := full()
	e.ID, e.Type = "r1", booking.Confirmed
	e.Cancellation, e.RefundReported, e.Payment = nil, []booking.Reported{}, nil
	e.Booking.Status, e.Booking.StatusNative = booking.StatusConfirmed, ptr("booked")
	e.Booking.CancelledAt, e.Booking.PaymentStatus = nil, booking.PaymentUnpaid
	e.Origin = booking.Origin{Content: "r1", At: e.Time, NativeKey: "bk_42"}
	return e
}

// thin is a cancellation that tells nothing but itself.
func thin() booking.Event {
	e := booking.Event{
		ID: "x1", Type: booking.Cancelled, Time: full().Time.Add(time.Hour), Lineage: full().Lineage,
		Origin:       booking.Origin{Content: "x1", Thin: true, NativeKey: "bk_42"},
		Cancellation: &booking.Cancellation{By: booking.ByGuest},
		Booking: booking.Booking{
			ID: "goodbay/bk_42", Provider: "redbroom", Source: "goodbay", Status: booking.StatusCancelled, StatusNative: ptr("cancelled"),
			CancelledAt: ptr(full().Time.Add(time.Hour)), Refs: []booking.Ref{{Kind: "channel", Value: "HM1"}},
		},
		Quality: booking.Quality{Missing: []string{"price", "service", "service.starts_at", "cancellation.requested_at"}},
	}
	e.Tidy()
	return e
}

// paid is a payment that tells nothing certain of the booking.
func paid() booking.Event {
	e := thin()
	e.ID, e.Type, e.Cancellation = "p1", booking.PaymentRecorded, nil
	e.Booking.Status, e.Booking.StatusNative, e.Booking.CancelledAt = booking.StatusUnknown, nil, nil
	e.Booking.PaymentStatus = booking.PaymentPartial
	e.Payment = &booking.Payment{ID: "pay_1", AmountMinor: ptr(int64(5))}
	e.Origin = booking.Origin{Content: "p1", At: e.Time, Thin: true, NativeKey: "bk_42"}
	return e
}

func TestAThinCancellationInherits(t *testing.T) {
	latest := reservation()
	latest.Quality.Missing = []string{"party.children", "product.external_id"}
	latest.Quality.Conflicts = []string{"price_odd"}
	latest.Booking.Party.Children, latest.Booking.Product.ExternalID = nil, nil
	got := booking.Inherit(thin(), latest)

	b := got.Booking
	if b.Price != latest.Booking.Price || b.Service != latest.Booking.Service || b.Kind != booking.Stay || b.PaymentStatus != booking.PaymentUnpaid {
		t.Errorf("not inherited: %+v", b)
	}
	if b.Status != booking.StatusCancelled || *b.StatusNative != "cancelled" || !b.CancelledAt.Equal(thin().Time) {
		t.Errorf("what the event says was lost: %+v", b)
	}
	if got.ID != "x1" || got.Origin != thin().Origin || got.Type != booking.Cancelled || *got.Cancellation != *thin().Cancellation || b.UpdatedAt != nil {
		t.Errorf("the event is no longer itself: %+v", got)
	}
	want := booking.Quality{
		Missing:   []string{"cancellation.requested_at", "party.children", "product.external_id"},
		Assumed:   []string{"service.end_local", "service.start_local"},
		Inherited: []string{"booked_at", "confirmed_at", "kind", "party", "payment_status", "people", "price", "product", "refs", "service", "terms"},
		Conflicts: []string{"price_odd"},
	}
	if !reflect.DeepEqual(got.Quality, want) {
		t.Errorf("quality = %+v\nwant %+v", got.Quality, want)
	}
	if len(b.Refs) != 2 || b.Refs[0].Kind != "channel" {
		t.Errorf("refs = %+v, want its own first", b.Refs)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestAPaymentInheritsTheStatusAndChangesOnlyThePaymentStatus(t *testing.T) {
	latest := reservation()
	event := booking.Inherit(paid(), latest)
	if event.Booking.Status != booking.StatusConfirmed || *event.Booking.StatusNative != "booked" || event.Booking.PaymentStatus != booking.PaymentPartial {
		t.Errorf("event = %+v", event.Booking)
	}
	if !slices.Contains(event.Quality.Inherited, "status") || slices.Contains(event.Quality.Inherited, "payment_status") {
		t.Errorf("inherited = %q", event.Quality.Inherited)
	}
	state := booking.MergeNewer(latest, event)
	if state.Booking.Status != booking.StatusConfirmed || state.Booking.PaymentStatus != booking.PaymentPartial || state.Payment == nil {
		t.Errorf("state = %+v", state.Booking)
	}
	if state.Origin != latest.Origin {
		t.Errorf("a payment made the booking newer: %+v", state.Origin)
	}
	if state.ID != "p1" || state.Type != booking.PaymentRecorded || slices.Contains(state.Quality.Inherited, "status") {
		t.Errorf("state = %+v", state)
	}
	silent := paid()
	silent.Booking.PaymentStatus = booking.PaymentUnknown
	if got := booking.MergeNewer(state, silent).Booking.PaymentStatus; got != booking.PaymentPartial {
		t.Errorf("a payment that does not say made it %s", got)
	}
}

func TestAPaymentNeverTouchesWhatIsKnown(t *testing.T) {
	liar := paid()
	liar.Booking.Status, liar.Booking.StatusNative = booking.StatusCancelled, ptr("cancelled")
	liar.Booking.Price = &booking.Price{Currency: "GBP", Exponent: 2, TotalMinor: 1}
	latest := reservation()
	state := booking.MergeNewer(latest, liar)
	if state.Booking.Status != booking.StatusConfirmed || state.Booking.Price != latest.Booking.Price || state.Booking.CancelledAt != nil {
		t.Errorf("state = %+v", state.Booking)
	}
	alone := booking.MergeNewer(booking.Event{}, liar)
	if alone.Booking.Status != booking.StatusUnknown || alone.Booking.StatusNative != nil || !alone.Origin.At.IsZero() || alone.Origin.Content != "" {
		t.Errorf("a payment alone: %+v, %+v", alone.Booking, alone.Origin)
	}
	// The booking's own event comes later, with an earlier time.
	state = booking.MergeNewer(alone, latest)
	if state.Booking.Status != booking.StatusConfirmed || state.Payment == nil || state.Origin != latest.Origin || state.Booking.PaymentStatus != booking.PaymentUnpaid {
		t.Errorf("state = %+v, %+v", state.Booking, state.Origin)
	}
}

// TourCMS looks bookings up on a payment too: that is a snapshot like any other.
func TestALookedUpPaymentIsASnapshot(t *testing.T) {
	e := reservation()
	e.ID, e.Type, e.Booking.Status = "l2", booking.PaymentRecorded, booking.StatusCancelled
	e.Origin = booking.Origin{Content: "l2", At: e.Time.Add(time.Hour), LookedUp: true, NativeKey: "bk_42"}
	state := booking.MergeNewer(reservation(), e)
	if state.Booking.Status != booking.StatusCancelled || state.Origin != e.Origin {
		t.Errorf("state = %+v, %+v", state.Booking, state.Origin)
	}
}

func TestANewerEventWinsAndKeepsWhatItDoesNotSay(t *testing.T) {
	newer := reservation()
	newer.ID, newer.Booking.Price, newer.Booking.Product = "r2", nil, &booking.Product{ID: ptr("other")}
	newer.Booking.PaymentStatus = booking.PaymentUnknown
	newer.Booking.Party = &booking.Party{Size: ptr(2)}
	newer.Quality.Missing = []string{"party.adults", "price"}
	newer.Origin = booking.Origin{Content: "r2", NativeKey: "bk_42"}
	latest := reservation()
	latest.Quality.Conflicts = []string{"old"}
	state := booking.MergeNewer(latest, newer)
	b := state.Booking
	if b.Price != latest.Booking.Price || b.PaymentStatus != booking.PaymentUnpaid {
		t.Errorf("what it does not say was lost: %+v", b)
	}
	if *b.Product.ID != "other" || b.Product.Name != nil {
		t.Errorf("two products were mixed: %+v", b.Product)
	}
	if *b.Party.Adults != 2 || *b.Party.Children != 0 {
		t.Errorf("one party lost its parts: %+v", b.Party)
	}
	want := booking.Quality{Missing: []string{}, Assumed: newer.Quality.Assumed, Inherited: []string{"party.adults", "party.children", "payment_status", "price"}, Conflicts: []string{}}
	if !reflect.DeepEqual(state.Quality, want) {
		t.Errorf("quality = %+v, want %+v", state.Quality, want)
	}
	if state.Origin.Content != "r2" || !state.Origin.At.Equal(latest.Origin.At) {
		t.Errorf("origin = %+v: the version fell back", state.Origin)
	}
}

func TestABookingThatIsAliveAgainIsNotCancelled(t *testing.T) {
	off := booking.MergeNewer(reservation(), full())
	if off.Booking.Status != booking.StatusCancelled || off.Cancellation == nil || len(off.RefundReported) != 1 {
		t.Fatalf("state = %+v", off)
	}
	again := reservation()
	again.ID, again.Origin.Content = "r3", "r3"
	alive := booking.MergeNewer(off, again)
	if alive.Booking.CancelledAt != nil || alive.Cancellation != nil || len(alive.RefundReported) != 0 {
		t.Errorf("state = %+v", alive)
	}
	// An older cancellation that comes late does not call it off either.
	late := booking.MergeStale(alive, full())
	if late.Booking.Status != booking.StatusConfirmed || late.Booking.CancelledAt != nil || late.Cancellation != nil {
		t.Errorf("state = %+v", late)
	}
}

func TestAStatusInAWordOfItsOwnIsNotInherited(t *testing.T) {
	e := reservation()
	e.Booking.Status, e.Booking.StatusNative = booking.StatusUnknown, ptr("after_sales_intervention")
	if got := booking.MergeNewer(reservation(), e).Booking.Status; got != booking.StatusUnknown {
		t.Errorf("status = %s", got)
	}
}

func TestAStaleEventFillsAndOverwritesNothing(t *testing.T) {
	latest := booking.MergeNewer(booking.Event{}, thin())
	stale := reservation()
	stale.Stale = true
	got := booking.MergeStale(latest, stale)
	if got.Booking.Status != booking.StatusCancelled || got.Booking.Price != stale.Booking.Price || got.ID != latest.ID || got.Stale ||
		got.Origin != latest.Origin || got.Lineage != latest.Lineage || got.Cancellation != latest.Cancellation {
		t.Errorf("state = %+v", got)
	}
	if !slices.Contains(got.Quality.Inherited, "price") || slices.Contains(got.Quality.Missing, "price") {
		t.Errorf("quality = %+v", got.Quality)
	}
}

func TestBookingsAreNeverMixed(t *testing.T) {
	other := reservation()
	other.Booking.ID = "goodbay/bk_43"
	for name, merge := range map[string]func(a, b booking.Event) booking.Event{"inherit": booking.Inherit, "newer": booking.MergeNewer, "stale": booking.MergeStale} {
		if got := merge(thin(), other); !reflect.DeepEqual(got, thin()) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

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

func TestUnionsAreBounded(t *testing.T) {
	a, b := reservation(), reservation()
	a.Booking.Refs, b.Booking.Refs = manyRefs("a"), manyRefs("b")
	got := booking.MergeNewer(a, b)
	if len(got.Booking.Refs) != booking.MaxList || got.Booking.Refs[0].Kind != "b" {
		t.Fatalf("%d refs, the first %+v", len(got.Booking.Refs), got.Booking.Refs[0])
	}
	if err := got.Validate(); err != nil {
		t.Fatal(err)
	}
}

func manyRefs(kind string) []booking.Ref {
	refs := make([]booking.Ref, booking.MaxList-1)
	for i := range refs {
		refs[i] = booking.Ref{Kind: kind, Value: time.Duration(i).String()}
	}
	return refs
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
