package kafka

import (
	"net"

	"github.com/reservoirhq/reservoir/pipeline"
)

// BeforeCommit has a Subscriber's transactions call fn when everything of them
// is sent but the commit.
func BeforeCommit(s *Subscriber, fn func()) { s.beforeCommit = fn }

// DialBy has a Subscriber connect through another dialer.
func DialBy(s *Subscriber, dial func(network, addr string) (net.Conn, error)) {
	s.sarama.Net.Proxy.Enable, s.sarama.Net.Proxy.Dialer = true, dialer(dial)
}

// DialPublisherBy has a Publisher that is not connected yet do the same.
func DialPublisherBy(p *Publisher, cfg Config, dial func(network, addr string) (net.Conn, error)) {
	p.conn.open = func() (*producer, error) {
		conf, err := cfg.sarama()
		if err != nil {
			return nil, err
		}
		producing(conf, p.limit)
		conf.Net.Proxy.Enable, conf.Net.Proxy.Dialer = true, dialer(dial)
		return newProducer(cfg.Brokers, conf)
	}
}

// HasRoom tells whether so many bytes would be written at once.
func HasRoom(p *Publisher, bytes int64) bool {
	if !p.budget.TryAcquire(bytes) {
		return false
	}
	p.budget.Release(bytes)
	return true
}

// Buffered gives how many records of a partition are read ahead, beside those
// that are in work.
func Buffered(s *Subscriber, p pipeline.Partition) int {
	c := claimOf(s, p)
	if c == nil {
		return 0
	}
	return len(c.from.Messages())
}

type dialer func(network, addr string) (net.Conn, error)

func (d dialer) Dial(network, addr string) (net.Conn, error) { return d(network, addr) }

// Draining tells whether a Subscriber begins no more records of a partition.
func Draining(s *Subscriber, p pipeline.Partition) bool {
	c := claimOf(s, p)
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.win.draining
}

// claimOf gives the claim of a partition, nil where it is not ours.
func claimOf(s *Subscriber, p pipeline.Partition) *claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.subs {
		for _, c := range sub.held() {
			if c.part == p {
				return c
			}
		}
	}
	return nil
}

// Snap breaks the producers of a Subscriber's transactions, as a claim that ends
// does where a transaction does not.
func Snap(s *Subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.subs {
		sub.txn.snap()
	}
}
