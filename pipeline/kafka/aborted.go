package kafka

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/IBM/sarama"
)

// aborted tells which batches of one answer to a fetch belong to transactions
// that were aborted. The broker sends those too, with a list of where each
// begins; it ends at its producer's mark (Kafka's message format, "control
// records": a key of version and type, two bytes each, type 0 an abort).
type aborted struct {
	open   []*sarama.AbortedTransaction // that begin at or behind the batch
	sorted bool
	now    map[int64]bool // producers inside one
}

const abortMark = 0

// holds tells it of the next batch.
func (a *aborted) holds(b *sarama.RecordBatch) bool {
	if !a.sorted {
		a.sorted, a.now = true, make(map[int64]bool)
		slices.SortFunc(a.open, func(x, y *sarama.AbortedTransaction) int { return cmp.Compare(x.FirstOffset, y.FirstOffset) })
	}
	for len(a.open) > 0 && a.open[0].FirstOffset <= b.LastOffset() {
		a.now[a.open[0].ProducerID] = true
		a.open = a.open[1:]
	}
	if !b.IsTransactional {
		return false
	}
	if b.Control {
		if isAbort(b) {
			delete(a.now, b.ProducerID)
		}
		return false
	}
	return a.now[b.ProducerID]
}

func isAbort(b *sarama.RecordBatch) bool {
	if len(b.Records) == 0 || len(b.Records[0].Key) < 4 {
		return false
	}
	return binary.BigEndian.Uint16(b.Records[0].Key[2:]) == abortMark
}
