package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// coordinatorWait bounds how long a group's coordinator is waited for: brokers
// that start read their offsets first, which takes seconds.
const coordinatorWait = 15 * time.Second

// untilSettled asks until the coordinator that answers has settled, or ctx ends.
func untilSettled(ctx context.Context, clock pipeline.Clock, ask func() error) error {
	for attempt := 0; ; attempt++ {
		err := ask()
		if !isSettling(err) {
			return err
		}
		if clock.Sleep(ctx, doubled(20*time.Millisecond, 500*time.Millisecond, attempt)) != nil {
			return err
		}
	}
}

// isSettling tells that a group's coordinator will answer soon, here or on
// another broker.
func isSettling(err error) bool {
	return errors.Is(err, sarama.ErrOffsetsLoadInProgress) ||
		errors.Is(err, sarama.ErrConsumerCoordinatorNotAvailable) ||
		errors.Is(err, sarama.ErrNotCoordinatorForConsumer)
}

// atCoordinator asks a group's coordinator. One that does not answer is looked for
// anew the next time.
func atCoordinator[T any](client sarama.Client, group string, ask func(*sarama.Broker) (T, error)) (T, error) {
	broker, err := client.Coordinator(group)
	if err != nil {
		var none T
		return none, err
	}
	answer, err := ask(broker)
	if err != nil {
		_ = broker.Close()
		_ = client.RefreshCoordinator(group)
	}
	return answer, err
}
