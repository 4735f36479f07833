package kafka

import (
	"errors"

	"github.com/IBM/sarama"
)

// IsRefused tells an error that no waiting mends: a right, a login or a
// setting. Every other error of an Admin may pass by itself.
func IsRefused(err error) bool {
	for _, refusal := range []error{
		sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrGroupAuthorizationFailed,
		sarama.ErrSASLAuthenticationFailed, sarama.ErrUnsupportedSASLMechanism, sarama.ErrIllegalSASLState,
		sarama.ErrInvalidConfig, sarama.ErrInvalidTopic, sarama.ErrInvalidPartitions, sarama.ErrInvalidReplicationFactor,
		sarama.ErrPolicyViolation,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// PartitionFor gives the partition that a key's records are written to, of so
// many. A nil key has none of its own: -1.
func PartitionFor(key []byte, partitions int32) int32 {
	if key == nil || partitions < 1 {
		return -1
	}
	m := &sarama.ProducerMessage{Key: sarama.ByteEncoder(key)}
	p, err := sarama.NewMurmur2Partitioner("").Partition(m, partitions)
	if err != nil {
		return -1 // a byte encoder never fails
	}
	return p
}
