package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/time/rate"

	"github.com/reservoirhq/reservoir/pipeline"
)

// door is a receiver that takes what it is given.
type door struct{ stageFunc }

func (door) Receive(_ http.ResponseWriter, r *http.Request, from pipeline.Source) (pipeline.Event, error) {
	if r.Method == http.MethodDelete {
		return pipeline.Event{}, pipeline.Rejectf(pipeline.BadMethod, "no")
	}
	ev := rawEvent()
	ev.Source, ev.Request.Header = from.Name, r.Header
	return *ev, nil
}

func (door) MaxInFlight() int        { return 2 }
func (door) MaxBody() int64          { return 1 << 20 }
func (door) MaxInFlightBytes() int64 { return 1 << 20 }

func testWeb(t testing.TB, log *memoryLog, stage stageFunc) *web {
	t.Helper()
	m := testMetrics(t)
	c := measuredChain(m, door{stage})
	c.retrier.once = true
	h := newHealth(m)
	h.pinged(nil)
	h.start()
	clock := pipeline.WallClock{}
	return &web{
		source: pipeline.Source{Name: "src", Methods: []string{"GET", "POST"}}, receiver: door{}, chain: c, log: log,
		writer:  writer{pipeline: "bookings", to: "bookings.raw.{source}", topics: testTopics(), scrub: scrubber(nil), clock: clock},
		rejects: newRejects(log, clock), doorway: newDoorway(2, 1<<20, 1<<20), health: h, metrics: m, counts: m.web("bookings", "src"), clock: clock,
		random: func() uint64 { return 7 }, logger: quiet(), outcry: seldom(),
	}
}

func call(h http.Handler, method string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "/hooks/src", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAWebhookIsAnswered200OnceItsTopicHasIt(t *testing.T) {
	log := &memoryLog{}
	w := call(testWeb(t, log, pass), http.MethodPost, "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if w.Code != 200 || w.Body.String() != `{"id":"d1","text":"accepted"}` || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	raw := log.on("bookings.raw.src")
	if len(raw) != 1 || raw[0].Text("ce_id") != "d1" || !strings.HasPrefix(raw[0].Text("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-") {
		t.Errorf("raw records %+v", raw)
	}
}

func TestOurTroubleIs503WithRetryAfter(t *testing.T) {
	tests := map[string]func(*web, *memoryLog){
		"the write fails":            func(_ *web, l *memoryLog) { l.fail = func([]pipeline.Record) error { return errTrouble } },
		"the broker is out of reach": func(h *web, _ *memoryLog) { h.health.pinged(errTrouble) },
		"draining":                   func(h *web, _ *memoryLog) { h.health.drain() },
		"too many at once":           func(h *web, _ *memoryLog) { h.doorway.enter(0); h.doorway.enter(0) },
		"a stage fails":              func(h *web, _ *memoryLog) { h.chain.steps[0].stage = failing(errTrouble) },
		"a stage panics": func(h *web, _ *memoryLog) {
			h.chain.steps[0].stage = stageFunc(func(context.Context, pipeline.Event) ([]pipeline.Event, error) { panic(1) })
		},
	}
	for name, break_ := range tests {
		t.Run(name, func(t *testing.T) {
			log := &memoryLog{}
			h := testWeb(t, log, pass)
			break_(h, log)
			w := call(h, http.MethodPost)
			if w.Code != 503 || w.Header().Get("Retry-After") == "" || len(log.records) != 0 {
				t.Errorf("answer %d, Retry-After %q, %d records", w.Code, w.Header().Get("Retry-After"), len(log.records))
			}
			wantProblem(t, w)
		})
	}
}

func TestAnOutageIsLoggedSomeTimesNotForEveryWebhook(t *testing.T) {
	log := &memoryLog{fail: func([]pipeline.Record) error { return errTrouble }}
	h := testWeb(t, log, pass)
	var lines bytes.Buffer
	h.logger = slog.New(slog.NewTextHandler(&lines, nil))
	for range 200 {
		if w := call(h, http.MethodPost); w.Code != 503 {
			t.Fatalf("answer %d", w.Code)
		}
	}
	if n := strings.Count(lines.String(), "webhook answered 503"); n < 1 || n > 20 {
		t.Errorf("200 webhooks made %d lines", n)
	}
	if n := testutil.ToFloat64(h.metrics.webAnswers.WithLabelValues("src", "503")); n != 200 {
		t.Errorf("%v of 200 are counted", n)
	}
}

func wantProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var p struct {
		Status int
		Title  string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Title == "" {
		t.Errorf("problem %s, %v", w.Body, err)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %s", got)
	}
}

func TestTheSendersFaultIs4xxInProblemJSON(t *testing.T) {
	for reason, want := range map[pipeline.Reason]int{
		pipeline.Malformed: 400, pipeline.Unverified: 401, pipeline.BadMethod: 405, pipeline.TooSlow: 408, pipeline.TooLarge: 413,
	} {
		t.Run(string(reason), func(t *testing.T) {
			w := call(testWeb(t, &memoryLog{}, stageFunc(failing(pipeline.Rejectf(reason, "why")))), http.MethodPost)
			if w.Code != want {
				t.Errorf("answer %d, want %d", w.Code, want)
			}
			wantProblem(t, w)
			if allow := w.Header().Get("Allow"); (allow == "GET, POST") != (reason == pipeline.BadMethod) {
				t.Errorf("Allow is %q", allow)
			}
		})
	}
}

func TestA401SaysNothingOfWhatWasWrong(t *testing.T) {
	w := call(testWeb(t, &memoryLog{}, stageFunc(failing(pipeline.Rejectf(pipeline.Unverified, "no such app")))), http.MethodPost)
	if strings.Contains(w.Body.String(), "app") {
		t.Errorf("answer %s", w.Body)
	}
}

func TestA400WaitsUntilItIsKept(t *testing.T) {
	malformed := stageFunc(failing(pipeline.Rejectf(pipeline.Malformed, "why")))
	log := &memoryLog{}
	if w := call(testWeb(t, log, malformed), http.MethodPost); w.Code != 400 {
		t.Fatalf("answer %d", w.Code)
	}
	kept := log.on("bookings.rejected")
	if len(kept) != 1 || kept[0].Text("rejected_reason") != "malformed" || string(kept[0].Value) != string(rawEvent().Request.Body) {
		t.Errorf("kept %+v", kept)
	}
	log.fail = func([]pipeline.Record) error { return errTrouble }
	if w := call(testWeb(t, log, malformed), http.MethodPost); w.Code != 503 {
		t.Errorf("with the broker away the answer is %d", w.Code)
	}
}

// knowing verifies whoever has the header.
type knowing struct{ pipeline.Provider }

func (knowing) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	if r.Header.Get("Known") == "" {
		return pipeline.Verification{}, pipeline.Rejectf(pipeline.Unverified, "stranger")
	}
	return pipeline.Verification{Method: "header"}, nil
}

func TestAStrangersGarbageIsAnswered400AndDoesNotFillTheRejectedTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := testWeb(t, log, stageFunc(failing(pipeline.Rejectf(pipeline.Malformed, "why"))))
		h.source.Provider = knowing{}
		ctx, stop := context.WithCancel(t.Context())
		go h.rejects.run(ctx)
		for range 300 {
			if w := call(h, http.MethodPost); w.Code != 400 {
				t.Fatalf("answer %d", w.Code)
			}
		}
		synctest.Wait()
		if n := len(log.on("bookings.rejected")); n != 100 {
			t.Errorf("%d of strangers were kept, want 100", n)
		}
		if w := call(h, http.MethodPost, "Known", "yes"); w.Code != 400 || len(log.on("bookings.rejected")) != 101 {
			t.Errorf("a sender's is answered %d, %d kept", w.Code, len(log.on("bookings.rejected")))
		}
		stop()
		synctest.Wait()
	})
}

func TestA401NeverWaitsAndAHundredAMinuteAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := testWeb(t, log, stageFunc(failing(pipeline.Rejectf(pipeline.Unverified, "why"))))
		log.fail = func([]pipeline.Record) error { time.Sleep(time.Millisecond); return nil }
		ctx, stop := context.WithCancel(t.Context())
		go h.rejects.run(ctx)
		began := time.Now()
		for range 500 {
			if w := call(h, http.MethodPost); w.Code != 401 {
				t.Fatalf("answer %d", w.Code)
			}
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("strangers waited %s", waited)
		}
		time.Sleep(30 * time.Second)
		if n := len(log.on("bookings.rejected")); n != 100 {
			t.Errorf("%d were kept, want 100", n)
		}
		stop()
		synctest.Wait()
	})
}

func TestTheRateLimitCountsWhatIsVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		verified := true
		h := testWeb(t, log, func(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
			if !verified {
				return nil, pipeline.Rejectf(pipeline.Unverified, "why")
			}
			return pass(ctx, ev)
		})
		h.limit = rate.NewLimiter(0.5, 1)
		verified = false
		for range 10 { // strangers take nothing of the quota
			call(h, http.MethodPost)
		}
		verified = true
		if w := call(h, http.MethodPost); w.Code != 200 {
			t.Fatalf("the first is answered %d", w.Code)
		}
		w := call(h, http.MethodPost)
		if w.Code != 429 || w.Header().Get("Retry-After") != "2" {
			t.Errorf("the second is answered %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		time.Sleep(2 * time.Second)
		if w := call(h, http.MethodPost); w.Code != 200 {
			t.Errorf("after Retry-After the answer is %d", w.Code)
		}
	})
}

func TestReadinessSaysWhy(t *testing.T) {
	m := testMetrics(t)
	h := newHealth(m)
	ready := func() (int, string) {
		w := httptest.NewRecorder()
		h.readyz(w, nil)
		return w.Code, w.Body.String()
	}
	steps := []struct {
		do   func()
		code int
		says string
	}{
		{func() {}, 503, "not reached yet"},
		{func() { h.pinged(nil) }, 503, "starting"},
		{h.start, 200, "ready"},
		{func() { h.wrote(errors.New("x")) }, 503, "not acknowledged"},
		{func() { h.pinged(nil) }, 200, "ready"},
		{func() { h.wrote(context.Canceled) }, 200, "ready"}, // a sender went away
		{func() { h.pinged(errTrouble) }, 503, "no broker"},
		{func() { h.pinged(nil); h.drain() }, 503, "draining"},
	}
	for i, s := range steps {
		s.do()
		if code, body := ready(); code != s.code || !strings.Contains(body, s.says) {
			t.Errorf("step %d: %d %s", i, code, body)
		}
	}
}
