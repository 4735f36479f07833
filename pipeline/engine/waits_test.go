package engine

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// silence is a log that never answers.
type silence struct{ memoryLog }

func (*silence) Write(ctx context.Context, _ ...pipeline.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAWebhookThatIsNotAcknowledgedIsAnswered503WithinItsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testWeb(t, &memoryLog{}, pass)
		h.log = &silence{}
		for _, pause := range []time.Duration{0, sharing / 2, sharing, 3 * patience} {
			time.Sleep(pause)
			h.health.pinged(nil) // the one before noted the trouble
			began := time.Now()
			if w := call(h, http.MethodPost); w.Code != 503 {
				t.Errorf("after %v the answer is %d", pause, w.Code)
			}
			if waited := time.Since(began); waited > patience || waited < patience-sharing {
				t.Errorf("after %v it waited %v", pause, waited)
			}
		}
	})
}

func TestWebhooksOfOneMomentWaitTogetherAndNoneLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w waits
		var ends []time.Duration
		for range 5 {
			began := time.Now()
			end, bounded := w.begin(began).Deadline()
			if !bounded {
				t.Fatal("a wait has no end")
			}
			ends = append(ends, end.Sub(began))
			time.Sleep(sharing / 3)
		}
		for _, left := range ends {
			if left > patience || left < patience-sharing {
				t.Errorf("a webhook may wait %v", left)
			}
		}
	})
}

// slow takes its time to read a body.
type slow struct {
	door
	takes time.Duration
}

func (s slow) Receive(w http.ResponseWriter, r *http.Request, from pipeline.Source) (pipeline.Event, error) {
	time.Sleep(s.takes)
	return s.door.Receive(w, r, from)
}

func TestASlowBodyTakesNothingOfTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testWeb(t, &memoryLog{}, pass)
		call(h, http.MethodPost)
		h.log, h.receiver = &silence{}, slow{takes: patience - sharing}
		began := time.Now()
		call(h, http.MethodPost)
		if waited := time.Since(began); waited < 2*(patience-sharing) {
			t.Errorf("with its body it waited %v", waited)
		}
	})
}

func TestAWebhookIsKeptThoughItsSenderHasGone(t *testing.T) {
	log := &memoryLog{}
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/hooks/src", nil)
	testWeb(t, log, pass).ServeHTTP(httptest.NewRecorder(), r)
	if len(log.on("bookings.raw.src")) != 1 {
		t.Error("it is not in the topic")
	}
}
