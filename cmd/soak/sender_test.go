package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
)

// A call that is repeated, and at which door, is a matter of time. What follows
// it is not.
func TestASenderTellsTheSameStoriesHoweverOftenACallIsRepeated(t *testing.T) {
	smooth, rough := told(t, 5, 1, 0), told(t, 5, 3, 9)
	if !slices.Equal(smooth, rough) {
		t.Errorf("without trouble it sent\n%v\nand with it\n%v", smooth, rough)
	}
	if other := told(t, 6, 1, 0); slices.Equal(smooth, other) {
		t.Error("two seeds tell the same")
	}
}

// told gives what a sender is answered 200, of several doors, which refuse some
// calls at first.
func told(t *testing.T, seed uint64, doors int, refused int32) []string {
	t.Helper()
	const webhooks = 60
	var calls atomic.Int32
	var taken []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if n := calls.Add(1); err != nil || n%2 == 0 && n <= 2*refused {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, path, _ := strings.Cut(r.URL.String()[1:], "/")
		taken = append(taken, path+string(body))
		fmt.Fprint(w, `{"id":"taken"}`)
	}))
	defer server.Close()
	var all []string
	for n := range doors {
		all = append(all, fmt.Sprintf("%s/%d", server.URL, n))
	}
	l := &load{to: func() []string { return all }, report: &report{to: t.Output(), began: time.Now()}, wanted: make(chan struct{}, webhooks)}
	for range webhooks {
		l.wanted <- struct{}{}
	}
	close(l.wanted)
	s, err := l.sender(seed, 0, traffic.NewAPI())
	if err != nil {
		t.Fatal(err)
	}
	s.run(t.Context())
	if got := l.repeated.Load(); got != int64(refused) || len(taken) != webhooks || l.report.err() != nil {
		t.Fatalf("%d webhooks were taken and %d repeated: %v", len(taken), got, l.report.err())
	}
	return taken
}
