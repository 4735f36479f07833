package broker_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/go-cmp/cmp"
)

// TestSaramaGoesOnAcrossAKill uses the client of pipeline/kafka: an idempotent
// producer that is not made anew.
func TestSaramaGoesOnAcrossAKill(t *testing.T) {
	ctx := testContext(t)
	c := startChild(t, t.TempDir(), "127.0.0.1:0")
	createTopic(ctx, t, client(t, c.addr), "s", 1, nil)

	cfg := sarama.NewConfig()
	cfg.Version = sarama.V2_8_0_0
	cfg.Producer.Idempotent = true
	cfg.Producer.RequiredAcks = sarama.WaitForAll
	cfg.Producer.Return.Successes = true
	cfg.Net.MaxOpenRequests = 1
	cfg.Producer.Retry.Max = 10_000
	cfg.Producer.Retry.Backoff = 5 * time.Millisecond
	cfg.Metadata.Retry.Max = 10_000
	cfg.Metadata.Retry.Backoff = 5 * time.Millisecond
	producer, err := sarama.NewSyncProducer([]string{c.addr}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	sent, stop := newCounter(), make(chan struct{})
	work.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "s", Value: sarama.StringEncoder(strconv.Itoa(i))})
			if err != nil {
				t.Errorf("record %d: %v", i, err)
				return
			}
			sent.add()
		}
	})
	for range 3 {
		sent.await(ctx, t, sent.value()+20)
		c.kill()
		c = c.again()
	}
	sent.await(ctx, t, sent.value()+20)
	close(stop)
	work.Wait()
	if got, want := values(ctx, t, c.addr, "s", 0), numbers(0, int(sent.value())); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if err := producer.Close(); err != nil && !errors.Is(err, sarama.ErrClosedClient) {
		t.Error(err)
	}
}
