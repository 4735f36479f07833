package kafka

import (
	"context"
	"fmt"
)

// Recover ends the transaction that a former life of this member left open.
// Until then no reader of the topics it had written to gets anything that came
// later, whoever wrote it. The first subscription does the same before it joins;
// who calls Recover while there is other work to do first has all those readers
// wait for less. It joins no group and needs no topic. Without Transactions, and
// once there is a subscription, it does nothing.
func (s *Subscriber) Recover(ctx context.Context) error {
	if s.conf.Transactions == nil {
		return nil
	}
	// A producer that is started fences the one before it: the subscription, which
	// takes this one, waits for it and starts none of its own meanwhile.
	s.recovering.Lock()
	defer s.recovering.Unlock()
	if s.recovered != nil || s.begun() {
		return nil
	}
	p := s.newTxnProducer(s.transactionalID(1), fullRequest)
	stop := context.AfterFunc(ctx, p.snap)
	err := p.start()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		p.close()
		return err
	}
	s.recovered = p
	return nil
}

// begun tells that there is or was a subscription, or will be none.
func (s *Subscriber) begun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed || s.made > 0
}

// takeRecovered gives the producer that Recover has started; it is the caller's
// now.
func (s *Subscriber) takeRecovered() *txnProducer {
	s.recovering.Lock()
	defer s.recovering.Unlock()
	p := s.recovered
	s.recovered = nil
	return p
}

// transactionalID is that of a subscription, by its number.
func (s *Subscriber) transactionalID(number int) string {
	return fmt.Sprintf("%s-%d", s.conf.Transactions.ID, number)
}
