package dedupe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// NewOn is New with a file system of the test's.
func NewOn(fs vfs.FS, dir string, cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	s, err := New(cfg, deps)
	if err == nil {
		s.(*stage).where.fs, s.(*stage).where.dir = fs, dir
	}
	return s, err
}

// Tend does what the background does now and then, for every partition.
func Tend(s pipeline.Stage) error {
	for _, p := range s.(*stage).claimed() {
		if err := s.(*stage).tend(p, s.(*stage).clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Flush puts on disk what was written so far.
func Flush(s pipeline.Stage) error { return s.(*stage).store.db.Flush() }

// Checkpoint gives the offset that the next restore of a partition begins at.
func Checkpoint(s pipeline.Stage, id pipeline.Partition) int64 {
	c, _, err := s.(*stage).store.checkpoint(id)
	if err != nil {
		panic(err)
	}
	return c.next
}

// States gives every state of a partition as one line each.
func States(s pipeline.Stage, id pipeline.Partition) ([]string, error) {
	st := s.(*stage)
	prefix := partitionKey(stateKeys, id)
	var lines []string
	var failed error
	err := st.store.each(prefix, prefix, 1<<30, func(key, value []byte) bool {
		k, err := st.blobs.state(string(value))
		if err == nil {
			k, err = st.blobs.whole(k)
		}
		if err != nil {
			failed = err
			return false
		}
		text, err := booking.Encode(*k.event)
		failed = err
		lines = append(lines, fmt.Sprintf("%s %+v %+v %s", key[len(prefix):], k.memory, k.about, text))
		return true
	})
	if failed != nil {
		err = failed
	}
	return lines, err
}

// Restores tells how many restores read a tail, and how many the whole.
func Restores(s pipeline.Stage) (tail, whole float64) {
	return counter(s.(*stage).metrics.restores.WithLabelValues("tail")), counter(s.(*stage).metrics.restores.WithLabelValues("whole"))
}

// MemoryText gives the memory of a record in words.
func MemoryText(r pipeline.Record) string {
	m, err := unpack(r.Text(MemoryHeader))
	return fmt.Sprintf("%+v %v", m, err)
}

// Held tells how many partitions have states on local disk.
func Held(s pipeline.Stage) int {
	found := map[string]bool{}
	err := s.(*stage).store.each([]byte{stateKeys}, []byte{stateKeys}, 1<<30, func(key, _ []byte) bool {
		topic, rest, _ := strings.Cut(string(key), "\x00")
		found[topic+rest[:4]] = true
		return true
	})
	if err != nil {
		panic(err)
	}
	return len(slices.Collect(maps.Keys(found)))
}

// ForgetLost drops what lost partitions left.
func ForgetLost(s pipeline.Stage) error {
	return s.(*stage).store.forgetLost(s.(*stage).holds, s.(*stage).clock.Now())
}

func counter(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		panic(err)
	}
	return m.GetCounter().GetValue()
}
