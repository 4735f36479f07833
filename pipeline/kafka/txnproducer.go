package kafka

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

const (
	// sarama's own retries within one request of a transaction. After a commit
	// the coordinator answers CONCURRENT_TRANSACTIONS until the markers of it
	// are written, which takes milliseconds: the first are quick. All of them
	// take less than a transaction's default timeout.
	txnRetries      = 250
	txnQuickRetries = 100
	txnQuickBackoff = 2 * time.Millisecond
	txnSlowBackoff  = 50 * time.Millisecond

	// A transaction's outputs come all at once: a request waits for many. What is
	// left at the end waits for this long, for a commit does not flush.
	txnLinger = 3 * time.Millisecond
	txnBatch  = 1 << 20
)

// txnProducer is a transactional producer. It can be broken from outside while
// sarama, whose calls know no contexts, waits for a broker.
type txnProducer struct {
	sarama.AsyncProducer
	brokers []string
	conf    *sarama.Config
	lines   *lines
	broken  atomic.Bool
	// unanswered is set when the coordinator did not answer and is asked again: what
	// it was asked first may still be on its way.
	unanswered atomic.Bool
	gone       chan struct{} // closed when every error was read

	mu      sync.Mutex
	client  sarama.Client // once it is connected
	hanging sync.Once

	tooLarge atomic.Bool // a batch was refused for its size
}

// newTxnProducer gives a producer that is not started yet, and sends up to so
// many records in a request.
func (s *Subscriber) newTxnProducer(id string, records int) *txnProducer {
	p := &txnProducer{brokers: s.brokers}
	p.conf = p.settings(s.sarama, s.limits.most, id, *s.conf.Transactions)
	p.conf.Producer.Flush.MaxMessages = records
	p.lines = linesOf(p.conf)
	return p
}

// settings gives a producer's configuration. The pauses between retries end
// when it is broken.
func (p *txnProducer) settings(base *sarama.Config, limit int, id string, t Transactions) *sarama.Config {
	c := *base
	producing(&c, limit)
	pause := func(d time.Duration) time.Duration {
		if p.broken.Load() {
			return 0
		}
		return d
	}
	c.Producer.Transaction.ID = id
	c.Producer.Transaction.Timeout = t.Timeout
	c.Producer.Transaction.Retry.Max = txnRetries
	c.Producer.Transaction.Retry.BackoffFunc = func(retries, _ int) time.Duration {
		if retries < txnQuickRetries {
			return pause(txnQuickBackoff)
		}
		return pause(txnSlowBackoff)
	}
	c.Producer.Flush.Frequency, c.Producer.Flush.Bytes = txnLinger, txnBatch
	c.Producer.Return.Successes = false // CommitTxn waits for them
	// What these do not get through is aborted and sent again.
	c.Producer.Retry.Max = 12
	grow := backoffOf(20*time.Millisecond, time.Second)
	c.Producer.Retry.BackoffFunc = func(retries, most int) time.Duration {
		if p.TxnStatus()&sarama.ProducerTxnFlagInError != 0 {
			return 0 // see failing
		}
		return pause(grow(retries, most))
	}
	c.Metadata.Retry.Max = 1
	c.Metadata.Retry.BackoffFunc = func(_, _ int) time.Duration { return pause(txnSlowBackoff) }
	c.Net.ReadTimeout = t.Timeout + 5*time.Second
	return &c
}

// start connects and makes the client a producer: the broker then ends what an
// earlier producer of this id left open, and refuses whatever else that one does.
func (p *txnProducer) start() error {
	if err := p.connect(); err != nil {
		return fmt.Errorf("kafka: connect to %v: %w", p.brokers, err)
	}
	ap, err := sarama.NewAsyncProducerFromClient(failing{Client: p.client, p: p})
	if err != nil {
		return fmt.Errorf("kafka: start transactions: %w", err)
	}
	p.AsyncProducer = ap
	p.unanswered.Store(false) // what is older than its epoch is refused
	p.gone = make(chan struct{})
	go func() {
		defer close(p.gone)
		for e := range ap.Errors() { // CommitTxn gives the one that counts
			if errors.Is(e.Err, sarama.ErrMessageSizeTooLarge) {
				p.tooLarge.Store(true)
			}
		}
	}()
	return nil
}

// connect gives the producer its client, unless it was broken meanwhile.
func (p *txnProducer) connect() error {
	client, err := sarama.NewClient(p.brokers, p.conf)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken.Load() {
		return errors.Join(sarama.ErrClosedClient, client.Close())
	}
	p.client = client
	return nil
}

// failing is the client as the producer sees it. sarama takes a transaction that
// failed for a broken connection and sends what it has again and again; without
// a leader to send to, all of it fails at once.
type failing struct {
	sarama.Client
	p *txnProducer
}

// Leader gives none while the transaction is in error.
func (f failing) Leader(topic string, partition int32) (*sarama.Broker, error) {
	if f.p.TxnStatus()&sarama.ProducerTxnFlagInError != 0 {
		return nil, sarama.ErrLeaderNotAvailable
	}
	return f.Client.Leader(topic, partition)
}

// RefreshTransactionCoordinator is called where the coordinator's answer did not
// come, above all.
func (f failing) RefreshTransactionCoordinator(id string) error {
	f.p.unanswered.Store(true)
	return f.Client.RefreshTransactionCoordinator(id)
}

// RefreshCoordinator is the same for a transaction's offsets.
func (f failing) RefreshCoordinator(group string) error {
	f.p.unanswered.Store(true)
	return f.Client.RefreshCoordinator(group)
}

// snap breaks every request that is out, also those of connecting, and lets none
// succeed. Two may snap at once, and sarama's client panics where two close it:
// the second waits.
func (p *txnProducer) snap() {
	p.broken.Store(true)
	p.lines.cut(true)
	p.hanging.Do(func() {
		p.mu.Lock()
		client := p.client
		p.mu.Unlock()
		if client != nil {
			_ = client.Close()
		}
	})
}

// close ends the producer. What is open on the broker is ended by the next
// producer of this id, or by its timeout.
func (p *txnProducer) close() {
	p.snap()
	if p.AsyncProducer != nil {
		p.AsyncClose()
		<-p.gone
	}
}

// abort ends a failed transaction. It gives false if that is not possible, or
// if the transaction may have been committed: sarama marks every failure from
// before the commit was sent as abortable.
func (p *txnProducer) abort() bool {
	status := p.TxnStatus()
	if status&sarama.ProducerTxnFlagAbortableError == 0 || status&sarama.ProducerTxnFlagFatalError != 0 {
		return false
	}
	return p.AbortTxn() == nil
}
