package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// cluster is what Kafka would say of groups and topics.
type cluster struct {
	committed map[string]map[pipeline.Partition]int64
	ends      map[string]map[int32]int64
	source    string // of every record
}

func (c cluster) Groups(context.Context, string) ([]string, error) {
	var names []string
	for name := range c.committed {
		names = append(names, name)
	}
	return names, nil
}

func (c cluster) Committed(_ context.Context, group string) (map[pipeline.Partition]int64, error) {
	return c.committed[group], nil
}

func (c cluster) Ends(_ context.Context, topic string) (map[int32]int64, error) {
	ends, ok := c.ends[topic]
	if !ok {
		return nil, fmt.Errorf("%s: %w", topic, kafka.ErrNoTopic)
	}
	return ends, nil
}

// ReadPartition gives a record for every offset but one: marks is the topic whose
// last offsets end transactions.
func (c cluster) ReadPartition(_ context.Context, p pipeline.Partition, _, _ int64, fn func(pipeline.Record) error) error {
	if p.Topic == "marks" {
		return nil
	}
	return fn(pipeline.Record{Topic: p.Topic, Headers: []pipeline.Header{pipeline.Text("source", c.source)}})
}

func TestAChangedLayoutIsRefusedWhileItWouldLeaveRecordsUnread(t *testing.T) {
	plan := &Plan{Pipelines: []PlannedPipeline{{Name: "bookings", Segments: []PlannedSegment{
		{Name: "ingest"}, {Name: "enrich", In: []string{"raw.a"}}, {Name: "dedupe", In: []string{"normalised"}},
	}}}}
	p := func(topic string) pipeline.Partition { return pipeline.Partition{Topic: topic} }
	tests := []struct {
		name  string
		group string
		topic string
		read  int64
		ends  map[string]map[int32]int64
		left  int64
	}{
		{"nothing changed", "reservoir.bookings.enrich", "raw.a", 3, map[string]map[int32]int64{"raw.a": {0: 10}}, 0},
		{"a source was removed, drained", "reservoir.bookings.enrich", "raw.gone", 10, map[string]map[int32]int64{"raw.gone": {0: 10}}, 0},
		{"a source was removed with records unread", "reservoir.bookings.enrich", "raw.gone", 3, map[string]map[int32]int64{"raw.gone": {0: 10}}, 7},
		{"a segment was removed with records unread", "reservoir.bookings.policy", "deduped", 9, map[string]map[int32]int64{"deduped": {0: 10}}, 1},
		{"only the marks of transactions are left", "reservoir.bookings.policy", "marks", 9, map[string]map[int32]int64{"marks": {0: 10}}, 0},
		{"its topic was deleted", "reservoir.bookings.policy", "deduped", 9, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := plan.leftovers(t.Context(), cluster{
				committed: map[string]map[pipeline.Partition]int64{tt.group: {p(tt.topic): tt.read}}, ends: tt.ends,
			})
			var left *LayoutError
			if tt.left == 0 && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tt.left > 0 && (!errors.As(err, &left) || left.Records != tt.left || left.Topic != tt.topic) {
				t.Errorf("error is %v, want %d records of %s", err, tt.left, tt.topic)
			}
		})
	}
}

func TestRecordsOfARemovedSourceAreReadOutBeforeItIsForgotten(t *testing.T) {
	pl := PlannedPipeline{Name: "bookings", Sources: []string{"a"}, topics: topics{pipeline.Retry: "retry"}, Segments: []PlannedSegment{
		{Name: "ingest"}, {Name: "enrich", In: []string{"raw.a", "retry"}}, {Name: "dedupe", In: []string{"normalised"}},
	}}
	enrich, dedupe := "reservoir.bookings.enrich", "reservoir.bookings.dedupe"
	read := func(topics ...string) map[pipeline.Partition]int64 {
		offsets := map[pipeline.Partition]int64{}
		for _, topic := range topics {
			offsets[pipeline.Partition{Topic: topic}] = 3
		}
		return offsets
	}
	for _, tt := range []struct {
		name    string
		offsets map[string]map[pipeline.Partition]int64
		source  string // of what is unread
		left    string // topic
	}{
		{"of the removed source", map[string]map[pipeline.Partition]int64{enrich: read("raw.gone"), dedupe: read("normalised")}, "gone", "normalised"},
		{"of another", map[string]map[pipeline.Partition]int64{enrich: read("raw.gone"), dedupe: read("normalised")}, "a", ""},
		{"of nobody", map[string]map[pipeline.Partition]int64{enrich: read("raw.gone"), dedupe: read("normalised")}, "", ""},
		{"while it waits to be tried again", map[string]map[pipeline.Partition]int64{enrich: read("raw.gone", "retry")}, "gone", ""},
		{"where none was ever removed", map[string]map[pipeline.Partition]int64{enrich: read("raw.a"), dedupe: read("normalised")}, "strange", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan := &Plan{Pipelines: []PlannedPipeline{pl}}
			// Of raw.gone nothing is left.
			ends := map[string]map[int32]int64{"raw.gone": {0: 3}, "normalised": {0: 4}, "retry": {0: 4}}
			err := plan.leftovers(t.Context(), cluster{committed: tt.offsets, ends: ends, source: tt.source})
			var left *LayoutError
			if tt.left == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tt.left != "" && (!errors.As(err, &left) || left.Topic != tt.left || left.Source != tt.source || left.Records != 1) {
				t.Errorf("error is %v, want one of %s", err, tt.left)
			}
		})
	}
}

func TestStateAndInputMustHaveEquallyManyPartitions(t *testing.T) {
	group := [][]string{{"current", "normalised"}}
	if err := agree(map[string]int32{"current": 8, "normalised": 8}, group); err != nil {
		t.Error(err)
	}
	if err := agree(map[string]int32{"current": 8, "normalised": 12}, group); err == nil {
		t.Error("12 and 8 partitions were accepted")
	}
}

// oneRecord is a partition of the state's topic with one record.
type oneRecord struct{ record pipeline.Record }

func (oneRecord) Ends(context.Context, string) (map[int32]int64, error) { return nil, nil }

func (o oneRecord) ReadPartition(_ context.Context, p pipeline.Partition, _, _ int64, fn func(pipeline.Record) error) error {
	o.record.Topic, o.record.Partition = p.Topic, p.ID
	return fn(o.record)
}

func TestStateInAPartitionThatIsNotItsKeysIsRefusedAndAnotherWritersRecordPassedOver(t *testing.T) {
	key := []byte("src/b1")
	home := kafka.NewHomes().Of(key, 8)
	state := pipeline.Record{Key: key, Value: []byte("{}"), Headers: []pipeline.Header{pipeline.Text(pipeline.StateHeader, "m")}}
	stray, tombstone := pipeline.Record{Key: key, Value: []byte("{}")}, pipeline.Record{Key: key}
	for _, tt := range []struct {
		name      string
		record    pipeline.Record
		partition int32
		seen, ok  bool
	}{
		{"a state at home", state, home, true, true},
		{"a state elsewhere", state, (home + 1) % 8, false, false},
		{"another's record at home", stray, home, true, true},
		{"another's record elsewhere", stray, (home + 1) % 8, false, true},
		{"a tombstone at home", tombstone, home, true, true},
		{"a tombstone elsewhere", tombstone, (home + 1) % 8, false, true},
	} {
		r := stateReader{
			of:   pipeline.Partition{Topic: "current", ID: tt.partition},
			read: oneRecord{tt.record}, partitions: 8, log: slog.New(slog.DiscardHandler),
		}
		seen := false
		err := r.Each(t.Context(), 0, func(pipeline.Record) error {
			seen = true
			return nil
		})
		if (err == nil) != tt.ok || seen != tt.seen {
			t.Errorf("%s: seen %v, %v", tt.name, seen, err)
		}
	}
}
