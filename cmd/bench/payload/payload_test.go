package payload_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
)

const some = 2000

func TestAWebhookIsTheSameWheneverItIsMade(t *testing.T) {
	set := payload.Set{Bookings: payload.DefaultBookings}
	for _, i := range []int{0, 19, 1234} {
		if one, two := set.Make(i), set.Make(i); !bytes.Equal(one.Body, two.Body) || one.EventID != two.EventID {
			t.Errorf("webhook %d differs", i)
		}
	}
}

func TestFiveInAHundredAreExactRepeatsOfOneOfTheLastNineteen(t *testing.T) {
	set := payload.Set{Bookings: payload.DefaultBookings}
	at := map[string]int{}
	repeats := 0
	for i := range some {
		w := set.Make(i)
		first, seen := at[w.EventID]
		if seen != payload.IsRepeat(i) {
			t.Fatalf("webhook %d: seen before is %v", i, seen)
		}
		if !seen {
			at[w.EventID] = i
			continue
		}
		repeats++
		if i-first > 19 || !bytes.Equal(w.Body, set.Make(first).Body) {
			t.Errorf("webhook %d is no copy of %d", i, first)
		}
	}
	if repeats != some/20 || payload.Distinct(some) != some-repeats {
		t.Errorf("%d repeats, %d distinct of %d", repeats, payload.Distinct(some), some)
	}
}

func TestBodiesAreRealistic(t *testing.T) {
	set := payload.Set{Bookings: payload.DefaultBookings}
	size, cancelled := 0, 0
	for i := range some {
		w := set.Make(i)
		if !json.Valid(w.Body) {
			t.Fatalf("webhook %d is no JSON", i)
		}
		size += len(w.Body)
		if w.Cancelled && !payload.IsRepeat(i) {
			cancelled++
		}
	}
	if mean := size / some; mean < 1100 || mean > 1350 {
		t.Errorf("a body has %d bytes on average, want about 1.2 KB", mean)
	}
	if share := 100 * cancelled / some; share < 10 || share > 20 {
		t.Errorf("%d %% are cancellations, want 10 to 20", share)
	}
	if set.Cancelled(some) != cancelled {
		t.Errorf("Cancelled gives %d, want %d", set.Cancelled(some), cancelled)
	}
}
