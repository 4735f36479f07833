package kafka

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// limits are the bytes that an output of a transaction may have: what is
// configured, but for topics that turned out to take less.
type limits struct {
	most int

	mu    sync.Mutex
	lower atomic.Pointer[map[string]int] // nil: none; replaced whole
	asked time.Time
}

// askAgain is how often a topic that took less is asked whether it takes more.
const askAgain = time.Minute

func (l *limits) of(topic string) int {
	if lower := l.lower.Load(); lower != nil {
		if known, ok := (*lower)[topic]; ok {
			return min(known, l.most)
		}
	}
	return l.most
}

// learn takes note of what topics take.
func (l *limits) learn(found map[string]int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = now
	all := map[string]int{}
	if known := l.lower.Load(); known != nil {
		all = maps.Clone(*known)
	}
	maps.Copy(all, found)
	maps.DeleteFunc(all, func(_ string, bytes int) bool { return bytes >= l.most })
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
	return slices.Collect(maps.Keys(*lower))
}
