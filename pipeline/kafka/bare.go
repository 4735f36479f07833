package kafka

import (
	"reflect"

	"github.com/IBM/sarama"
)

// bare gives the offset behind an answer that has batches, and not one record in
// them. Compaction leaves such a batch where a producer's last one was: of records
// that were written again since, or of a transaction that was aborted. At the end
// of a segment it is all that an answer holds, as no answer goes on into the next
// segment: who does not pass it never sees what is behind.
//
// sarama keeps such batches to itself, and where the last one ends in a field that
// only its own consumer reads.
func bare(block *sarama.FetchResponseBlock) (next int64, ok bool) {
	if len(block.RecordsSet) > 0 {
		return 0, false
	}
	behind := reflect.ValueOf(block).Elem().FieldByName("recordsNextOffset")
	if behind.Kind() != reflect.Pointer || behind.IsNil() {
		return 0, false
	}
	return behind.Elem().Int(), true
}
