package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

func (a *SASL) apply(s *sarama.Config) error {
	if a == nil {
		return nil
	}
	if a.User == "" || a.Password.IsZero() {
		return errors.New("kafka: sasl needs a user and a password; one of them is empty")
	}
	auth := &s.Net.SASL
	auth.Enable, auth.User, auth.Password = true, a.User, a.Password.Reveal()
	switch a.Mechanism {
	case "plain":
		auth.Mechanism = sarama.SASLTypePlaintext
	case "scram-sha-256":
		auth.Mechanism = sarama.SASLTypeSCRAMSHA256
		auth.SCRAMClientGeneratorFunc = scramBy(scram.SHA256)
	case "scram-sha-512":
		auth.Mechanism = sarama.SASLTypeSCRAMSHA512
		auth.SCRAMClientGeneratorFunc = scramBy(scram.SHA512)
	default:
		return fmt.Errorf("kafka: sasl mechanism %q; use plain, scram-sha-256 or scram-sha-512", a.Mechanism)
	}
	return nil
}

func scramBy(hash scram.HashGeneratorFcn) func() sarama.SCRAMClient {
	return func() sarama.SCRAMClient { return &scramLogin{hash: hash} }
}

// scramLogin is one login by SCRAM (RFC 5802).
type scramLogin struct {
	hash scram.HashGeneratorFcn
	*scram.ClientConversation
}

var _ sarama.SCRAMClient = (*scramLogin)(nil)

// Begin starts the conversation.
func (l *scramLogin) Begin(user, password, authzID string) error {
	client, err := l.hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	l.ClientConversation = client.NewConversation()
	return nil
}
