package kafka

import (
	"math/rand/v2"
	"testing"
)

// TestTransactionsTakeEveryRecordOnceInOrderAndNoHole finishes, takes and
// settles at random.
func TestTransactionsTakeEveryRecordOnceInOrderAndNoHole(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		var p prefix
		var open []*task // added and not finished
		var in []*task   // taken and not settled
		next, want, ready := int64(0), int64(0), 0
		for range 2000 {
			switch r.IntN(4) {
			case 0, 1:
				one := &task{}
				one.rec.Offset = next
				next++
				p.add(one)
				open = append(open, one)
			case 2:
				if len(open) > 0 {
					i := r.IntN(min(len(open), 8))
					ready += p.finish(open[i])
					open = append(open[:i], open[i+1:]...)
				}
			case 3:
				if in != nil {
					p.settle(len(in))
					in = nil
					continue
				}
				in = p.take(1 + r.IntN(20))
				ready -= len(in)
				for _, one := range in {
					if one.rec.Offset != want || !one.done {
						t.Fatalf("took offset %d, finished %v; want %d", one.rec.Offset, one.done, want)
					}
					want++
				}
			}
			if ready != p.ready {
				t.Fatalf("%d may be taken by the counts, %d by the prefix", ready, p.ready)
			}
			if int64(len(p.rest())) != next-want {
				t.Fatalf("%d are left, want %d", len(p.rest()), next-want)
			}
		}
	}
}
