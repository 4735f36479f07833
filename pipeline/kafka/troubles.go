package kafka

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

const (
	sayAgain  = time.Minute // after which the same trouble is said again
	maxCauses = 64          // remembered; there are few different ones
)

// troubles says each cause of trouble once a minute, however many partitions
// and tries meet it: the loss of a broker is a line, not one for each.
type troubles struct {
	mu   sync.Mutex
	said map[string]time.Time
}

func (t *troubles) warn(log *slog.Logger, now time.Time, what string, err error) {
	if err == nil || !t.due(what+": "+causeOf(err), now) {
		return
	}
	log.Warn(what, "error", err) //nolint:sloglint // every caller gives a constant
}

func (t *troubles) due(cause string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.said[cause]; ok && now.Sub(last) < sayAgain {
		return false
	}
	if t.said == nil || len(t.said) >= maxCauses {
		t.said = make(map[string]time.Time)
	}
	t.said[cause] = now
	return true
}

// causeOf gives what went wrong, without the partition that it was met at.
func causeOf(err error) string {
	if at, ok := errors.AsType[*sarama.ConsumerError](err); ok {
		return at.Err.Error()
	}
	return err.Error()
}
