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
