package main

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

// load is the senders: several connections that call until they are answered
// 200, as providers do.
type load struct {
	to     func() []string // where webhooks may be sent now
	report *report
	wanted chan struct{} // one for each webhook that is due

	answered atomic.Int64
	repeated atomic.Int64 // sent again, for want of an answer

	mu    sync.Mutex
	acked []acked
	work  sync.WaitGroup
	stop  context.CancelFunc
}

// acked is a webhook that was answered 200.
type acked struct {
	source, id string
	body       [sha256.Size]byte
}

// openBookings is how many bookings a sender has under way at once, so that
// every fault meets bookings in the middle of their lives.
const openBookings = 12

// begin starts the senders. They end at the end of ctx, or, each with its last
// webhook answered, at finish.
func (l *load) begin(ctx context.Context, o options, api *tourcmstest.API) error {
	due, stop := context.WithCancel(ctx)
	l.stop = stop
	l.wanted = make(chan struct{}, o.rate)
	for n := range o.senders {
		s, err := l.sender(o.seed, n, api)
		if err != nil {
			return err
		}
		l.work.Go(func() { s.run(ctx) })
	}
	l.work.Go(func() { l.pace(due, time.Second/time.Duration(o.rate)) })
	return nil
}

// sender makes sender n of a seed. Its stories have a source of their own: how
// often it must knock, and where, does not change what it tells next.
func (l *load) sender(seed uint64, n int, api *tourcmstest.API) (*sender, error) {
	g, err := traffic.New(seed, n, api)
	if err != nil {
		return nil, err
	}
	source := func(first int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(first+n))) }
	return &sender{load: l, generator: g, next: source(1 << 20), door: source(1 << 30)}, nil
}

// pace makes webhooks due. What cannot be sent in a second is not made up for.
func (l *load) pace(ctx context.Context, every time.Duration) {
	defer close(l.wanted)
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			select {
			case l.wanted <- struct{}{}:
			default:
			}
		}
	}
}

// finish ends the senders when their last webhook is answered.
func (l *load) finish() {
	l.stop()
	l.work.Wait()
}

func (l *load) taken(a acked) {
	l.mu.Lock()
	l.acked = append(l.acked, a)
	l.mu.Unlock()
	l.answered.Add(1)
}

// tell gives the ledger what was answered.
func (l *load) tell(to *ledger.Ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.acked {
		to.Acknowledged(a.source, a.id, a.body)
	}
}
