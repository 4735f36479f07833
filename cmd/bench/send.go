package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
)

// sendJob says how to send webhooks.
type sendJob struct {
	Addr     string
	Conns    int
	Warm     int // seconds that are not measured
	Secs     int
	Bookings int
	// Rate is how many webhooks are due in a second; 0: each connection sends
	// the next as soon as the last is answered.
	Rate int
	// Events is the topic to wait for the events on; "" for none.
	Events  string
	Brokers []string
}

// sendAnswer is what came of it; times are in milliseconds.
type sendAnswer struct {
	All      int // answered 200, warm-up included
	Measured int // answered 200 and measured
	Bad      int // answered otherwise or not at all
	Seconds  float64
	P50, P99 float64

	Seen                      int // events, warm-up included
	SeenP50, SeenP99, SeenMax float64
}

// send sends webhooks. It writes a line when the warm-up is over and one when
// the last webhook was answered.
func send(ctx context.Context, j sendJob, out io.Writer) (sendAnswer, error) {
	s := &sender{job: j, set: payload.Set{Bookings: j.Bookings}}
	if j.Rate == 0 {
		s.write()
	}
	var events *watcher
	if j.Events != "" {
		events = watchEvents(ctx, j)
	}
	s.start = time.Now()
	s.measured = s.start.Add(time.Duration(j.Warm) * time.Second)
	s.end = s.measured.Add(time.Duration(j.Secs) * time.Second)
	told := time.AfterFunc(time.Until(s.measured), func() { fmt.Fprintln(out, "begin") })
	defer told.Stop()
	err := s.all(ctx)
	fmt.Fprintln(out, "end")
	if err != nil {
		return sendAnswer{}, err
	}
	answer := s.answer()
	if events != nil {
		err = events.wait(ctx, &answer, s.measured)
	}
	return answer, err
}

// sender is many connections that send webhooks.
type sender struct {
	job                  sendJob
	set                  payload.Set
	ready                [][]byte // requests that are sent over and over
	start, measured, end time.Time

	mu   sync.Mutex
	sums []tally
}

// tally is what one connection saw.
type tally struct {
	all, bad int
	times    []time.Duration // of those that were measured
}

// prepared is how many requests are made beforehand.
const prepared = 20_000

func (s *sender) write() {
	s.ready = make([][]byte, prepared)
	for i := range s.ready {
		s.ready[i] = request(s.set.Make(i))
	}
}

// all sends on every connection until the end.
func (s *sender) all(ctx context.Context) error {
	due := s.schedule(ctx)
	errs := make(chan error, s.job.Conns)
	var senders sync.WaitGroup
	for n := range s.job.Conns {
		senders.Go(func() {
			c, err := dial(ctx, s.job.Addr)
			if err != nil {
				errs <- err
				return
			}
			defer c.conn.Close()
			var t tally
			if due == nil {
				t, err = s.closed(c, n)
			} else {
				t, err = s.paced(c, due)
			}
			if err != nil {
				errs <- err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sums = append(s.sums, t)
		})
	}
	senders.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// closed sends one webhook after the other.
func (s *sender) closed(c *client, n int) (tally, error) {
	var t tally
	for i := n; ; i += s.job.Conns {
		began := time.Now()
		if !began.Before(s.end) {
			return t, nil
		}
		if err := t.send(c, s.ready[i%len(s.ready)], began, began.After(s.measured)); err != nil {
			return t, err
		}
	}
}

func (t *tally) send(c *client, request []byte, due time.Time, measured bool) error {
	code, err := c.roundTrip(request)
	if err != nil {
		return err
	}
	if code != 200 {
		t.bad++
		return nil
	}
	t.all++
	if measured {
		t.times = append(t.times, time.Since(due))
	}
	return nil
}

func (s *sender) answer() sendAnswer {
	a := sendAnswer{Seconds: s.end.Sub(s.measured).Seconds()}
	var times []time.Duration
	for _, t := range s.sums {
		a.All += t.all
		a.Bad += t.bad
		times = append(times, t.times...)
	}
	slices.Sort(times)
	a.Measured = len(times)
	a.P50, a.P99 = quantile(times, .5), quantile(times, .99)
	return a
}

// quantile gives a quantile of sorted times in milliseconds, 0 of none.
func quantile(times []time.Duration, q float64) float64 {
	if len(times) == 0 {
		return 0
	}
	return millis(times[int(q*float64(len(times)-1))])
}
