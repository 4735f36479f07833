package policy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/stages/policy"
)

func builtInStage(t testing.TB) pipeline.Stage {
	t.Helper()
	c := policy.Defaults()
	c.Timeout = config.Duration(10 * time.Second) // no test fails on a busy machine
	s, err := policy.New(c, deps())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// process gives the one decision record of an event.
func process(t testing.TB, s pipeline.Stage, ev pipeline.Event) pipeline.Record {
	t.Helper()
	out, err := s.Process(context.Background(), ev)
	if err != nil || len(out) != 1 || len(out[0].Side) != 1 || out[0].Side[0].Output != pipeline.Decisions {
		t.Fatalf("%d events, %v", len(out), err)
	}
	return out[0].Side[0].Record
}

func TestDecisionGoesOutAsACloudEvent(t *testing.T) {
	ev := bk42()
	r := process(t, builtInStage(t), ev)
	if string(r.Key) != "goodbay/bk_42" || r.Topic != "" {
		t.Errorf("key %q, topic %q", r.Key, r.Topic)
	}
	want := map[string]string{
		"ce_specversion": "1.0", "ce_id": pipeline.DecisionID("evt_1"), "ce_source": pipeline.EventSource(ev),
		"ce_type": "travel.booking.decided.v1", "ce_subject": "goodbay/bk_42", "ce_time": "2026-06-01T10:00:00Z",
		"ce_dataschema": "urn:travel:booking-decision:1.0.0", "content-type": "application/json", "traceparent": ev.TraceParent,
	}
	for name, value := range want {
		if r.Text(name) != value {
			t.Errorf("%s is %q, want %q", name, r.Text(name), value)
		}
	}
	if len(ev.Side) != 0 {
		t.Error("the event that came in was changed")
	}
}

func TestOnlyJudgedTypesGetADecision(t *testing.T) {
	s := builtInStage(t)
	for _, typ := range booking.Types() {
		ev := with(func(e *booking.Event) { e.Type = typ })
		out, err := s.Process(context.Background(), ev)
		if err != nil || len(out) != 1 || out[0].Booking != ev.Booking {
			t.Fatalf("%s: %v", typ, err)
		}
		judged := typ == booking.Cancelled || typ == booking.Expired
		if got := len(out[0].Side) == 1; got != judged {
			t.Errorf("%s: decision %v, want %v", typ, got, judged)
		}
	}
	out, err := s.Process(context.Background(), pipeline.Event{ID: "no booking"})
	if err != nil || len(out) != 1 || len(out[0].Side) != 0 {
		t.Errorf("an event without a booking: %v %v", out, err)
	}
}

// What is not judged costs no more than handing it on: the list it is in.
func TestWhatIsNotJudgedCostsNothing(t *testing.T) {
	s := builtInStage(t)
	ev := with(func(e *booking.Event) { e.Type = booking.Updated })
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Process(context.Background(), ev) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// What another stage attached stays.
func TestOtherSideRecordsStay(t *testing.T) {
	ev := bk42().Attach(pipeline.Lookups, pipeline.Record{Key: []byte("x")})
	out, err := builtInStage(t).Process(context.Background(), ev)
	if err != nil || len(out[0].Side) != 2 || out[0].Side[0].Output != pipeline.Lookups {
		t.Errorf("%v %v", out, err)
	}
}

// Invariants 7 and 12: made again, by another process, at another time, the
// decision is the same to the byte.
func TestReplayGivesTheSameBytes(t *testing.T) {
	first := process(t, builtInStage(t), bk42())
	other := builtInStage(t)
	for range 20 {
		again := process(t, other, bk42())
		if !bytes.Equal(first.Value, again.Value) || !slices.EqualFunc(first.Headers, again.Headers, func(a, b pipeline.Header) bool {
			return a.Key == b.Key && bytes.Equal(a.Value, b.Value)
		}) {
			t.Fatalf("differs:\n%s\n%s", first.Value, again.Value)
		}
	}
}

// Several goroutines share one compiled policy and its data.
func TestDecisionsAtTheSameTimeAreTheSame(t *testing.T) {
	s := builtInStage(t)
	want := process(t, s, bk42()).Value
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				out, err := s.Process(context.Background(), bk42())
				if err != nil || !bytes.Equal(out[0].Side[0].Record.Value, want) {
					t.Errorf("differs, %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestDecisionIDDependsOnTheEventAlone(t *testing.T) {
	review := engine(t, rego("result := {\"decision\": \"review\"}\n"))
	a, b := decide(t, builtIn(t), bk42()), decide(t, review, bk42())
	if a.DecisionID != b.DecisionID || a.Policy.Digest == b.Policy.Digest {
		t.Errorf("ids %s %s, digests %s %s", a.DecisionID, b.DecisionID, a.Policy.Digest, b.Policy.Digest)
	}
}

// One refund: a further decision on the same cancellation says which one it
// supersedes.
func TestSupersedes(t *testing.T) {
	key := pipeline.RefundKey(bk42().Booking)
	cancelled := string(booking.Cancelled)
	for _, tc := range []struct {
		name  string
		known []pipeline.Refund
		want  string // event id
	}{
		{"nothing known", nil, ""},
		{"the event itself", []pipeline.Refund{{Key: key, EventID: "evt_1", Type: cancelled}}, ""},
		{"another cancellation", []pipeline.Refund{{Key: "other", EventID: "evt_0", Type: cancelled}}, ""},
		{"a type that is not judged", []pipeline.Refund{{Key: key, EventID: "evt_0", Type: string(booking.Updated)}}, ""},
		{"the last of several", []pipeline.Refund{
			{Key: key, EventID: "evt_a", Type: cancelled},
			{Key: key, EventID: "evt_b", Type: cancelled},
			{Key: "other", EventID: "evt_c", Type: cancelled},
			{Key: key, EventID: "evt_1", Type: cancelled},
		}, "evt_b"},
	} {
		ev := bk42()
		ev.Refunds = tc.known
		got := decide(t, builtIn(t), ev)
		if got.RefundKey != key {
			t.Errorf("%s: refund key %s, want %s", tc.name, got.RefundKey, key)
		}
		if tc.want == "" && got.Supersedes != nil || tc.want != "" && (got.Supersedes == nil || *got.Supersedes != pipeline.DecisionID(tc.want)) {
			t.Errorf("%s: supersedes %v", tc.name, got.Supersedes)
		}
	}
}

// Invariant 10: nothing of a person is in what the policy sees or says.
func TestInputAndDecisionHoldNoPersonalData(t *testing.T) {
	in, err := policy.Input(bk42())
	if err != nil {
		t.Fatal(err)
	}
	out := process(t, builtInStage(t), bk42()).Value
	for _, secret := range []string{"tok_secret", "ana@example.com", "see my letter", "Casa", "people"} {
		if bytes.Contains(in, []byte(secret)) || bytes.Contains(out, []byte(secret)) {
			t.Errorf("%q came through", secret)
		}
	}
	golden(t, "bk_42.input.json", json.RawMessage(in))
}

func TestInputAndDecisionFollowTheirSchemas(t *testing.T) {
	input, decision := schema(t, policy.InputSchema()), schema(t, policy.Schema())
	bare := with(func(e *booking.Event) {
		*e = booking.Event{ID: "evt_1", Type: booking.Cancelled, Booking: booking.Booking{ID: "a/b", Kind: booking.Tour, Status: booking.StatusCancelled}}
	})
	for name, ev := range map[string]pipeline.Event{
		"example": bk42(), "bare": bare,
		"expired":  with(func(e *booking.Event) { e.Type, e.Booking.Status = booking.Expired, booking.StatusExpired }),
		"no price": with(func(e *booking.Event) { e.Booking.Price = nil }),
	} {
		text, err := policy.Input(ev)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, name+" input", input, text)
		valid(t, name+" decision", decision, process(t, builtInStage(t), ev).Value)
	}
	broken, err := json.Marshal(decide(t, engine(t, rego("result := 1\n")), bk42()))
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "policy_error", decision, broken)
}

func schema(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("mem:///x.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:///x.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, name string, s *jsonschema.Schema, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%s: %v\n%s", name, err, text)
	}
}

// A shutdown is no verdict: the record will be read again.
func TestCancelledContextIsReturned(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if out, err := builtInStage(t).Process(ctx, bk42()); !errors.Is(err, context.Canceled) || out != nil {
		t.Errorf("%v, %v", out, err)
	}
	slow := engine(t, rego(endless))
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := slow.Decide(ctx, bk42()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's deadline: %v", err)
	}
}

// Trouble with the policy is told to the operator, without what it said.
func TestTroubleIsLoggedWithoutPayload(t *testing.T) {
	var log bytes.Buffer
	d := deps()
	d.Log = slog.New(slog.NewTextHandler(&log, nil))
	d.Dir = t.TempDir()
	writeBundle(t, d.Dir, "package travel.refund\n\nresult := {\"decision\": input.booking.product.id}\n")
	c := policy.Defaults()
	c.Bundle, c.Timeout = ".", config.Duration(10*time.Second)
	s, err := policy.New(c, d)
	if err != nil {
		t.Fatal(err)
	}
	r := process(t, s, bk42())
	if !bytes.Contains(r.Value, []byte(`"policy_error"`)) || bytes.Contains(r.Value, []byte("prop_9")) {
		t.Errorf("decision %s", r.Value)
	}
	for _, want := range []string{"reason=policy_error", "event_id=evt_1", "key=goodbay/bk_42"} { // the pipeline is the logger's own
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s: %s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "prop_9") {
		t.Errorf("the log holds what the policy said: %s", log.String())
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*policy.Config)
		path   string
	}{
		{"defaults", func(*policy.Config) {}, ""},
		{"no query", func(c *policy.Config) { c.Query = "" }, "query"},
		{"a query that is no name", func(c *policy.Config) { c.Query = "data.x.y == 1" }, "query"},
		{"a query by variable", func(c *policy.Config) { c.Query = "data.x[y]" }, "query"},
		{"a query of the input", func(c *policy.Config) { c.Query = "input.x.y" }, "query"},
		{"a query of a whole package", func(c *policy.Config) { c.Query = "data.x" }, "query"},
		{"no time", func(c *policy.Config) { c.Timeout = 0 }, "timeout"},
		{"too long", func(c *policy.Config) { c.Timeout = config.Duration(time.Minute) }, "timeout"},
		{"a shadow without a folder", func(c *policy.Config) { c.Shadow = &policy.Shadow{} }, "shadow.bundle"},
		{"a space", func(c *policy.Config) { c.Bundle = " x" }, "bundle"},
	} {
		c := policy.Defaults()
		tc.change(&c)
		err := c.Validate()
		var fault *config.Fault
		if tc.path == "" && err != nil || tc.path != "" && (!errors.As(err, &fault) || fault.Path != tc.path) {
			t.Errorf("%s: %v, want a fault at %q", tc.name, err, tc.path)
		}
		if _, built := policy.New(c, deps()); (built == nil) != (err == nil) {
			t.Errorf("%s: New says %v", tc.name, built)
		}
	}
}

func TestSpecNeedsNormalise(t *testing.T) {
	s := policy.Spec()
	if s.Name != "policy" || !slices.Equal(s.Needs, []string{"normalise"}) {
		t.Errorf("%s needs %v", s.Name, s.Needs)
	}
}
