package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// dueWebhook is one webhook of a steady rate. Its event id tells when it was
// due, so that whoever reads the event knows how old it is; a webhook that is
// sent late, because the ones before were slow, counts from when it was due.
type dueWebhook struct {
	i  int
	at time.Time
}

const idPrefix = "due-"

// schedule gives the webhooks as they are due, nil where none is.
func (s *sender) schedule(ctx context.Context) <-chan dueWebhook {
	if s.job.Rate == 0 {
		return nil
	}
	total := s.job.Rate * (s.job.Warm + s.job.Secs)
	due := make(chan dueWebhook, total) // never waits for a slow pipeline
	go func() {
		defer close(due)
		for i := range total {
			at := s.start.Add(time.Duration(i) * time.Second / time.Duration(s.job.Rate))
			if (pipeline.WallClock{}).Sleep(ctx, time.Until(at)) != nil {
				return
			}
			due <- dueWebhook{i, at}
		}
	}()
	return due
}

func (s *sender) paced(c *client, due <-chan dueWebhook) (tally, error) {
	var t tally
	for d := range due {
		w := s.set.MakeAs(d.i, idPrefix+strconv.FormatInt(d.at.UnixNano(), 10))
		if err := t.send(c, request(w), d.at, !d.at.Before(s.measured)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// watcher reads the events topic while webhooks are sent.
type watcher struct {
	stop context.CancelFunc
	done chan struct{}
	err  error

	mu   sync.Mutex
	seen []sighting
}

type sighting struct{ due, at time.Time }

func watchEvents(ctx context.Context, j sendJob) *watcher {
	ctx, stop := context.WithCancel(ctx)
	w := &watcher{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.err = w.follow(ctx, j)
	}()
	return w
}

func (w *watcher) follow(ctx context.Context, j sendJob) error {
	admin, err := kafka.NewAdmin(kafka.Config{Brokers: j.Brokers, MaxRecord: maxRecord})
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	return admin.Tail(ctx, j.Events, kafka.Oldest, func(r pipeline.Record) error {
		now := time.Now()
		due, err := dueOf(r.Value)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, sighting{due, now})
		return nil
	})
}

// dueOf reads from an event when its webhook was due.
func dueOf(event []byte) (time.Time, error) {
	_, rest, found := bytes.Cut(event, []byte(`"delivery_id":"`+idPrefix))
	digits, _, _ := bytes.Cut(rest, []byte(`"`))
	nanos, err := strconv.ParseInt(string(digits), 10, 64)
	if !found || err != nil {
		return time.Time{}, fmt.Errorf("an event of %d bytes has no delivery id of ours", len(event))
	}
	return time.Unix(0, nanos), nil
}

// lag bounds how long after the last answer an event may be seen.
const lag = 10 * time.Second

// wait waits for the last events and fills in how long they took.
func (w *watcher) wait(ctx context.Context, a *sendAnswer, measured time.Time) error {
	for end := time.Now().Add(lag); w.count() < a.All && time.Now().Before(end); {
		if err := (pipeline.WallClock{}).Sleep(ctx, look); err != nil {
			return err
		}
	}
	w.stop()
	<-w.done
	var times []time.Duration
	for _, s := range w.seen {
		if !s.due.Before(measured) {
			times = append(times, s.at.Sub(s.due))
		}
	}
	slices.Sort(times)
	a.Seen = len(w.seen)
	a.SeenP50, a.SeenP99, a.SeenMax = quantile(times, .5), quantile(times, .99), quantile(times, 1)
	return w.err
}

func (w *watcher) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}
