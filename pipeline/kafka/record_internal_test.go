package kafka

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// TestAnUnfinishedRecordHoldsNoMoreThanItsFetch has records of a fetch each, and
// a small one between many that is not done for long.
func TestAnUnfinishedRecordHoldsNoMoreThanItsFetch(t *testing.T) {
	const n, every, large = 370, 37, 1 << 20
	var known names
	var unfinished []pipeline.Record
	for i := range n {
		fetch := bytes.Repeat([]byte{'v'}, large)
		m := &sarama.ConsumerMessage{Key: fetch[:4], Value: fetch[4:]}
		if i%every == 0 {
			fetch = bytes.Repeat([]byte{'v'}, 1<<10)
			m = &sarama.ConsumerMessage{Key: fetch[:4], Value: fetch[4:512]}
		}
		for h := range 14 {
			m.Headers = append(m.Headers, &sarama.RecordHeader{Key: []byte("name"), Value: fetch[h : h+8]})
		}
		if r := known.record(m); i%every == 0 {
			unfinished = append(unfinished, r)
		}
	}
	known = names{}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if limit := uint64(64 << 20); stats.HeapAlloc > limit {
		t.Errorf("%d small unfinished records hold %d MB", len(unfinished), stats.HeapAlloc>>20)
	}
	runtime.KeepAlive(unfinished)
}
