package kafka

import (
	"testing"

	"github.com/IBM/sarama"
)

// given is a session with partitions of these topics.
type given struct {
	sarama.ConsumerGroupSession
	topics []string
}

func (g given) Claims() map[string][]int32 {
	all := map[string][]int32{}
	for _, topic := range g.topics {
		all[topic] = []int32{0}
	}
	return all
}

// TestASessionThatIsRefusedEndsInOrder: sarama cleans up after a Setup that
// failed, too, and nothing of this one was begun.
func TestASessionThatIsRefusedEndsInOrder(t *testing.T) {
	h := &handler{subscription: &subscription{Subscriber: &Subscriber{}, topics: []string{"in"}}}
	session := given{topics: []string{"in", "of a former life"}}
	if err := h.Setup(session); err == nil {
		t.Fatal("a topic that is not read is taken")
	}
	if err := h.Cleanup(session); err != nil {
		t.Error(err)
	}
}
