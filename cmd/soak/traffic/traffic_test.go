package traffic_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
)

func bookings(t *testing.T, seed uint64, n int) []traffic.Webhook {
	t.Helper()
	g, err := traffic.New(seed, 0, traffic.NewAPI())
	if err != nil {
		t.Fatal(err)
	}
	var all []traffic.Webhook
	for range n {
		all = append(all, g.Booking()...)
	}
	return all
}

func TestASeedMakesTheSameWebhooksAgainAndAnotherMakesOthers(t *testing.T) {
	one, again, other := bookings(t, 1, 50), bookings(t, 1, 50), bookings(t, 2, 50)
	if len(one) != len(again) {
		t.Fatalf("%d webhooks, then %d", len(one), len(again))
	}
	for i := range one {
		if one[i].Source != again[i].Source || !bytes.Equal(one[i].Request.Body, again[i].Request.Body) || one[i].Request.RawQuery != again[i].Request.RawQuery {
			t.Fatalf("webhook %d is another one the second time", i)
		}
	}
	if len(one) == len(other) && bytes.Equal(one[0].Request.Body, other[0].Request.Body) && bytes.Equal(one[9].Request.Body, other[9].Request.Body) {
		t.Error("two seeds make the same webhooks")
	}
}

func TestEverySourceHasCancellationsAndRepeats(t *testing.T) {
	cancelled, repeated := map[string]bool{}, map[string]bool{}
	var before traffic.Webhook
	for _, w := range bookings(t, 3, 300) {
		if bytes.Contains(append(w.Request.Body, w.Request.RawQuery...), []byte("cancelled")) {
			cancelled[w.Source] = true
		}
		if w.Booking == before.Booking && bytes.Equal(w.Request.Body, before.Request.Body) && w.Request.RawQuery == before.Request.RawQuery {
			repeated[w.Source] = true
		}
		before = w
	}
	for _, source := range traffic.Names() {
		if !cancelled[source] || !repeated[source] {
			t.Errorf("%s: cancellations %v, repeats %v", source, cancelled[source], repeated[source])
		}
	}
}

func TestAWebhookIsSignedWhenItIsSent(t *testing.T) {
	for _, w := range bookings(t, 4, 30) {
		r, err := w.Sign(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if r.Path == "" || w.Source == traffic.Broom && traffic.Header(r).Get("X-Webhook-Signature") == "" {
			t.Errorf("%s is not signed: %s", w.Source, r.Path)
		}
	}
}
