package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
)

// sender tells the stories of its bookings, a webhook at a time.
type sender struct {
	*load
	generator *traffic.Generator
	next      *rand.Rand // chooses the booking that goes on
	door      *rand.Rand
	stories   [openBookings][]traffic.Webhook
	client    *http.Client
}

// answerTime is how long a sender waits for an answer.
const answerTime = 15 * time.Second

func (s *sender) run(ctx context.Context) {
	transport := &http.Transport{MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	s.client = &http.Client{Transport: transport, Timeout: answerTime}
	for range s.wanted {
		story := &s.stories[s.next.IntN(openBookings)]
		if len(*story) == 0 {
			*story = s.generator.Booking()
		}
		if !s.send(ctx, (*story)[0]) {
			return
		}
		*story = (*story)[1:]
	}
}

// send calls until it is answered 200, and only then goes on: so a booking's
// webhooks arrive in their order. It gives false at the end of ctx.
func (s *sender) send(ctx context.Context, w traffic.Webhook) bool {
	if w.Happen != nil {
		w.Happen()
	}
	for try := 0; ; try++ {
		if base := s.target(); base != "" {
			status, id := s.call(ctx, base, w)
			switch {
			case status == http.StatusOK:
				s.taken(acked{w.Source, id, sha256.Sum256(w.Request.Body)})
				return true
			case status != 0 && status != http.StatusServiceUnavailable:
				// A sound webhook is never a 4xx (invariant 2).
				s.report.wrong("a sound webhook of %s about %s was answered %d", w.Source, w.Booking, status)
			}
			s.repeated.Add(1)
		}
		wait := min(time.Second, 20*time.Millisecond<<min(try, 6))
		if (pipeline.WallClock{}).Sleep(ctx, wait) != nil {
			return false
		}
	}
}

func (s *sender) target() string {
	all := s.to()
	if len(all) == 0 {
		return ""
	}
	return all[s.door.IntN(len(all))]
}

// call sends once. Status 0 is no answer.
func (s *sender) call(ctx context.Context, base string, w traffic.Webhook) (status int, id string) {
	signed, err := w.Sign(time.Now())
	if err != nil {
		s.report.wrong("sign a webhook of %s: %v", w.Source, err)
		return 0, ""
	}
	request, err := http.NewRequestWithContext(ctx, signed.Method, traffic.URL(base, signed), bytes.NewReader(signed.Body))
	if err != nil {
		s.report.wrong("make a webhook of %s: %v", w.Source, err)
		return 0, ""
	}
	request.Header = traffic.Header(signed)
	response, err := s.client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var answer struct{ ID string }
	if err != nil || response.StatusCode == http.StatusOK && json.Unmarshal(body, &answer) != nil {
		return 0, ""
	}
	return response.StatusCode, answer.ID
}
