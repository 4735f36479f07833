package command_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

const lookedUpSite = `
kafka:
  brokers: [%BROKER%]
  delivery: %DELIVERY%
  topics: {partitions: 1}
listen: 127.0.0.1:0
admin: 127.0.0.1:0
privacy: {key: {env: PRIVACY_KEY}}
sources:
  studentcom: {plugin: studentcom, path: "/hooks/studentcom/{secret}", config: {secret: {env: STUDENT_SECRET}}}
` + tourcmsSource + `pipelines:
  bookings:
    sources: [studentcom, tourcms]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, enrich: {attempts: 3}, normalise, {to: bookings.normalised}, {dedupe: {dir: "%DIR%/state"}}, policy]
`

// A look-up host that is down holds up its own source, however much of it waits:
// nothing of that is spent, and no member leaves its group over it.
func TestALookUpHostThatIsDownHoldsUpItsOwnSourceAlone(t *testing.T) {
	for _, tt := range []struct {
		delivery string
		hints    int // more than a partition's window holds
	}{
		{"at_least_once", 700},
		{"exactly_once", 1700},
	} {
		t.Run(tt.delivery, func(t *testing.T) {
			t.Parallel()
			holdsUpItself(t, tt.delivery, tt.hints)
		})
	}
}

func holdsUpItself(t *testing.T, delivery string, hints int) {
	host := newHost(t, hints)
	cluster := fakeCluster(t)
	joins := joining(cluster)
	s := newSite(t, strings.NewReplacer("%BROKER%", cluster.ListenAddrs()[0], "%DELIVERY%", delivery, "%API%", host.url).Replace(lookedUpSite))
	s.env = fourSourceSecrets()
	s.env["STUDENT_SECRET"] = studentSecret
	r := s.startReady(t)
	r.until(t, "reading", func() bool {
		return r.metric(t, "reservoir_lag", "bookings.raw.tourcms") == 0 && r.metric(t, "reservoir_lag", "bookings.normalised") == 0
	})
	before := joins.Load()

	r.hint(t, s.env["TOURCMS_SECRET"], hints)
	r.until(t, "a full window", func() bool { // more was read than may be under way
		open := r.metric(t, "reservoir_partition_in_flight", "bookings.raw.tourcms")
		return open > 0 && open < hints && open < r.metric(t, "reservoir_lag", "bookings.raw.tourcms")
	})
	r.until(t, "the lag of all that waits", func() bool { // nothing more is fetched, which would tell
		return r.metric(t, "reservoir_lag", "bookings.raw.tourcms") == hints
	})
	var wanted []string
	for n := range 20 {
		booking := fmt.Sprintf("HB%d", n)
		if code := r.book(t, booking); code != http.StatusOK {
			t.Fatalf("%s is answered %d", booking, code)
		}
		wanted = append(wanted, "studentcom/"+booking)
	}
	r.until(t, "the other source published", func() bool { return len(missing(wanted, s.published(t))) == 0 })
	if n := len(s.published(t)); n != len(wanted) {
		t.Errorf("%d events while the host is down", n)
	}
	asked := host.refused.Load()
	r.until(t, "an outage that would spend every attempt", func() bool { return host.refused.Load() >= asked+2 })

	host.up.Store(true)
	r.until(t, "caught up", func() bool { return len(s.published(t)) >= len(wanted)+hints })
	if n := len(s.published(t)); n != len(wanted)+hints {
		t.Errorf("%d events", n)
	}
	for _, topic := range []string{"bookings.dead", "bookings.retry"} {
		if n := len(s.tail(t, topic)); n > 0 {
			t.Errorf("%d records in %s", n, topic)
		}
	}
	if n := joins.Load() - before; n > 0 {
		t.Errorf("groups were joined %d times while the host was down", n)
	}
}

// joining counts the joins of groups: each begins a generation.
func joining(cluster *kfake.Cluster) *atomic.Int64 {
	var joins atomic.Int64
	cluster.ControlKey(int16(kmsg.JoinGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
		joins.Add(1)
		return nil, nil, false
	})
	return &joins
}

// host is a TourCMS API that answers 503 until it is up, and then knows every
// booking of the hints.
type host struct {
	url     string
	up      atomic.Bool
	refused atomic.Int64
}

func newHost(t *testing.T, hints int) *host {
	t.Helper()
	recorded, err := pipeline.ReadCase(specOf(t, "tourcms").Cases, "confirmed")
	if err != nil {
		t.Fatal(err)
	}
	bookings := map[string][]byte{}
	for n := range hints {
		id := strconv.Itoa(hinted(n))
		bookings[id] = bytes.ReplaceAll(recorded.LookUp, []byte("1234"), []byte(id))
	}
	api := tourcmstest.Handler(bookings, tourcmstest.Key{Channel: 3930, APIKey: fourSourceSecrets()["TOURCMS_API_KEY"]})
	h := &host{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.up.Load() {
			api.ServeHTTP(w, r)
			return
		}
		h.refused.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func hinted(n int) int { return 500000 + n }

// hint sends as many webhooks, each about another booking, some at a time.
func (r *running) hint(t *testing.T, secret string, hints int) {
	t.Helper()
	recorded, err := pipeline.ReadCase(specOf(t, "tourcms").Cases, "confirmed")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: patience}
	var senders sync.WaitGroup
	for first := range 8 {
		senders.Go(func() {
			for n := first; n < hints; n += 8 {
				query := strings.Replace(recorded.Request.RawQuery, "booking_id=1234", fmt.Sprintf("booking_id=%d", hinted(n)), 1)
				if code := post(t.Context(), c, r.webhooks+"/hooks/tourcms/"+secret+"?"+query, ""); code != http.StatusOK {
					t.Errorf("a hint is answered %d", code)
				}
			}
		})
	}
	senders.Wait()
}

// metric gives a number of a topic's only partition, -1 while there is none.
func (r *running) metric(t *testing.T, name, topic string) int {
	t.Helper()
	line := regexp.MustCompile(`(?m)^` + name + `\{[^}]*topic="` + regexp.QuoteMeta(topic) + `"\} (\d+)$`)
	found := line.FindStringSubmatch(body(t, r.admin+"/metrics"))
	if found == nil {
		return -1
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
