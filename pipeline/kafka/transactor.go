package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// transactor commits the claims' finished prefixes, outputs and offsets
// together, one transaction after the other (invariant 4). It takes the place
// of the committer where a Subscriber has Transactions.
//
// Three things keep a member that lost a partition from committing for it: the
// broker refuses offsets of an old generation (KIP-447), the producer of an id
// fences the one before it, and in each new generation the group's offsets must
// be where we left them (verify.go).
type transactor struct {
	sub    *subscription
	conf   Transactions
	id     string
	kick   chan struct{} // a transaction is wanted at once
	look   chan struct{} // one may be due
	rhythm *rhythm
	turn   int // of the claims, which is first

	most    int       // records of a request, 0 for fullRequest
	reduced time.Time // when it was made smaller

	mu       sync.Mutex
	producer *txnProducer // nil: to be opened
}

const (
	// The group's next generation comes, or the session ends, within a
	// heartbeat; where neither does, asking again does no harm.
	regainWait  = 10 * time.Millisecond
	regainWaits = 200
)

func newTransactor(sub *subscription, number int) *transactor {
	return &transactor{
		sub: sub, conf: *sub.conf.Transactions, id: sub.transactionalID(number),
		kick: make(chan struct{}, 1), look: make(chan struct{}, 1), rhythm: newRhythm(sub.conf.Clock, *sub.conf.Transactions),
	}
}

// now asks for a transaction soon; it does not wait.
func (x *transactor) now() { signalTo(x.kick) }

// start commits for a session until it is stopped, which must be after the end
// of its claims.
func (x *transactor) start(session sarama.ConsumerGroupSession) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() { x.rhythm.beat(ctx, func() { signalTo(x.look) }) })
	loops.Go(func() { x.run(ctx, session) })
	return func() {
		cancel()
		loops.Wait()
	}
}

func (x *transactor) run(ctx context.Context, session sarama.ConsumerGroupSession) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.kick:
		case <-x.rhythm.full:
			if !x.rhythm.enough() { // a transaction has taken them meanwhile
				continue
			}
		case <-x.look:
			if !x.rhythm.due() {
				continue
			}
		}
		for x.next(ctx, session) && x.rhythm.enough() {
		}
	}
}

// next carries what is ready, and tells whether anything was.
func (x *transactor) next(ctx context.Context, session sarama.ConsumerGroupSession) bool {
	var k kept
	x.turn++
	x.raised()
	k.take(x.sub.held(), x.turn, x.conf.MaxRecords)
	if k.empty() {
		return false
	}
	x.rhythm.took(k.records)
	x.carry(ctx, session, &k)
	return true
}

// carry brings a set to its end: committed, or dropped because no partition of
// it is ours any more.
func (x *transactor) carry(ctx context.Context, session sarama.ConsumerGroupSession, k *kept) {
	var stale *sarama.ConsumerGroupMetadata // refused by the broker
	for failures, waits := 0, 0; ; {
		k.prune()
		if k.empty() {
			return
		}
		meta := x.metadata(session)
		if stale != nil && sameGeneration(stale, meta) && waits < regainWaits {
			waits++
			x.pause(ctx, regainWait)
			continue
		}
		err := x.transact(ctx, meta, k)
		if err == nil {
			x.whole()
			return
		}
		switch remedyOf(err) {
		case rejoin:
			x.sub.warn("a transaction was refused for good, joining the group again", err)
			x.discard()
			x.sub.loseAll()
		case regain:
			stale, waits = meta, 0
		case reduce:
			x.sub.warn("a topic takes less than it did, its max.message.bytes was lowered", err)
			if !x.refused(k) {
				failures++
				x.pause(ctx, growing(failures))
			}
		default:
			failures++
			x.sub.warn("a transaction failed, trying again", err)
			x.pause(ctx, growing(failures))
		}
	}
}

func growing(failures int) time.Duration {
	return doubled(20*time.Millisecond, 2*time.Second, failures)
}

// pause waits; a claim that ends cuts it short.
func (x *transactor) pause(ctx context.Context, d time.Duration) {
	expired, stop := after(x.sub.conf.Clock, d)
	defer stop()
	select {
	case <-expired:
	case <-x.sub.shaken:
	case <-ctx.Done():
	}
}

func (x *transactor) metadata(session sarama.ConsumerGroupSession) *sarama.ConsumerGroupMetadata {
	var instance *string
	if x.sub.instance != "" {
		instance = &x.sub.instance
	}
	return sarama.NewConsumerGroupMetadataFromSession(session, x.sub.conf.Group, instance)
}

func sameGeneration(a, b *sarama.ConsumerGroupMetadata) bool {
	return a.GenerationID == b.GenerationID && a.MemberID == b.MemberID
}

// transact is one transaction. After an error it is aborted, or k is in doubt.
func (x *transactor) transact(ctx context.Context, meta *sarama.ConsumerGroupMetadata, k *kept) error {
	p, err := x.open(ctx)
	if err != nil {
		return err
	}
	if err := x.verify(p, meta, k); err != nil {
		return err
	}
	if k.prune(); k.empty() {
		return nil
	}
	err = x.commit(p, meta, k)
	if err == nil {
		x.sub.commits.Add(1)
		k.committed()
		return nil
	}
	x.sub.aborts.Add(1)
	k.sent = true
	if !p.abort() {
		k.doubt = true
		x.discard()
	}
	if p.tooLarge.Swap(false) {
		err = errors.Join(sarama.ErrMessageSizeTooLarge, err) // which is what came of it, perhaps
	}
	return fmt.Errorf("kafka: transaction of %d records: %w", k.records, err)
}

func (x *transactor) commit(p *txnProducer, meta *sarama.ConsumerGroupMetadata, k *kept) error {
	if err := p.BeginTxn(); err != nil {
		return err
	}
	k.send(p)
	if err := p.AddOffsetsToTxnWithGroupMetadata(k.offsets(), meta); err != nil {
		return err
	}
	if x.sub.beforeCommit != nil {
		x.sub.beforeCommit()
	}
	return p.CommitTxn()
}
