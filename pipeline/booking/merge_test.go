package booking_test

import (
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

func TestDifferentThingsAreNotMixed(t *testing.T) {
	tests := []struct {
		name       string
		from, into func(*booking.Booking)
		mixed      func(booking.Booking) bool
	}{
		{
			"a name and an id that nothing ties together",
			func(b *booking.Booking) { b.Product = &booking.Product{ID: ptr("p1")} },
			func(b *booking.Booking) { b.Product = &booking.Product{Name: ptr("Casa")} },
			func(b booking.Booking) bool { return b.Product.ID != nil },
		},
		{
			"two stays that begin on one day",
			func(b *booking.Booking) {},
			func(b *booking.Booking) {
				b.Service = &booking.Service{StartsAt: b.Service.StartsAt, Zone: b.Service.Zone, Precision: booking.Day, Nights: ptr(3)}
			},
			func(b booking.Booking) bool { return b.Service.EndsAt != nil },
		},
		{
			"the end of one stay and the length of another",
			func(b *booking.Booking) {
				b.Service = &booking.Service{StartsAt: b.Service.StartsAt, Zone: b.Service.Zone, Precision: booking.Day, Nights: ptr(4)}
			},
			func(b *booking.Booking) {
				b.Service = &booking.Service{EndsAt: b.Service.EndsAt, Zone: b.Service.Zone, Precision: booking.Day, Nights: ptr(4)}
			},
			func(b booking.Booking) bool { return b.Service.StartsAt != nil },
		},
		{
			"the instant of one zone in another",
			func(b *booking.Booking) {},
			func(b *booking.Booking) {
				b.Service = &booking.Service{StartsAt: b.Service.StartsAt, Zone: "UTC", Precision: booking.Day}
			},
			func(b booking.Booking) bool { return b.Service.StartLocal != nil },
		},
		{
			"the parts of another total",
			func(b *booking.Booking) {},
			func(b *booking.Booking) {
				b.Price = &booking.Price{Currency: "MXN", Exponent: 2, TotalMinor: 1, Components: []booking.Component{}}
			},
			func(b booking.Booking) bool { return len(b.Price.Components) > 0 },
		},
		{
			"a confirmation and a booking that is pending again",
			func(b *booking.Booking) {},
			func(b *booking.Booking) { b.Status, b.ConfirmedAt = booking.StatusPending, nil },
			func(b booking.Booking) bool { return b.ConfirmedAt != nil },
		},
		{
			"the tier of another label",
			func(b *booking.Booking) {},
			func(b *booking.Booking) { b.Terms = &booking.Terms{LabelNative: ptr("strict")} },
			func(b booking.Booking) bool { return b.Terms.Tier != nil },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			latest, newer := reservation(), reservation()
			tt.from(&latest.Booking)
			tt.into(&newer.Booking)
			for name, got := range map[string]booking.Event{
				"inherit": booking.Inherit(newer, latest), "newer": booking.MergeNewer(latest, newer), "stale": booking.MergeStale(newer, latest),
			} {
				if tt.mixed(got.Booking) {
					t.Errorf("%s mixed them", name)
				}
			}
		})
	}
}

func TestFillingAPathLeavesItsNeighboursAlone(t *testing.T) {
	e := reservation()
	e.Booking.Price = nil
	e.Quality.Missing = []string{"price", "price.components", "price_list"}
	if got := booking.Inherit(e, reservation()).Quality.Missing; !slices.Equal(got, []string{"price_list"}) {
		t.Errorf("missing = %q", got)
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
