package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// connect opens the cluster of a configuration for reading. With the embedded
// broker that is the one which a running `reservoir run` has.
func connect(ctx context.Context, cfg config.Kafka) (*kafka.Admin, error) {
	brokers := cfg.Brokers
	if cfg.IsEmbedded() {
		brokers = []string{cfg.Embedded.Listen}
	}
	to := kafka.Config{Brokers: brokers, ClientID: cfg.ClientID}
	if s := cfg.SASL; s != nil {
		to.SASL = &kafka.SASL{Mechanism: s.Mechanism, User: s.Username, Password: s.Password}
	}
	if t := cfg.TLS; t != nil {
		to.TLS = &kafka.TLS{CA: string(t.CA), Cert: string(t.Cert), Key: t.Key, ServerName: t.ServerName}
	}
	admin, err := kafka.NewAdmin(to)
	if err != nil {
		return nil, err
	}
	if err := reach(ctx, admin); err != nil {
		_ = admin.Close() // it never connected
		return nil, unreachable(cfg, brokers, err)
	}
	return admin, nil
}

// reach bounds how long a person waits to hear that nobody answers.
func reach(ctx context.Context, admin *kafka.Admin) error {
	bounded, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return admin.Ping(bounded)
}

func unreachable(cfg config.Kafka, brokers []string, err error) error {
	if cfg.IsEmbedded() {
		return fmt.Errorf("no embedded broker answers at %s: start `reservoir run` with this configuration, it runs as long as that does: %w", brokers[0], err)
	}
	return fmt.Errorf("no broker answers at %s: check `kafka.brokers` and the network: %w", strings.Join(brokers, ", "), err)
}
