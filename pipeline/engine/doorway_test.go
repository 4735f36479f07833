package engine

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

func TestTheDoorwayIsBoundedInWebhooksAndInTheBytesOfLargeBodies(t *testing.T) {
	const largest, bytes = 1 << 20, 3 << 19 // one and a half of the largest
	tests := []struct {
		name   string
		inside []int64 // lengths of those that are under way
		length int64
		full   string
	}{
		{name: "an empty one", length: 0},
		{name: "small ones beside large ones", inside: []int64{largest, 1 << 19}, length: smallBody},
		{name: "a large one more than there is room for", inside: []int64{largest}, length: 1<<19 + 1, full: "bytes"},
		{name: "a large one that fits", inside: []int64{largest}, length: 1 << 19},
		{name: "one without a length is as large as any", inside: []int64{largest}, length: -1, full: "bytes"},
		{name: "one that is refused unread takes no room", inside: []int64{largest}, length: largest + 1},
		{name: "one webhook too many", inside: []int64{0, 0, 0}, length: 0, full: "too many webhooks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoorway(3, largest, bytes)
			var weights []int64
			for _, length := range tt.inside {
				weight, full := d.enter(length)
				if full != "" {
					t.Fatal(full)
				}
				weights = append(weights, weight)
			}
			weight, full := d.enter(tt.length)
			if (full == "") != (tt.full == "") || !strings.Contains(full, tt.full) {
				t.Errorf("answer is %q, want %q", full, tt.full)
			}
			if full == "" {
				weights = append(weights, weight)
			}
			for _, weight := range weights {
				d.leave(weight)
			}
			if !d.bytes.TryAcquire(bytes) || len(d.slots) != 0 {
				t.Error("room was not given back")
			}
		})
	}
}

// TestASlowBrokerCostsA503NotMemory: while large webhooks wait for their
// acknowledgement another is refused, and a small one waits with them.
func TestASlowBrokerCostsA503NotMemory(t *testing.T) {
	begun, acknowledged := make(chan struct{}), make(chan struct{})
	log := &memoryLog{fail: func([]pipeline.Record) error {
		begun <- struct{}{}
		<-acknowledged
		return nil
	}}
	h := testWeb(t, log, pass)
	post := func(length int64) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/src", nil)
		r.ContentLength = length
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	answers := make(chan int, 2)
	go func() { answers <- post(1 << 20).Code }()
	<-begun
	if w := post(1 << 19); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a second large webhook is answered %d", w.Code)
	}
	go func() { answers <- post(1 << 10).Code }()
	<-begun
	close(acknowledged)
	for range 2 {
		if code := <-answers; code != http.StatusOK {
			t.Errorf("one that had room is answered %d", code)
		}
	}
}
