package engine

import "golang.org/x/sync/semaphore"

// doorway bounds the webhooks of a pipeline that are under way, and the bytes of
// their bodies: a broker that is slow must cost a 503, never memory
// (invariant 11).
type doorway struct {
	slots   chan struct{}
	bytes   *semaphore.Weighted
	largest int64 // body that is taken
}

// smallBody is what every webhook may have beside the bound in bytes: who sends
// large bodies slowly must not keep out the others, whose bodies mostly are a few
// kilobytes.
const smallBody = 64 << 10

func newDoorway(webhooks int, largest, bytes int64) *doorway {
	return &doorway{slots: make(chan struct{}, webhooks), bytes: semaphore.NewWeighted(bytes), largest: largest}
}

// enter lets a webhook in whose body has the length that its head says, -1 for
// none. It gives what leave is to be given back, or why there is no room.
func (d *doorway) enter(length int64) (weight int64, full string) {
	select {
	case d.slots <- struct{}{}:
	default:
		return 0, "too many webhooks are under way"
	}
	weight = d.weight(length)
	if weight > 0 && !d.bytes.TryAcquire(weight) {
		<-d.slots
		return 0, "too many bytes of webhooks are under way"
	}
	return weight, ""
}

// weight of a body: one that is too large is refused before it is read, and one
// without a length may become as large as any.
func (d *doorway) weight(length int64) int64 {
	if length < 0 {
		length = d.largest
	}
	if length <= smallBody || length > d.largest {
		return 0
	}
	return length
}

func (d *doorway) leave(weight int64) {
	if weight > 0 {
		d.bytes.Release(weight)
	}
	<-d.slots
}
