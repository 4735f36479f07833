package command_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

func TestADrainAnswersWhatIsUnderWayAndLosesNoneOfIt(t *testing.T) {
	s := newSite(t, studentSite)
	r := s.startReady(t)

	var taken sync.Map // ids answered 200
	var count atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			c := &http.Client{Transport: transport, Timeout: patience}
			for n := 0; ctx.Err() == nil; n++ {
				booking := fmt.Sprintf("HB%d-%d", sender, n)
				switch code := post(ctx, c, r.webhooks+studentPath, student(booking, 1)); code {
				case http.StatusOK:
					taken.Store("studentcom/"+booking, true)
					count.Add(1)
				case 0: // no more connections are taken
					if n > 0 && ctx.Err() == nil && status(t, r.admin+"/healthz") == 0 {
						return
					}
				case http.StatusServiceUnavailable:
				default:
					t.Errorf("%s answered %d", booking, code)
				}
			}
		})
	}
	r.until(t, "busy", func() bool { return count.Load() > 50 })
	code := r.stop(t)
	stop()
	senders.Wait()
	if code != 0 {
		t.Errorf("ended with %d:\n%s", code, r.log)
	}

	again := s.startReady(t)
	s.atPorts(t, studentSite, again)
	missing := func() int {
		published := map[string]bool{}
		for _, e := range s.tail(t, "bookings.events") {
			published[e.Key] = true
		}
		n := 0
		taken.Range(func(key, _ any) bool {
			if !published[key.(string)] {
				n++
			}
			return true
		})
		return n
	}
	again.until(t, "all published", func() bool { return missing() == 0 })
}

func TestSignalsBeforeTheRunIsUpEndItInOrder(t *testing.T) {
	s := newSite(t, studentSite)
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	var stdout, stderr buffer
	if code := runWith(s.process(&stdout, &stderr, signals), "run", "-c", s.config()); code != 0 {
		t.Errorf("ended with %d:\n%s", code, stderr.String())
	}
}
