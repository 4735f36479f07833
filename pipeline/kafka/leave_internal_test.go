package kafka

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// noClaim is a partition as sarama gives it, with nothing in it.
type noClaim struct{ sarama.ConsumerGroupClaim }

// TestNothingOfAKeyIsBegunBehindARecordThatWasGivenUp is a claim that is left
// while a record waits to be handed out again. Its key ends there: a record of
// the same key that was read at the same moment must not go by it. What is ready
// at once is chosen by chance, so that one try proves little.
func TestNothingOfAKeyIsBegunBehindARecordThatWasGivenUp(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			s, err := NewSubscriber(Config{Brokers: []string{"none:1"}}, SubscriberConfig{Group: "g", NackBackoff: time.Hour, NackBackoffMax: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			sub := newSubscription(t.Context(), s, []string{"t"})
			c := newClaim(sub, pipeline.Partition{Topic: "t"}, noClaim{}, 0)
			c.admit(record([]byte("a"), 0))
			(<-sub.out).Nack()
			go func() {
				for m := range sub.out {
					t.Errorf("offset %d was handed out, and 0 of the same key is not done", RecordOf(m).Offset)
					m.Ack()
				}
			}()
			synctest.Wait()
			c.leave()
			synctest.Wait() // the worker has given the record up
			c.admit(record([]byte("a"), 1))
			synctest.Wait()
			c.end(errDrained)
			close(sub.out)
		})
	}
}

// TestNothingOfAKeyIsBegunBehindARecordWhosePreparationWasGivenUp is the same for
// a record that is being prepared, as a look-up of a host that fails is when the
// process is told to stop.
func TestNothingOfAKeyIsBegunBehindARecordWhosePreparationWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prepare := func(_ context.Context, r *pipeline.Record) (any, error) {
			if r.Offset == 0 {
				return nil, errors.New("the host fails")
			}
			return nil, nil
		}
		s, err := NewSubscriber(Config{Brokers: []string{"none:1"}}, SubscriberConfig{
			Group: "g", NackBackoff: time.Hour, NackBackoffMax: time.Hour,
			Prepare: func(string) func(context.Context, *pipeline.Record) (any, error) { return prepare },
		})
		if err != nil {
			t.Fatal(err)
		}
		sub := newSubscription(t.Context(), s, []string{"t"})
		c := newClaim(sub, pipeline.Partition{Topic: "t"}, noClaim{}, 0)
		go func() {
			for m := range sub.out {
				t.Errorf("offset %d was handed out, and 0 of the same key is not done", RecordOf(m).Offset)
				m.Ack()
			}
		}()
		c.admit(record([]byte("a"), 0))
		synctest.Wait() // its preparation has failed once
		c.leave()
		synctest.Wait() // and was given up
		c.admit(record([]byte("a"), 1))
		synctest.Wait()
		c.end(errDrained)
		close(sub.out)
	})
}
