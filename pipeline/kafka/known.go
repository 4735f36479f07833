package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// knownWait bounds how long brokers are waited for until they know a new topic:
// they follow the controller's log, which takes milliseconds unless they are ill.
const knownWait = 5 * time.Second

// everywhere waits until every broker that answers knows the topics and their
// leaders. A topic exists when the controller has written it; a broker that has
// not read so far says that there is none, and the next request may go to any.
func everywhere(ctx context.Context, c cluster, topics []string) {
	if len(topics) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, knownWait)
	defer cancel()
	brokers := c.client.Brokers()
	done := make(chan struct{}, len(brokers))
	for _, b := range brokers {
		go func() {
			learn(ctx, c, b, topics)
			done <- struct{}{}
		}()
	}
	for range brokers {
		select {
		case <-done:
		case <-ctx.Done(): // a broker that hangs is somebody else's trouble
			return
		}
	}
}

// learn asks one broker until it knows the topics or does not answer.
func learn(ctx context.Context, c cluster, b *sarama.Broker, topics []string) {
	for attempt := 0; ; attempt++ {
		m, err := c.opened(b).GetMetadata(sarama.NewMetadataRequest(c.client.Config().Version, topics))
		if err != nil || knows(m) {
			return
		}
		if (pipeline.WallClock{}).Sleep(ctx, doubled(5*time.Millisecond, 200*time.Millisecond, attempt)) != nil {
			return
		}
	}
}

func knows(m *sarama.MetadataResponse) bool {
	for _, t := range m.Topics {
		if errors.Is(t.Err, sarama.ErrUnknownTopicOrPartition) || errors.Is(t.Err, sarama.ErrLeaderNotAvailable) {
			return false
		}
	}
	return true
}
