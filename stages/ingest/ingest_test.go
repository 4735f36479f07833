package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/stages/ingest"
)

// plug identifies by a header and verifies by the path's secret.
type plug struct{ pipeline.Provider }

func (plug) Identify(r pipeline.Request) (pipeline.Identity, error) {
	if r.Header.Get("Key") == "" {
		return pipeline.Identity{}, pipeline.Rejectf(pipeline.Malformed, "no key")
	}
	return pipeline.Identity{EventID: r.Header.Get("Event"), NativeEvent: "changed", Key: r.Header.Get("Key")}, nil
}

func (plug) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	if r.PathSecret != "right" {
		return pipeline.Verification{}, pipeline.Rejectf(pipeline.Unverified, "secret")
	}
	return pipeline.Verification{Method: "url-secret"}, nil
}

func (plug) Normalise(pipeline.Event) ([]booking.Event, error) { return nil, errors.New("not here") }

func source(change func(*pipeline.Source)) pipeline.Source {
	s := pipeline.Source{Name: "src", Plugin: "plug", Path: "/hooks/src/{secret}", Provider: plug{}, URLSecret: true, Methods: []string{"GET", "POST"}}
	if change != nil {
		change(&s)
	}
	return s
}

func stage(t *testing.T, cfg ingest.Config, from pipeline.Source) pipeline.Stage {
	t.Helper()
	s, err := ingest.New(cfg, pipeline.StageDeps{Sources: map[string]pipeline.Source{"src": from}, Clock: pipeline.WallClock{}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve receives webhooks on a real connection and hands on what came of them.
func serve(t *testing.T, cfg ingest.Config) (url string, received <-chan result) {
	t.Helper()
	from := source(nil)
	receiver := stage(t, cfg, from).(pipeline.Receiver)
	results := make(chan result, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/hooks/src/{secret}", func(w http.ResponseWriter, r *http.Request) {
		ev, err := receiver.Receive(w, r, from)
		results <- result{ev, err}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/hooks/src/s3cret", results
}

type result struct {
	ev  pipeline.Event
	err error
}

func limits() ingest.Config {
	cfg := ingest.Defaults()
	cfg.MaxBody = 16
	return cfg
}

func post(t *testing.T, url string, body io.Reader) {
	t.Helper()
	response, err := http.Post(url, "application/json", body)
	if err == nil {
		response.Body.Close()
	}
}

func reasonOf(err error) pipeline.Reason {
	r, ok := pipeline.AsRejection(err)
	if !ok {
		return ""
	}
	return r.Reason
}

func TestABodyIsTakenToTheByteOrRefusedNeverCut(t *testing.T) {
	tests := []struct {
		name string
		body io.Reader
		want pipeline.Reason
	}{
		{"at the limit", strings.NewReader("0123456789abcdef"), ""},
		{"chunked, at the limit", io.MultiReader(strings.NewReader("0123456789abcdef")), ""},
		{"over the limit", strings.NewReader("0123456789abcdefg"), pipeline.TooLarge},
		{"chunked, over the limit", io.MultiReader(strings.NewReader("0123456789abcdefg")), pipeline.TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url, received := serve(t, limits())
			post(t, url, tt.body)
			got := <-received
			if reasonOf(got.err) != tt.want {
				t.Fatalf("error is %v, want %q", got.err, tt.want)
			}
			if tt.want == "" && string(got.ev.Request.Body) != "0123456789abcdef" {
				t.Errorf("body is %q", got.ev.Request.Body)
			}
		})
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	cfg := limits()
	cfg.ReadTimeout = config.Duration(20 * time.Millisecond)
	url, received := serve(t, cfg)
	never, unblock := io.Pipe()
	defer unblock.Close()
	go post(t, url, never)
	if got := <-received; reasonOf(got.err) != pipeline.TooSlow {
		t.Errorf("error is %v", got.err)
	}
}

func TestARequestWithoutABodyHasAnEmptyOne(t *testing.T) {
	url, received := serve(t, limits())
	response, err := http.Get(url + "?event=cancelled&booking_id=1")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	got := (<-received).ev
	if got.Request.Body == nil || len(got.Request.Body) != 0 {
		t.Errorf("body is %v, want empty and not nil", got.Request.Body)
	}
	if got.Request.RawQuery != "event=cancelled&booking_id=1" || got.Request.Path != "/hooks/src/{secret}" || got.Request.PathSecret != "s3cret" {
		t.Errorf("request is %q %q", got.Request.Path, got.Request.RawQuery)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	url, received := serve(t, limits())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := <-received; reasonOf(got.err) != pipeline.BadMethod {
		t.Errorf("error is %v", got.err)
	}
}

func hook(secret string, headers ...string) pipeline.Event {
	r := pipeline.Request{Method: "POST", PathSecret: secret, Header: http.Header{}, Body: []byte("{}")}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return pipeline.Event{Source: "src", Request: r}
}

func process(t *testing.T, s pipeline.Stage, ev pipeline.Event) (pipeline.Event, error) {
	t.Helper()
	out, err := s.Process(t.Context(), ev)
	if err != nil {
		return pipeline.Event{}, err
	}
	return out[0], nil
}

func TestTheDeliveryIDIsTheProvidersOrADigestOfWhatWasSaid(t *testing.T) {
	s := stage(t, limits(), source(nil))
	with, err := process(t, s, hook("right", "Key", "b1", "Event", "e1"))
	if err != nil || with.ID != "e1" {
		t.Errorf("id is %q, %v", with.ID, err)
	}
	one, _ := process(t, s, hook("right", "Key", "b1"))
	again, _ := process(t, s, hook("right", "Key", "b1", "X-Request-Id", "other"))
	if one.ID == "" || one.ID != again.ID {
		t.Errorf("the same webhook has the ids %q and %q", one.ID, again.ID)
	}
	other := hook("right", "Key", "b1")
	other.Request.Body = []byte("{ }")
	if changed, _ := process(t, s, other); changed.ID == one.ID {
		t.Error("another body has the same id")
	}
}

func TestRawRecordsOfOneBookingAreKeyedByIt(t *testing.T) {
	for _, one := range []bool{true, false} {
		s := stage(t, limits(), source(func(s *pipeline.Source) { s.OneBooking = one }))
		ev, err := process(t, s, hook("right", "Key", "b1"))
		if want := map[bool]string{true: "src/b1", false: "b1"}[one]; err != nil || ev.Key != want {
			t.Errorf("one booking %v: key is %q, %v; want %q", one, ev.Key, err, want)
		}
	}
}

func TestAStrangersGarbageIsUnverifiedNotMalformed(t *testing.T) {
	s := stage(t, limits(), source(nil))
	if _, err := process(t, s, hook("wrong")); reasonOf(err) != pipeline.Unverified {
		t.Errorf("a stranger's error is %v", err)
	}
	if _, err := process(t, s, hook("right")); reasonOf(err) != pipeline.Malformed {
		t.Errorf("a sender's error is %v", err)
	}
}

func TestLimitsAreBounded(t *testing.T) {
	for at, wrong := range map[string]func(*ingest.Config){
		"max_body":            func(c *ingest.Config) { c.MaxBody = 0 },
		"max_body ":           func(c *ingest.Config) { c.MaxBody, c.Bytes = 1<<40, 1<<40 },
		"read_timeout":        func(c *ingest.Config) { c.ReadTimeout = 0 },
		"read_timeout ":       func(c *ingest.Config) { c.ReadTimeout = config.Duration(61 * time.Second) },
		"max_in_flight":       func(c *ingest.Config) { c.InFlight = 0 },
		"max_in_flight_bytes": func(c *ingest.Config) { c.Bytes = c.MaxBody - 1 },
	} {
		cfg := ingest.Defaults()
		wrong(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(at)+":") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if err := ingest.Defaults().Validate(); err != nil {
		t.Error(err)
	}
}

func TestAnAbortedBodyIsNoWebhook(t *testing.T) {
	receiver := stage(t, limits(), source(nil)).(pipeline.Receiver)
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/hooks/src/x", bytes.NewReader([]byte("half")))
	r.ContentLength = 9
	if _, err := receiver.Receive(httptest.NewRecorder(), r, source(nil)); reasonOf(err) != pipeline.TooSlow {
		t.Errorf("error is %v", err)
	}
}
