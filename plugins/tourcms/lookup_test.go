package tourcms_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

const hookQuery = "event=new_confirmed_web&account_id=4069&account_name=testoperator&channel_id=3930&booking_id=1234"

// tickingClock moves on a second whenever it is read, so that two signatures
// of one look-up differ.
type tickingClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *tickingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

func (*tickingClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

var start = time.Date(2025, 6, 10, 10, 6, 40, 0, time.UTC)

// bench is a provider with a simulated API behind it.
type bench struct {
	api      *tourcmstest.API
	provider pipeline.Provider
	cfg      tourcms.Config
	dialled  atomic.Int64
}

func newBench(t *testing.T, change ...func(*tourcms.Config)) *bench {
	t.Helper()
	b := &bench{api: tourcmstest.Handler(map[string][]byte{"1234": recorded(t, "confirmed")}, tourcmstest.Key{Channel: 3930, APIKey: "AAAAAA"})}
	b.api.Now = func() time.Time { return start }
	server := httptest.NewUnstartedServer(b.api)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			b.dialled.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	b.cfg = testConfig()
	b.cfg.BaseURL, b.cfg.AllowPrivate = server.URL+"/", true
	for _, fn := range change {
		fn(&b.cfg)
	}
	b.provider = build(t, b.cfg, nil)
	return b
}

func build(t testing.TB, cfg tourcms.Config, transport http.RoundTripper) pipeline.Provider {
	t.Helper()
	p, err := tourcms.New(cfg, pipeline.ProviderDeps{Source: "tourcms", Zone: time.UTC, Clock: &tickingClock{now: start}, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.(io.Closer).Close() })
	return p
}

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	answer, err := os.ReadFile("testdata/" + name + "/lookup.xml")
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func lookUp(ctx context.Context, p pipeline.Provider, query string) (pipeline.LookUp, error) {
	return p.(pipeline.Enricher).LookUp(ctx, pipeline.Event{Request: pipeline.Request{Method: "GET", RawQuery: query}})
}

// verdict is what a look-up's error tells the stage that gets it.
func verdict(err error) string {
	var last interface{ Final() pipeline.Reason }
	if r, ok := pipeline.AsRejection(err); ok {
		return "rejected: " + string(r.Reason)
	}
	if _, ok := pipeline.AsOutage(err); ok {
		return "outage"
	}
	if errors.As(err, &last) {
		return "again, then " + string(last.Final())
	}
	if err == nil {
		return "answered"
	}
	return "other: " + err.Error()
}

func TestLookUpGivesTheAnswerByteForByte(t *testing.T) {
	b := newBench(t)
	got, err := lookUp(t.Context(), b.provider, hookQuery)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Body) != string(recorded(t, "confirmed")) || got.ContentType != "text/xml; charset=utf-8" || !got.At.After(start) {
		t.Errorf("answer %v %q", got.At, got.ContentType)
	}
	for range 20 {
		if _, err := lookUp(t.Context(), b.provider, hookQuery); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.dialled.Load(); n != 1 {
		t.Errorf("%d connections for look-ups one after the other, want 1 kept alive", n)
	}
}

func TestAsManyConnectionsAreKeptAsLookUpsRanAtOnce(t *testing.T) {
	const atOnce = 400
	var dialled atomic.Int64
	asked, answer, body := make(chan struct{}, atOnce), make(chan struct{}), recorded(t, "confirmed")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		_, _ = w.Write(body)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dialled.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	cfg := testConfig()
	cfg.BaseURL, cfg.AllowPrivate = server.URL, true
	p := build(t, cfg, nil)
	for range 2 {
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				if _, err := lookUp(t.Context(), p, hookQuery); err != nil {
					t.Error(err)
				}
			})
		}
		for range atOnce {
			<-asked
		}
		for range atOnce {
			answer <- struct{}{}
		}
		all.Wait()
	}
	if n := dialled.Load(); n != atOnce {
		t.Errorf("%d connections for %d look-ups at once, two times", n, atOnce)
	}
}

func TestLookUpIsDecidedByTheErrorElement(t *testing.T) {
	other := []byte(strings.Replace(string(recorded(t, "confirmed")), "<booking_id>1234<", "<booking_id>1235<", 1))
	account := []byte(strings.Replace(string(recorded(t, "confirmed")), "<account_id>4069<", "<account_id>4070<", 1))
	channel := []byte(strings.Replace(string(recorded(t, "confirmed")), "<channel_id>3930<", "<channel_id>3931<", 1))
	good := recorded(t, "confirmed")
	failing := func(status int, body []byte, header ...string) tourcmstest.Step {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if len(header) == 2 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(status)
			_, _ = w.Write(body)
			return true
		}
	}
	odd := []byte("<response><error>OVER THE LIMIT</error></response>")
	for _, tc := range []struct {
		name, want string
		calls      int
		steps      []tourcmstest.Step
	}{
		{"no such booking yet", "again, then not_found", 1, []tourcmstest.Step{tourcmstest.Fail("NO MATCHING DATA")}},
		{"wrong signature", "rejected: look_up_refused", 1, []tourcmstest.Step{tourcmstest.Fail("FAIL_SIG")}},
		{"unknown key", "rejected: look_up_refused", 1, []tourcmstest.Step{tourcmstest.Fail("FAIL_KEYNOTFOUND")}},
		{"no permission", "rejected: look_up_refused", 1, []tourcmstest.Step{tourcmstest.Fail("FAIL_PERM")}},
		{"clock, once", "answered", 2, []tourcmstest.Step{tourcmstest.Fail("FAIL_TIME")}},
		{"clock, for good", "again, then look_up_refused", 2, []tourcmstest.Step{tourcmstest.Fail("FAIL_TIME"), tourcmstest.Fail("FAIL_TIME")}},
		{"undocumented error", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Fail("WEBHOOK_TIMEOUT")}},
		{"500", "outage", 1, []tourcmstest.Step{tourcmstest.Status(500, "")}},
		{"503", "outage", 1, []tourcmstest.Step{tourcmstest.Status(503, "7")}},
		{"429", "outage", 1, []tourcmstest.Step{tourcmstest.Status(429, "7")}},
		{"429 with an unknown error", "outage", 1, []tourcmstest.Step{failing(429, odd)}},
		{"over the hour's limit", "outage", 1, []tourcmstest.Step{failing(200, odd, "X-RateLimit-Remaining", "0")}},
		{"OK with status 500", "answered", 1, []tourcmstest.Step{failing(500, good)}},
		{"no booking with status 404", "again, then not_found", 1, []tourcmstest.Step{failing(404, []byte("<response><error>NO MATCHING DATA</error></response>"))}},
		{"404 of something else", "again, then bad_answer", 1, []tourcmstest.Step{failing(404, []byte("not found"))}},
		{"403 of something else", "again, then look_up_refused", 1, []tourcmstest.Step{failing(403, []byte("<html>"))}},
		{"redirect", "outage", 1, []tourcmstest.Step{failing(302, nil, "Location", "http://169.254.169.254/")}},
		{"not XML", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body([]byte("<html><br></html>"))}},
		{"empty", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body(nil)}},
		{"no error element", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body([]byte("<response/>"))}},
		{"OK without a booking", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body([]byte("<response><error>OK</error></response>"))}},
		{"another booking", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body(other)}},
		{"another account", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body(account)}},
		{"another channel", "again, then bad_answer", 1, []tourcmstest.Step{tourcmstest.Body(channel)}},
		{"too large", "rejected: bad_answer", 1, []tourcmstest.Step{tourcmstest.Body(make([]byte, 4<<20+1))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.api.Script(tc.steps...)
			_, err := lookUp(t.Context(), b.provider, hookQuery)
			if got := verdict(err); got != tc.want || b.api.Calls() != tc.calls {
				t.Errorf("%s after %d calls, want %s after %d (%v)", got, b.api.Calls(), tc.want, tc.calls, err)
			}
			if err != nil && (strings.Contains(err.Error(), "AAAAAA") || strings.Contains(err.Error(), "http://")) {
				t.Errorf("the error holds a key or a URL: %v", err)
			}
			if o, ok := pipeline.AsOutage(err); ok && strings.HasPrefix(tc.name, "503") && o.RetryAfter != 7*time.Second {
				t.Errorf("retry after %v, the API said 7 s", o.RetryAfter)
			}
		})
	}
}

func TestLookUpWithAWrongKeyIsRefused(t *testing.T) {
	for name, key := range map[string]string{"another key": "BBBBBB", "key with a blank": "AAAAAA "} {
		b := newBench(t, func(c *tourcms.Config) { c.Channels[0].APIKey = config.NewSecret(key) })
		_, err := lookUp(t.Context(), b.provider, hookQuery)
		if got := verdict(err); got != "rejected: look_up_refused" {
			t.Errorf("%s: %s", name, got)
		}
		if strings.Contains(err.Error(), key) {
			t.Errorf("%s: the error holds the key", name)
		}
	}
}

func TestLookUpPicksTheChannelOfTheHook(t *testing.T) {
	for name, tc := range map[string]struct{ query, want string }{
		"listed":                      {hookQuery, "answered"},
		"account not configured":      {strings.Replace(hookQuery, "4069", "4070", 1), "rejected: unknown_account"},
		"channel not configured":      {strings.Replace(hookQuery, "3930", "3931", 1), "rejected: unknown_account"},
		"no channel, one entry":       {strings.Replace(hookQuery, "&channel_id=3930", "", 1), "answered"},
		"no channel, several entries": {"account_id=5000&booking_id=1234", "rejected: unknown_account"},
		"no booking":                  {"account_id=4069&channel_id=3930", "rejected: malformed"},
	} {
		b := newBench(t, func(c *tourcms.Config) {
			c.Channels = append(c.Channels,
				tourcms.Channel{Account: 5000, Channel: 1, APIKey: config.NewSecret("x1")},
				tourcms.Channel{Account: 5000, Channel: 2, APIKey: config.NewSecret("x2")})
		})
		_, err := lookUp(t.Context(), b.provider, tc.query)
		if got := verdict(err); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// breaking loses the connection of the first calls.
type breaking struct {
	lost int
	next http.RoundTripper
	seen []string // the signatures
}

func (b *breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	b.seen = append(b.seen, r.Header.Get("Authorization"))
	if b.lost > 0 {
		b.lost--
		return nil, io.ErrUnexpectedEOF
	}
	return b.next.RoundTrip(r)
}

func TestLookUpCallsAgainOnceWhenTheConnectionBreaks(t *testing.T) {
	b := newBench(t)
	next := &http.Transport{}
	t.Cleanup(next.CloseIdleConnections)
	transport := &breaking{lost: 1, next: next}
	if _, err := lookUp(t.Context(), build(t, b.cfg, transport), hookQuery); err != nil {
		t.Fatal(err)
	}
	if len(transport.seen) != 2 || transport.seen[0] == transport.seen[1] {
		t.Errorf("%d calls, want 2 with signatures of their own", len(transport.seen))
	}
	transport = &breaking{lost: 9, next: next}
	_, err := lookUp(t.Context(), build(t, b.cfg, transport), hookQuery)
	if got := verdict(err); got != "outage" || len(transport.seen) != 2 {
		t.Errorf("%s after %d calls", got, len(transport.seen))
	}
}

func TestLookUpFollowsItsContext(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.api.Script(tourcmstest.Before(func(r *http.Request) { cancel(); <-r.Context().Done() }))
	_, err := lookUp(ctx, b.provider, hookQuery)
	if _, outage := pipeline.AsOutage(err); outage || !errors.Is(err, context.Canceled) {
		t.Errorf("a shutdown gives %v", err)
	}
	late, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	if _, err = lookUp(late, b.provider, hookQuery); verdict(err) != "outage" {
		t.Errorf("a host that lets us wait gives %v", err)
	}
}

// A public name may lead to a private address: the address is judged after DNS.
func TestLookUpDialsNoPrivateAddress(t *testing.T) {
	b := newBench(t)
	cfg := b.cfg
	cfg.AllowPrivate = false
	_, port, _ := strings.Cut(strings.TrimPrefix(strings.Trim(cfg.BaseURL, "/"), "http://"), ":")
	cfg.BaseURL = "https://localhost:" + port
	_, err := lookUp(t.Context(), build(t, cfg, nil), hookQuery)
	if verdict(err) != "outage" || !strings.Contains(err.Error(), "not public") {
		t.Errorf("%v", err)
	}
	if n := b.dialled.Load(); n != 0 {
		t.Errorf("%d connections to a private address", n)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	other := tourcmstest.Handler(nil)
	elsewhere := httptest.NewServer(other)
	t.Cleanup(elsewhere.Close)
	b := newBench(t)
	b.api.Script(func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		return true
	})
	if _, err := lookUp(t.Context(), b.provider, hookQuery); verdict(err) != "outage" {
		t.Errorf("%v", err)
	}
	if other.Calls() != 0 {
		t.Error("a signed request was sent elsewhere")
	}
}

func TestManyLookUpsAtOnce(t *testing.T) {
	b := newBench(t)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if _, err := lookUp(t.Context(), b.provider, hookQuery); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TourCMS' inline notification is a POST with the booking as body; refusing it
// would fail the customer's booking. It is a hint like the other one.
func TestPostIsTheSameHint(t *testing.T) {
	p := newBench(t).provider
	want, err := p.Identify(pipeline.Request{Method: "GET", RawQuery: hookQuery, Body: []byte{}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Identify(pipeline.Request{Method: "POST", RawQuery: hookQuery, Body: recorded(t, "confirmed-since-cancelled")})
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
