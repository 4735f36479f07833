package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The kill test's amount is read from these variables.
const (
	killWebhooks = "RESERVOIR_TEST_KILL_WEBHOOKS" // default 2000
	killTimes    = "RESERVOIR_TEST_KILL_TIMES"    // default 5
	killSeed     = "RESERVOIR_TEST_KILL_SEED"     // default: a new one, which is printed
)

// TestNothingThatWasAnswered200IsLostByKills sends webhooks over several
// connections while the process is killed and started again; senders call
// until they are answered 200, as providers do. Each booking has two versions,
// sent one after the other.
func TestNothingThatWasAnswered200IsLostByKills(t *testing.T) {
	killed(t, studentSite)
}

// TestExactlyOncePublishesNothingTwiceHoweverOftenItIsKilled is the same under
// transactions: a reader of what is committed sees every delivery once.
func TestExactlyOncePublishesNothingTwiceHoweverOftenItIsKilled(t *testing.T) {
	k := killed(t, strings.Replace(studentSite, "kafka:\n", "kafka:\n  delivery: exactly_once\n", 1))
	if n := len(k.tail(t, "bookings.events")); n != k.bookings*2 {
		t.Errorf("%d events of %d deliveries", n, k.bookings*2)
	}
}

func killed(t *testing.T, site string) *killing {
	t.Helper()
	if testing.Short() {
		t.Skip("it kills processes for some seconds")
	}
	webhooks, times, seed := setting(t, killWebhooks, 2000), setting(t, killTimes, 5), setting(t, killSeed, int(rand.Uint32()))
	t.Logf("%s=%d %s=%d %s=%d", killWebhooks, webhooks, killTimes, times, killSeed, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))

	s := newSite(t, site)
	run := &killing{site: s, bookings: webhooks / 2}
	run.child.Store(s.spawn(t))
	sent := make(chan struct{})
	go func() { defer close(sent); run.sendAll(t) }()
	t.Cleanup(func() { <-sent }) // the end of the test's context ends it
	for n := range times {
		// Kills are spread over the sending; the seed says how far apart.
		next := int64(webhooks*(n+1)/(times+1)) + random.Int64N(int64(webhooks/(times+1)/2+1))
		within(t, fmt.Sprintf("answered %d times", next), func() bool { return run.answered.Load() >= next }, run.log)
		run.child.Load().kill(t)
		run.child.Store(s.spawn(t))
	}
	<-sent
	run.child.Load().signal(t)
	run.child.Load().wait(t)

	r := s.startReady(t)
	s.atPorts(t, site, r)
	r.until(t, "published", func() bool { return len(run.first(t)) == run.bookings*2 })
	run.judge(t)
	return run
}

// killing is one kill test under way.
type killing struct {
	*site
	bookings int
	child    atomic.Pointer[child]
	answered atomic.Int64
	repeated atomic.Int64 // sent again, for want of an answer
}

func (k *killing) log() string { return k.child.Load().log.String() }

// sendAll sends every booking's versions until each is answered 200.
func (k *killing) sendAll(t *testing.T) {
	next := make(chan int)
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			c := &http.Client{Transport: transport, Timeout: 15 * time.Second}
			for n := range next {
				for version := 1; version <= 2; version++ {
					k.send(t, c, killBooking(n), version)
				}
			}
		})
	}
	for n := range k.bookings {
		next <- n
	}
	close(next)
	senders.Wait()
}

func (k *killing) send(t *testing.T, c *http.Client, booking string, version int) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer := 0
	for ctx.Err() == nil {
		if answer = post(ctx, c, k.child.Load().webhooks+studentPath, student(booking, version)); answer == http.StatusOK {
			k.answered.Add(1)
			return
		}
		k.repeated.Add(1)
		time.Sleep(5 * time.Millisecond) // a sender waits before it calls again
	}
	if t.Context().Err() == nil {
		t.Errorf("%s version %d was never answered 200, the last time %d", booking, version, answer)
	}
}

func killBooking(n int) string { return "HB" + strconv.Itoa(100000+n) }

// first gives the ce_id under which each delivery was published first.
func (k *killing) first(t *testing.T) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, e := range k.tail(t, "bookings.events") {
		if _, seen := ids[deliveryOf(t, e)]; !seen {
			ids[deliveryOf(t, e)] = e.header("ce_id")
		}
	}
	return ids
}

// judge holds the events topic against what was answered.
func (k *killing) judge(t *testing.T) {
	t.Helper()
	events := k.tail(t, "bookings.events")
	ids := k.first(t)
	latest := map[string]int{}
	for _, e := range events {
		delivery := deliveryOf(t, e)
		if e.header("ce_id") != ids[delivery] {
			t.Errorf("%s was published as %s and as %s", delivery, ids[delivery], e.header("ce_id"))
		}
		version := versionOf(t, delivery)
		if version == latest[e.Key]+1 {
			latest[e.Key] = version // new, and in its place
		} else if version > latest[e.Key] {
			t.Errorf("%s came before its earlier version", delivery)
		}
	}
	for n := range k.bookings {
		if v := latest["studentcom/"+killBooking(n)]; v != 2 {
			t.Errorf("%s was answered 200 twice and published up to version %d", killBooking(n), v)
		}
	}
	t.Logf("%d events of %d deliveries, %d webhooks sent again", len(events), len(ids), k.repeated.Load())
}

func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q is no number", name, text)
	}
	return n
}

func deliveryOf(t *testing.T, e record) string {
	t.Helper()
	var event struct {
		Lineage struct {
			DeliveryID string `json:"delivery_id"`
		}
	}
	if err := json.Unmarshal(e.Value, &event); err != nil {
		t.Fatal(err)
	}
	return event.Lineage.DeliveryID
}

func versionOf(t *testing.T, delivery string) int {
	t.Helper()
	version, err := strconv.Atoi(delivery[strings.LastIndexByte(delivery, '-')+1:])
	if err != nil {
		t.Fatalf("delivery %q: %v", delivery, err)
	}
	return version
}
