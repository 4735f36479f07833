package kafka_test

import (
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestWhatIsBehindAnAbortedTransactionIsReadAfterCompaction has the transaction's
// record at the end of a segment, and its mark in the next: what a member leaves
// that stood still. Compaction then empties that record's batch, and keeps it.
func TestWhatIsBehindAnAbortedTransactionIsReadAfterCompaction(t *testing.T) {
	t.Parallel()
	cfg := realCluster(t)
	in := name("t")
	spec := kafka.TopicSpec{Name: in, Partitions: 1, Configs: map[string]string{
		"cleanup.policy": "compact", "segment.ms": "60000", "min.cleanable.dirty.ratio": "0.01",
	}}
	if _, err := admin(t, cfg).EnsureTopics(t.Context(), []kafka.TopicSpec{spec}); err != nil {
		t.Fatal(err)
	}
	abort := leaveOpen(t, cfg, sarama.ProducerMessage{
		Topic: in, Key: sarama.StringEncoder("k"), Value: sarama.StringEncoder("aborted"), Timestamp: time.Now().Add(-time.Hour),
	})
	write(t, publisher(t, cfg), pipeline.Record{Topic: in, Key: []byte("k"), Value: []byte("kept")}) // an hour later: in a new segment
	abort()
	eventually(t, "the aborted record gone from the log", func() bool { return string(firstOf(t, cfg, in)) == "kept" })
	var got string
	err := admin(t, cfg).ReadPartition(t.Context(), pipeline.Partition{Topic: in}, 0, kafka.End, func(r pipeline.Record) error {
		got += string(r.Value)
		return nil
	})
	if err != nil || got != "kept" {
		t.Errorf("read %q, %v, want kept", got, err)
	}
}

// leaveOpen writes a record in a transaction and gives what aborts it.
func leaveOpen(t *testing.T, cfg kafka.Config, m sarama.ProducerMessage) (abort func()) {
	t.Helper()
	c := sarama.NewConfig()
	c.Version = sarama.V2_8_0_0
	c.Producer.Idempotent, c.Producer.RequiredAcks, c.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
	c.Producer.Return.Successes = true
	c.Producer.Transaction.ID = name("zombie")
	p, err := sarama.NewSyncProducer(cfg.Brokers, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if err := p.BeginTxn(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.SendMessage(&m); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := p.AbortTxn(); err != nil {
			t.Fatal(err)
		}
	}
}

// firstOf gives the value of the first record in a topic's log, of whatever
// transaction.
func firstOf(t *testing.T, cfg kafka.Config, topic string) []byte {
	t.Helper()
	client := connect(t, cfg)
	defer func() { _ = client.Close() }()
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = consumer.Close() }()
	part, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = part.Close() }()
	return get(t, "the first record", part.Messages()).Value
}
