package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// settleWait bounds how long a group's coordinator or a partition's leader is waited
// for: brokers that start read their offsets first, which takes seconds.
const settleWait = 15 * time.Second

// settled asks until who answers has settled, for settleWait at the most.
func settled(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	return untilSettled(ctx, pipeline.WallClock{}, ask)
}

// untilSettled asks until the coordinator or the leader that answers has settled,
// or ctx ends.
func untilSettled(ctx context.Context, clock pipeline.Clock, ask func() error) error {
	for attempt := 0; ; attempt++ {
		err := ask()
		if !isSettling(err) && !isMoving(err) {
			return err
		}
		if clock.Sleep(ctx, doubled(20*time.Millisecond, 500*time.Millisecond, attempt)) != nil {
			return err
		}
	}
}

// isSettling tells that a group's coordinator will answer soon, here or on
// another broker: it also gives no offset while a transaction that moves it ends.
func isSettling(err error) bool {
	return errors.Is(err, sarama.ErrOffsetsLoadInProgress) ||
		errors.Is(err, sarama.ErrUnstableOffsetCommit) ||
		errors.Is(err, sarama.ErrConsumerCoordinatorNotAvailable) ||
		errors.Is(err, sarama.ErrNotCoordinatorForConsumer)
}

// isMoving tells that another broker leads a partition, or is about to: whoever
// asks again with what is known by then gets an answer.
func isMoving(err error) bool {
	for _, moving := range []error{
		sarama.ErrNotLeaderForPartition, sarama.ErrLeaderNotAvailable, sarama.ErrReplicaNotAvailable,
		sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch, sarama.ErrOffsetNotAvailable,
	} {
		if errors.Is(err, moving) {
			return true
		}
	}
	return false
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
