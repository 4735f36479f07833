package kafka

import "context"

// The producer of a transactor comes and goes: it is opened, replaced where it
// cannot be trusted any more, broken from outside, and ended.

// open gives the producer, a new one if there is none that works. The end of ctx
// breaks one that is being opened.
func (x *transactor) open(ctx context.Context) (*txnProducer, error) {
	if p := x.working(); p != nil {
		return p, nil
	}
	x.discard()
	if p := x.recovered(); p != nil {
		return p, nil
	}
	p := x.sub.newTxnProducer(x.id, x.request())
	x.mu.Lock()
	x.producer = p
	x.mu.Unlock()
	stop := context.AfterFunc(ctx, p.snap)
	defer stop()
	if err := p.start(); err != nil {
		x.discard()
		return nil, err
	}
	return p, nil
}

// working gives the producer, unless it is to be replaced: it was broken, or it
// asked the coordinator something twice. A paused broker may carry out the first
// of the two later, and end the next transaction of this producer in its middle
// (https://jepsen.io/analyses/bufstream-0.1.0; KIP-890 mends it for clients that
// speak it). A new producer has a new epoch, of which nothing is on its way.
func (x *transactor) working() *txnProducer {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.producer == nil || x.producer.broken.Load() || x.producer.unanswered.Load() {
		return nil
	}
	return x.producer
}

// recovered takes the producer that Recover has started, if it was for this id.
func (x *transactor) recovered() *txnProducer {
	if x.id != x.sub.transactionalID(1) {
		return nil
	}
	p := x.sub.takeRecovered()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.producer = p
	return p
}

// discard ends the producer; the next transaction opens another.
func (x *transactor) discard() {
	x.mu.Lock()
	p := x.producer
	x.producer = nil
	x.mu.Unlock()
	if p != nil {
		p.close()
	}
}

// snap makes the transaction that is under way fail soon.
func (x *transactor) snap() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.producer != nil {
		x.producer.snap()
	}
}
