package kafka

import (
	"errors"

	"github.com/IBM/sarama"
)

// remedy is what mends a transaction that failed.
type remedy int

const (
	again  remedy = iota // the same records, after a pause
	regain               // the same records, in the group's next generation
	rejoin               // nothing: another member may have the partitions
	reduce               // less of the same records: a topic takes less than it did
)

// remedyOf tells it from the broker's answer.
func remedyOf(err error) remedy {
	switch {
	// Our id belongs to another producer, or the broker gave up our
	// transaction: both have these codes.
	case errors.Is(err, sarama.ErrProducerFenced), errors.Is(err, sarama.ErrInvalidProducerEpoch):
		return rejoin
	case errors.Is(err, sarama.ErrUnknownMemberId), errors.Is(err, sarama.ErrFencedInstancedId):
		return rejoin
	// In a cooperative rebalance the group is a generation ahead for the moment
	// between a member's join and its sync, while its partitions stay its own.
	case errors.Is(err, sarama.ErrIllegalGeneration), errors.Is(err, sarama.ErrRebalanceInProgress):
		return regain
	case errors.Is(err, sarama.ErrMessageSizeTooLarge):
		return reduce
	}
	return again
}
