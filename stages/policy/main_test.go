package policy_test

import (
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/policies"
	"github.com/reservoirhq/reservoir/stages/policy"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is a limit that no test meets unless it means to.
const patience = time.Minute

// shipped is the built-in policy, compiled once for all tests.
var shipped = sync.OnceValues(func() (*policy.Engine, error) {
	return policy.NewEngine(policies.FS, policy.DefaultQuery, patience)
})

func builtIn(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func engine(t testing.TB, fsys fs.FS) *policy.Engine {
	t.Helper()
	e, err := policy.NewEngine(fsys, policy.DefaultQuery, patience)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rego is a bundle of one module in the package that the default query names.
func rego(text string) fstest.MapFS {
	return fstest.MapFS{"p.rego": {Data: []byte("package travel.refund\n\n" + text)}}
}

func decide(t testing.TB, e *policy.Engine, ev pipeline.Event) policy.Decision {
	t.Helper()
	d, err := e.Decide(context.Background(), ev)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func codes(list []policy.Violation) map[string]bool {
	found := map[string]bool{}
	for _, v := range list {
		found[v.Code] = true
	}
	return found
}

func reasons(list []policy.Reason) map[string]bool {
	found := map[string]bool{}
	for _, r := range list {
		found[r.Code] = true
	}
	return found
}

func at(text string) *time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return &t
}

func ptr[T any](v T) *T { return &v }

// bk42 is the example of the contract: a guest calls off a stay in Mexico 4981
// minutes before it begins.
func bk42() pipeline.Event {
	e := &booking.Event{
		ID: "evt_1", Type: booking.Cancelled, Time: *at("2026-06-01T09:59:58Z"),
		Booking: booking.Booking{
			ID: "goodbay/bk_42", Provider: "redbroom", Source: "goodbay", Refs: []booking.Ref{{Kind: "booking", Value: "bk_42"}},
			Kind: booking.Stay, Status: booking.StatusCancelled, StatusNative: ptr("cancelled"), PaymentStatus: booking.PaymentUnknown,
			BookedAt: at("2026-05-01T10:00:00Z"), CancelledAt: at("2026-06-01T09:59:58Z"),
			Service: &booking.Service{
				StartsAt: at("2026-06-04T21:00:00Z"), EndsAt: at("2026-06-08T17:00:00Z"), StartLocal: ptr("2026-06-04T15:00"),
				EndLocal: ptr("2026-06-08T11:00"), Zone: "America/Mexico_City", Precision: booking.Day, Nights: ptr(4),
			},
			Product: &booking.Product{ID: ptr("prop_9"), Name: ptr("Casa")}, Party: &booking.Party{Size: ptr(2)},
			Price:  price("MXN", 845050, booking.Component{Type: "accommodation", AmountMinor: 700001}),
			Terms:  &booking.Terms{LabelNative: ptr("moderate"), Tier: ptr("goodbay.moderate")},
			People: []booking.Person{{Role: "guest", Token: "tok_secret", Identity: "ana@example.com"}},
		},
		Cancellation: &booking.Cancellation{
			RequestedAt: at("2026-06-01T09:59:58Z"), By: booking.ByGuest,
			ReasonCode: ptr("change_of_plans"), ReasonNative: ptr("ill, see my letter"),
		},
		RefundReported: []booking.Reported{{Field: "refundAmountCents", Currency: ptr("MXN"), Exponent: ptr(2), AmountMinor: ptr(int64(422524))}},
		Quality:        booking.Quality{Assumed: []string{"service.start_local"}},
	}
	return pipeline.Event{
		Source: "goodbay", Plugin: "redbroom", ID: "delivery_1", Key: e.Booking.ID, Booking: e,
		ReceivedAt: *at("2026-06-01T10:00:00Z"), TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

func price(currency string, total int64, parts ...booking.Component) *booking.Price {
	return &booking.Price{Currency: currency, Exponent: 2, TotalMinor: total, Components: parts}
}

// with gives bk42 with changes.
func with(change func(*booking.Event)) pipeline.Event {
	ev := bk42()
	change(ev.Booking)
	return ev
}

// before moves the cancellation of ev to minutes before the start.
func before(e *booking.Event, minutes int) {
	when := e.Booking.Service.StartsAt.Add(-time.Duration(minutes) * time.Minute)
	e.Cancellation.RequestedAt = &when
}

func deps() pipeline.StageDeps {
	return pipeline.StageDeps{Pipeline: "bookings", Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler)}
}

func golden(t *testing.T, name string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(text)+"\n" {
		t.Errorf("%s differs; run with -update and read the difference\n got %s", name, text)
	}
}
