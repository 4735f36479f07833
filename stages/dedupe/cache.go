package dedupe

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// cache keeps the states that were used last, decoded. It is bounded by their
// number; what falls out is on disk.
type cache struct {
	seed         maphash.Seed
	shards       [16]shard
	hits, misses atomic.Uint64
}

// cacheKey tells a partition's claim apart from an earlier claim on the same
// one: what was kept for that may have been overtaken.
type cacheKey struct {
	claim   uint64
	booking string
}

type shard struct {
	mu    sync.Mutex
	at    map[cacheKey]int
	slots []slot
	hand  int
}

type slot struct {
	key   cacheKey
	state *state
	used  bool
}

// newCache makes a cache of so many states, 16 or more.
func newCache(states int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].at = map[cacheKey]int{}
		c.shards[i].slots = make([]slot, 0, max(1, states/len(c.shards)))
	}
	return c
}

func (c *cache) shard(k cacheKey) *shard {
	return &c.shards[maphash.String(c.seed, k.booking)%uint64(len(c.shards))]
}

func (c *cache) find(k cacheKey) (*state, bool) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at[k]
	if !ok {
		c.misses.Add(1)
		return nil, false
	}
	c.hits.Add(1)
	s.slots[i].used = true
	return s.slots[i].state, true
}

// put keeps a state; where there is no room it takes the place of one that was
// not used since the hand last passed it.
func (c *cache) put(k cacheKey, v *state) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.at[k]; ok {
		s.slots[i].state = v
		return
	}
	if len(s.slots) < cap(s.slots) {
		s.at[k] = len(s.slots)
		s.slots = append(s.slots, slot{key: k, state: v})
		return
	}
	for s.slots[s.hand].used {
		s.slots[s.hand].used = false
		s.hand = (s.hand + 1) % len(s.slots)
	}
	delete(s.at, s.slots[s.hand].key)
	s.slots[s.hand] = slot{key: k, state: v}
	s.at[k] = s.hand
	s.hand = (s.hand + 1) % len(s.slots)
}

func (c *cache) drop(k cacheKey) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.at[k]; ok {
		delete(s.at, k)
		s.slots[i].key, s.slots[i].state, s.slots[i].used = cacheKey{}, nil, false
	}
}
