package kafka

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/IBM/sarama"
)

// explain settles what a broker's MESSAGE_TOO_LARGE means. It refuses a batch,
// and sarama blames every record in it: only those that are larger than the
// topic takes are too large. The others suffer from a topic that takes less
// than MaxRecord, which an operator can mend.
func (p *producer) explain(b *batch) {
	limits := map[string]int{}
	for _, f := range b.failed {
		if !errors.Is(f.Err, sarama.ErrMessageSizeTooLarge) {
			continue
		}
		limit, asked := limits[f.Topic]
		if !asked {
			limit = p.limitOf(f.Topic)
			limits[f.Topic] = limit
		}
		if size := b.out[f.Index].msg.ByteSize(2); size > limit-overhead(p.client.Config(), limit) {
			f.Err = &TooLargeError{Topic: f.Topic, Bytes: size, Limit: limit}
			continue
		}
		f.Err = fmt.Errorf("the topic takes batches of %d bytes, which is less than the largest record; raise its %s: %w", limit, maxMessageBytes, f.Err)
	}
}

// limitOf asks a topic for its limit in bytes. Where that is not allowed it is
// Kafka's default.
func (p *producer) limitOf(topic string) int {
	limit, err := limitOf(p.client, topic)
	if err != nil {
		return DefaultMaxRecord
	}
	return limit
}

// limitOf gives the bytes of the largest batch that a topic takes.
func limitOf(client sarama.Client, topic string) (int, error) {
	admin, err := sarama.NewClusterAdminFromClient(client) // not to be closed: the client is the producer's
	if err != nil {
		return 0, err
	}
	settings, err := settingsOf(cluster{ClusterAdmin: admin, client: client}, topic)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(settings[topic].values[maxMessageBytes])
}
