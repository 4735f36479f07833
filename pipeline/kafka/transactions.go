package kafka

import (
	"errors"
	"fmt"
	"time"
)

// Transactions makes a Subscriber exactly once: what handlers hand over with
// Finish is written in one transaction with the offsets of the records it was
// made of, by one transactional producer for each subscription.
type Transactions struct {
	// ID is the transactional id; a subscription adds "-" and its number. It
	// must differ between processes that run at the same time. A process that
	// comes back under the same ID ends at once what its predecessor left
	// open; a new ID waits for that until Timeout.
	ID string
	// Interval is how long a finished record waits at the most for a transaction
	// to begin. One begins sooner, from four fifths of an Interval after the last,
	// once nothing more becomes finished, and while a window is full. Default
	// 100 ms.
	Interval time.Duration
	// MaxRecords are the input records of one transaction. So many finished
	// ones begin it before Interval is over. Default 3000.
	MaxRecords int
	// Timeout is after how long the broker ends a transaction whose member
	// fell silent; as long do readers of the outputs wait. Default 10 s.
	Timeout time.Duration
}

const (
	// Records wait in the window until their transaction is committed: this
	// many and more than a transaction takes, at a few partitions a member.
	txnWindowRecords = 4096
	txnWindowBytes   = 32 << 20
)

// withDefaults gives a copy.
func (t *Transactions) withDefaults() *Transactions {
	if t == nil {
		return nil
	}
	c := *t
	setDefault(&c.Interval, 100*time.Millisecond)
	setDefault(&c.MaxRecords, 3000)
	setDefault(&c.Timeout, 10*time.Second)
	return &c
}

func (t *Transactions) validate() error {
	switch {
	case t == nil:
		return nil
	case t.ID == "":
		return errors.New("kafka: transactions need an id that no other process has")
	case t.Interval < 0 || t.MaxRecords < 0 || t.Timeout < time.Second:
		return fmt.Errorf("kafka: transactions %s: interval and records must not be negative, the timeout 1 s or more", t.ID)
	}
	return nil
}
