package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

// patience bounds every wait: what takes longer hangs. A consumer group may
// need a session and a rebalance for each of two faults.
const patience = 3 * time.Minute

// soak is one run: a pipeline of several members, senders, and harm.
type soak struct {
	o       options
	cluster *cluster
	site    site
	dir     string
	admin   *kafka.Admin
	api     *tourcmstest.API
	server  *httptest.Server
	report  *report
	fleet   *fleet
	load    *load
	watch   *watch
	looks   *looks
	promise promise
	trouble atomic.Int32       // how many faults have taken brokers away
	stop    context.CancelFunc // of watch and looks
	work    sync.WaitGroup
}

// newSoak makes the pipeline's topics; nothing runs yet.
func newSoak(ctx context.Context, o options, c *cluster, out io.Writer) (*soak, error) {
	s := &soak{o: o, cluster: c, dir: o.keep, report: &report{to: out, began: time.Now()}, api: traffic.NewAPI()}
	var err error
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "reservoir-soak-*"); err != nil {
			return nil, fmt.Errorf("make a folder: %w", err)
		}
	}
	if s.admin, err = kafka.NewAdmin(kafka.Config{Brokers: c.addresses, MaxRecord: maxRecord}); err != nil {
		return nil, err
	}
	s.server = httptest.NewServer(s.api)
	s.site = site{
		name: "soak" + strconv.FormatInt(time.Now().UnixNano(), 36), brokers: c.addresses,
		delivery: o.delivery, api: s.server.URL, parts: o.partitions,
	}
	if err := s.retried(ctx, func() error { return s.site.makeTopics(ctx, s.admin) }); err != nil {
		return nil, errors.Join(err, s.admin.Close())
	}
	if s.looks, err = newLooks(s.site); err != nil {
		return nil, errors.Join(err, s.admin.Close())
	}
	s.fleet = &fleet{site: s.site, root: s.dir, static: o.static, report: s.report}
	s.load = &load{to: s.doors, report: s.report}
	s.watch = &watch{
		admin: s.admin, topic: s.site.output(pipeline.Events), now: time.Now,
		seen: map[string]struct{}{}, last: map[int32]time.Time{}, longest: map[int32]time.Duration{},
	}
	return s, nil
}

// doors are where webhooks are taken.
func (s *soak) doors() []string {
	var all []string
	for _, m := range s.fleet.all() {
		if at := m.address(); at != "" {
			all = append(all, at)
		}
	}
	return all
}

// begin starts members and senders.
func (s *soak) begin(ctx context.Context) error {
	if err := s.fleet.begin(ctx, s.o.members); err != nil {
		return err
	}
	if err := s.until(ctx, "ready", func() bool { return s.fleet.ready(ctx) }); err != nil {
		return err
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.work.Go(func() { s.watch.run(watching) })
	s.work.Go(func() { s.looks.run(watching) })
	if err := s.load.begin(ctx, s.o, s.api); err != nil {
		return err
	}
	// Before anything is taken away, there is something to take away.
	if err := s.until(ctx, "at work", func() bool { return s.watch.counted() >= 20*s.o.partitions }); err != nil {
		return err
	}
	s.watch.mark()
	s.promise = promise{began: time.Now(), calmSince: time.Now()}
	return nil
}

// close ends what is left.
func (s *soak) close() {
	_ = s.cluster.heal()
	if s.load.stop != nil {
		s.load.stop()
	}
	s.fleet.killAll()
	if s.stop != nil {
		s.stop()
	}
	s.work.Wait()
	s.server.Close()
	_ = errors.Join(s.looks.end(), s.admin.Close())
	if s.o.keep == "" && s.report.err() == nil {
		_ = os.RemoveAll(s.dir)
		return
	}
	s.report.say("logs and state are in %s", s.dir)
}

// harm does one fault. What follows from it is told when the next one begins.
func (s *soak) harm(ctx context.Context, f fault, r *rand.Rand) {
	s.report.say("fault %s", f.name)
	began := time.Now()
	if err := f.do(ctx, s, r); err != nil && ctx.Err() == nil {
		s.report.wrong("the fault %s: %v", f.name, err)
	}
	s.report.say("      %s is over after %.1fs", f.name, time.Since(began).Seconds())
}

// look takes a look that counts: no fault may go by without one.
func (s *soak) look(ctx context.Context) {
	if err := s.retried(ctx, func() error { return s.looks.take(ctx) }); err != nil && ctx.Err() == nil {
		s.report.wrong("no look at the offsets: %v", err)
	}
}

// until waits for a condition.
func (s *soak) until(ctx context.Context, what string, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !is() {
		if err := (pipeline.WallClock{}).Sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("not %s in time: %w", what, err)
		}
	}
	return nil
}

// retried does what a cluster in trouble may refuse at first.
func (s *soak) retried(ctx context.Context, do func() error) error {
	var last error
	err := s.until(ctx, "done", func() bool { last = do(); return last == nil })
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}

// inStep waits until the cluster is whole again: every replica of every
// partition of a topic that asks for all of them has a new record. Metadata does
// not tell, because a broker that has lost its controllers goes on saying what
// was true before.
func (s *soak) inStep(ctx context.Context) error {
	began, told := time.Now(), false
	why := ""
	err := s.until(ctx, "in step", func() bool {
		why = s.outOfStep(ctx)
		if !told && why != "" && time.Since(began) > 20*time.Second {
			s.report.say("      still waiting: %s", why)
			told = true
		}
		return why == ""
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, why)
	}
	return nil
}

// outOfStep tells what is not whole.
func (s *soak) outOfStep(ctx context.Context) string {
	if err := s.probe(ctx); err != nil {
		return fmt.Sprintf("a record that every broker must have: %v", err)
	}
	n, err := s.admin.OutOfSync(ctx, s.site.watched()...)
	if err != nil {
		return err.Error()
	}
	if n > 0 {
		return fmt.Sprintf("%d partitions lack a replica", n)
	}
	return ""
}

// probe writes to every broker, with every broker's acknowledgement.
func (s *soak) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	to, err := kafka.NewPublisher(kafka.Config{Brokers: s.site.brokers})
	if err != nil {
		return err
	}
	defer func() { go to.Close() }() //nolint:errcheck // what it waits for may never come
	records := make([]pipeline.Record, 8*s.o.partitions)
	for i := range records {
		records[i] = pipeline.Record{Topic: s.site.probe(), Key: []byte{byte(i)}}
	}
	return to.Write(ctx, records...)
}
