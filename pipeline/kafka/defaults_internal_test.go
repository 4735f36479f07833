package kafka

import (
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// TestNoDefaultOfTheLibraryIsLeftThatHurts: its version moves with its releases,
// its pauses make a start last seconds and every transaction 100 ms, and what it
// reads ahead is beside the window.
func TestNoDefaultOfTheLibraryIsLeftThatHurts(t *testing.T) {
	cfg := Config{Brokers: []string{"none:1"}, Compression: "zstd"}
	s, err := NewSubscriber(cfg, SubscriberConfig{Group: "g", Transactions: &Transactions{ID: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	written, err := cfg.sarama()
	if err != nil {
		t.Fatal(err)
	}
	producing(written, DefaultMaxRecord)
	group, txn := s.sarama, s.newTxnProducer("x-1", fullRequest).conf
	for name, c := range map[string]*sarama.Config{"group": group, "transactions": txn, "publisher": written, "admin": a.conf} {
		if c.Version != sarama.V4_1_0_0 {
			t.Errorf("%s: version %s", name, c.Version)
		}
		if c.Metadata.AllowAutoTopicCreation {
			t.Errorf("%s: makes topics", name)
		}
	}
	for name, c := range map[string]*sarama.Config{"transactions": txn, "publisher": written} {
		if p := c.Producer; p.RequiredAcks != sarama.WaitForAll || !p.Idempotent || c.Net.MaxOpenRequests != 1 {
			t.Errorf("%s: acks %d, idempotent %t, %d open requests", name, p.RequiredAcks, p.Idempotent, c.Net.MaxOpenRequests)
		}
		if c.Producer.CompressionLevel != 1 {
			t.Errorf("%s: zstd at level %d", name, c.Producer.CompressionLevel)
		}
	}
	for _, tt := range []struct {
		name      string
		got, most time.Duration
	}{
		{"Rebalance.Retry.Backoff", group.Consumer.Group.Rebalance.Retry.Backoff, 100 * time.Millisecond},
		{"Consumer.Retry.Backoff", group.Consumer.Retry.Backoff, 250 * time.Millisecond},
		{"Consumer.MaxWaitTime", group.Consumer.MaxWaitTime, 100 * time.Millisecond},
		{"the first Transaction.Retry.Backoff", txn.Producer.Transaction.Retry.BackoffFunc(1, txnRetries), 5 * time.Millisecond},
		{"the first Producer.Retry.Backoff", written.Producer.Retry.BackoffFunc(1, producerRetries), 20 * time.Millisecond},
	} {
		if tt.got <= 0 || tt.got > tt.most {
			t.Errorf("%s is %v, want up to %v", tt.name, tt.got, tt.most)
		}
	}
	// A publisher's are the library's: every record in them has its part of the
	// budget. Those of a group are beside its window.
	if group.ChannelBufferSize > 64 {
		t.Errorf("%d records are read ahead", group.ChannelBufferSize)
	}
	if group.Consumer.Offsets.Initial != sarama.OffsetOldest || group.Consumer.IsolationLevel != sarama.ReadCommitted {
		t.Error("a new group skips the backlog, or reads what was aborted")
	}
}
