package kafka

import "github.com/IBM/sarama"

// kept is what one transaction holds. It is kept until the transaction is
// committed, and sent again if it is aborted.
type kept struct {
	parts   []part
	records int
	sent    bool // before, in a transaction that failed
	doubt   bool // that transaction may have been committed
}

// part is what a transaction has of one partition; the records may be none:
// then it says where the group begins.
type part struct {
	claim *claim
	tasks []*task
	to    int64 // the offset that the group commits
}

func (k *kept) empty() bool { return len(k.parts) == 0 }

// take fills the set from claims with up to limit records, beginning at the
// claim that first names, so that each has its turn.
func (k *kept) take(claims []*claim, first, limit int) {
	for i := range claims {
		c := claims[(first+i)%len(claims)]
		if p, ok := c.take(limit - k.records); ok {
			k.parts = append(k.parts, p)
			k.records += len(p.tasks)
		}
	}
}

// prune drops the parts of partitions that are no longer to be committed.
func (k *kept) prune() {
	left := k.parts[:0]
	for _, p := range k.parts {
		if p.claim.committing() {
			left = append(left, p)
			continue
		}
		k.records -= len(p.tasks)
		p.claim.settle(p, false)
	}
	clear(k.parts[len(left):])
	k.parts = left
}

// committed settles everything.
func (k *kept) committed() {
	for _, p := range k.parts {
		p.claim.settle(p, true)
	}
	*k = kept{}
}

// offsets gives the set's offsets as sarama wants them.
func (k *kept) offsets() map[string][]*sarama.PartitionOffsetMetadata {
	all := make(map[string][]*sarama.PartitionOffsetMetadata)
	for _, p := range k.parts {
		topic := p.claim.part.Topic
		all[topic] = append(all[topic], &sarama.PartitionOffsetMetadata{Partition: p.claim.part.ID, Offset: p.to, LeaderEpoch: -1})
	}
	return all
}

// send hands all outputs to the producer, those of a partition in the order of
// its records. It stops early when the transaction has failed.
func (k *kept) send(p *txnProducer) {
	n := 0
	for _, part := range k.parts {
		for _, t := range part.tasks {
			outs := t.outs
			if k.sent {
				outs = fresh(outs)
			}
			for i := range outs {
				if n++; n%256 == 0 && p.TxnStatus()&sarama.ProducerTxnFlagInError != 0 {
					return
				}
				p.Input() <- &outs[i].msg
			}
		}
	}
}

// fresh copies messages that sarama has had: it keeps retries and sequence
// numbers in them.
func fresh(outs []outgoing) []outgoing {
	again := make([]outgoing, len(outs))
	for i := range outs {
		o := &outs[i].msg
		again[i].msg = sarama.ProducerMessage{Topic: o.Topic, Key: o.Key, Value: o.Value, Headers: o.Headers, Timestamp: o.Timestamp}
	}
	return again
}
