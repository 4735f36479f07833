package command_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A broker that is restarted is no reason to restart `run`: webhooks are asked
// to come back meanwhile, and all that was accepted before, while it went away,
// and after comes out.
func TestARunGoesOnByItselfWhenItsBrokerIsStartedAgain(t *testing.T) {
	for _, delivery := range []string{"at_least_once", "exactly_once"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			address := freeAddress(t)
			s := brokerSite(t, address, strings.Replace(studentSite, "kafka:\n", "kafka:\n  delivery: "+delivery+"\n", 1))
			b := startBroker(t, s.dir+"/data", address)
			t.Cleanup(func() { _ = b.Close() })
			r := s.startReady(t)

			few := r.sendMany(t, 100)
			r.until(t, "busy", func() bool { return few.count.Load() >= 20 })
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			r.until(t, "unready", func() bool { return status(t, r.admin+"/readyz") == http.StatusServiceUnavailable })
			if code := r.book(t, "HB-without"); code != http.StatusServiceUnavailable {
				t.Errorf("without a broker a webhook is answered %d", code)
			}

			again := startBroker(t, s.dir+"/data", address)
			t.Cleanup(func() { r.stop(t); _ = again.Close() })
			r.until(t, "ready again", func() bool { return status(t, r.admin+"/readyz") == http.StatusOK })
			if code := r.book(t, "HB-after"); code != http.StatusOK {
				t.Errorf("with a broker again it is answered %d", code)
			}
			wanted := append(few.wait(), "studentcom/HB-after")
			r.until(t, "all published", func() bool { return len(missing(wanted, s.published(t))) == 0 })
			if code := r.stop(t); code != 0 {
				t.Errorf("it ended with %d:\n%s", code, r.log)
			}
			published := s.published(t)
			if delivery == "exactly_once" && len(slices.Compact(slices.Clone(published))) != len(published) {
				t.Errorf("published are %v", published)
			}
			if dead := s.tail(t, "bookings.dead"); len(dead) > 0 {
				t.Errorf("%d are dead", len(dead))
			}
		})
	}
}

// book sends a webhook about a booking, and gives the answer's status.
func (r *running) book(t *testing.T, booking string) int {
	t.Helper()
	return post(t.Context(), client(), r.webhooks+studentPath, student(booking, 1))
}

// sending is many webhooks under way.
type sending struct {
	count   atomic.Int64 // answered 200
	senders sync.WaitGroup
	mu      sync.Mutex
	taken   []string // bookings answered 200
}

// sendMany sends webhooks about n bookings, once each, some at a time.
func (r *running) sendMany(t *testing.T, n int) *sending {
	s, next := &sending{}, make(chan string, n)
	for i := range n {
		next <- fmt.Sprintf("HB%03d", i)
	}
	close(next)
	for range 4 {
		s.senders.Go(func() {
			for booking := range next {
				s.answered(t, booking, r.book(t, booking))
			}
		})
	}
	t.Cleanup(s.senders.Wait)
	return s
}

func (s *sending) answered(t *testing.T, booking string, code int) {
	switch code {
	case http.StatusOK:
		s.mu.Lock()
		s.taken = append(s.taken, "studentcom/"+booking)
		s.mu.Unlock()
		s.count.Add(1)
	case http.StatusServiceUnavailable:
	default:
		t.Errorf("%s is answered %d", booking, code)
	}
}

// wait waits for the last answer, and gives what was accepted.
func (s *sending) wait() []string {
	s.senders.Wait()
	return s.taken
}

// published gives the bookings of the events topic, one for each event.
func (s *site) published(t *testing.T) []string {
	t.Helper()
	var keys []string
	for _, e := range s.tail(t, "bookings.events") {
		keys = append(keys, e.Key)
	}
	slices.Sort(keys)
	return keys
}

func missing(wanted, there []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(key string) bool { return slices.Contains(there, key) })
}
