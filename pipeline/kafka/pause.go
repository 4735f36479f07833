package kafka

import "sync"

// Pause stops handing out new records of topics; the group, the partitions and
// what handlers have are kept. It holds for topics and partitions that are read
// later too, until Resume.
func (s *Subscriber) Pause(topics ...string) { s.gates.set(true, topics) }

// Resume ends Pause.
func (s *Subscriber) Resume(topics ...string) { s.gates.set(false, topics) }

// gates are the topics that were ever paused.
type gates struct {
	mu  sync.Mutex
	all map[string]*gate
}

type gate struct {
	paused bool
	turned chan struct{} // closed when paused changes
}

func (g *gates) set(paused bool, topics []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, topic := range topics {
		if one := g.gate(topic); one.paused != paused {
			close(one.turned)
			one.paused, one.turned = paused, make(chan struct{})
		}
	}
}

// gate gives the gate of a topic; g.mu is held.
func (g *gates) gate(topic string) *gate {
	if g.all == nil {
		g.all = make(map[string]*gate)
	}
	if g.all[topic] == nil {
		g.all[topic] = &gate{turned: make(chan struct{})}
	}
	return g.all[topic]
}

// of gives a channel that closes when the topic is paused, or, if it is, one
// that closes when it is resumed.
func (g *gates) of(topic string) (shut, open <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.gate(topic)
	if one.paused {
		return nil, one.turned
	}
	return one.turned, nil
}
