package kafka_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// Brokers in the process move no leaders: this is for a cluster of three.
func TestLeadersMoveAndEveryReplicaStays(t *testing.T) {
	t.Parallel()
	cfg := realCluster(t)
	if len(cfg.Brokers) < 3 {
		t.Skip("the cluster has one broker")
	}
	a, in := admin(t, cfg), topic(t, cfg, 3)
	for i := range 3 {
		if err := a.MoveLeaders(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		write(t, publisher(t, cfg), pipeline.Record{Topic: in, Key: []byte{byte(i)}}, pipeline.Record{Topic: in, Key: []byte{byte(i + 100)}})
		eventually(t, "every replica in step", func() bool {
			n, err := a.OutOfSync(t.Context(), in)
			return err == nil && n == 0
		})
	}
	n := 0
	for id := range int32(3) {
		if err := a.ReadPartition(t.Context(), pipeline.Partition{Topic: in, ID: id}, 0, kafka.End, func(pipeline.Record) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n != 6 {
		t.Errorf("%d records, want 6", n)
	}
}

func TestMovingTheLeadersOfNoTopicIsAnError(t *testing.T) {
	cfg := fake(t)
	if err := admin(t, cfg).MoveLeaders(t.Context(), "nothing"); err == nil {
		t.Error("no error")
	}
	if _, err := admin(t, cfg).OutOfSync(t.Context(), "nothing"); err == nil {
		t.Error("no error")
	}
}
