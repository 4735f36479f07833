package command

import (
	"context"
	"log/slog"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/broker"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/privacy"
)

// largestRecord bounds what a topic of the embedded broker takes that does not
// say; the pipeline's topics all say.
const largestRecord = 65 << 20

// brokers is the cluster of one run: the configured one, or the embedded one.
type brokers struct {
	addresses []string
	embedded  *broker.Broker // nil on a cluster of others
}

// openBrokers starts the embedded broker where no other is named. A cluster
// that is out of reach is no error: the engine waits for it.
func openBrokers(ctx context.Context, cfg config.Kafka, clock pipeline.Clock, log *slog.Logger) (brokers, error) {
	if !cfg.IsEmbedded() {
		return brokers{addresses: cfg.Brokers}, nil
	}
	b, err := broker.Start(ctx, broker.Config{
		Dir: cfg.Embedded.Dir, Listen: cfg.Embedded.Listen, MaxRecord: largestRecord, Log: log, Clock: clock,
	})
	if err != nil {
		return brokers{}, err
	}
	return brokers{addresses: []string{b.Addr()}, embedded: b}, nil
}

// failed is closed when the embedded broker gave up; never on others.
func (b brokers) failed() <-chan struct{} {
	if b.embedded == nil {
		return nil
	}
	return b.embedded.Failed()
}

func (b brokers) err() error { return b.embedded.Err() }

func (b brokers) close() error {
	if b.embedded == nil {
		return nil
	}
	return b.embedded.Close()
}

// tokenizer makes tokens of people with the configured key or, on the embedded
// broker, with the one that is kept beside its log.
func tokenizer(file *config.File) (pipeline.Tokenizer, error) {
	key := file.Privacy.Key
	if key.IsZero() && file.Kafka.IsEmbedded() {
		var err error
		if key, err = privacy.KeyFile(file.Kafka.Embedded.Dir); err != nil {
			return nil, err
		}
	}
	return privacy.New(key)
}
