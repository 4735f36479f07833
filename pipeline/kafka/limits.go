package kafka

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// limits are the bytes that an output of a transaction may have: what is
// configured, but for topics that turned out to take less.
type limits struct {
	most int

	mu    sync.Mutex
	lower atomic.Pointer[map[string]limit] // nil: none; replaced whole
	asked time.Time
}

// limit is what one topic takes.
type limit struct {
	bytes int
	told  bool // by the topic's settings, not by a record that was refused
}

// askAgain is how often a topic that took less is asked whether it takes more.
const askAgain = time.Minute

func (l *limits) of(topic string) int {
	if lower := l.lower.Load(); lower != nil {
		if known, ok := (*lower)[topic]; ok {
			return min(known.bytes, l.most)
		}
	}
	return l.most
}

// learn takes note of what topics take.
func (l *limits) learn(found map[string]limit, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = now
	all := map[string]limit{}
	if known := l.lower.Load(); known != nil {
		all = maps.Clone(*known)
	}
	maps.Copy(all, found)
	maps.DeleteFunc(all, func(_ string, one limit) bool { return one.bytes >= l.most })
	if len(all) == 0 {
		l.lower.Store(nil)
		return
	}
	l.lower.Store(&all)
}

// due gives the topics whose limit may have been raised meanwhile.
func (l *limits) due(now time.Time) []string {
	lower := l.lower.Load()
	if lower == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.asked) < askAgain {
		return nil
	}
	var topics []string
	for topic, known := range *lower {
		if known.told {
			topics = append(topics, topic)
		}
	}
	return topics
}
