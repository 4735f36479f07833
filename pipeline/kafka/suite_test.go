package kafka_test

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestWatermillSuite is the suite that every Pub/Sub of Watermill must pass.
func TestWatermillSuite(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		features := tests.Features{
			ConsumerGroups:  true,
			GuaranteedOrder: true, // of equal keys
			Persistent:      true,
		}
		tests.TestPubSub(t, features,
			func(t *testing.T) (message.Publisher, message.Subscriber) {
				return suitePair(t, cfg, "suite."+t.Name())
			},
			func(t *testing.T, group string) (message.Publisher, message.Subscriber) {
				return suitePair(t, cfg, group)
			})
	})
}

func suitePair(t *testing.T, cfg kafka.Config, group string) (message.Publisher, message.Subscriber) {
	pub, err := kafka.NewPublisher(cfg)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := kafka.NewSubscriber(cfg, kafka.SubscriberConfig{
		Group: group, DrainTimeout: 500 * time.Millisecond, RebalanceTimeout: 5 * time.Second,
		NackBackoff: time.Millisecond, NackBackoffMax: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	// One test of the suite closes its subscriber before it subscribes.
	t.Cleanup(func() { _, _ = pub.Close(), sub.Close() })
	return keyed{pub}, initialiser{Subscriber: sub, cfg: cfg, t: t}
}

// keyed gives each message its payload as key: the suite asks for the order of
// messages of one payload.
type keyed struct{ message.Publisher }

func (k keyed) Publish(topic string, msgs ...*message.Message) error {
	for _, m := range msgs {
		m.Metadata.Set(kafka.KeyMetadata, string(m.Payload))
	}
	return k.Publisher.Publish(topic, msgs...)
}

// initialiser makes a topic before the suite uses it.
type initialiser struct {
	message.Subscriber
	cfg kafka.Config
	t   *testing.T
}

func (i initialiser) SubscribeInitialize(topic string) error {
	makeTopic(i.t, i.cfg, topic, 4)
	return nil
}
