package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
)

// check reads every topic and says what does not add up.
func (s *soak) check(ctx context.Context) error {
	l, err := ledger.New(s.site.ledger())
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	s.load.tell(l)
	samples, failed := s.looks.taken()
	for _, sample := range samples {
		l.Sampled(sample)
	}
	s.report.say("reading every topic")
	if err := l.Read(ctx, s.admin); err != nil {
		return err
	}
	found := l.Faults()
	for _, f := range found {
		s.report.wrong("%s", f)
	}
	if n := l.Repeats(); n > 0 && s.o.static && !s.promise.everRough {
		s.report.wrong("%d copies, though nothing was done to static members but restarts in order", n)
	}
	s.report.say("%d webhooks acknowledged, %d events, %d copies, %d dead letters, %d looks at the offsets and %d that failed: %d faults",
		s.load.answered.Load(), l.Events(), l.Repeats(), l.Letters(), len(samples), failed, len(found))
	return nil
}

// restored tells of how many partitions the members hold the state.
func (f *fleet) restored(ctx context.Context) int {
	n := 0
	for _, m := range f.all() {
		text, err := m.metrics(ctx)
		if err != nil {
			return 0
		}
		n += strings.Count(text, "\nreservoir_state_restore_seconds{")
	}
	return n
}

// metrics reads what a member says of itself.
func (m *member) metrics(ctx context.Context) (string, error) {
	m.mu.Lock()
	admin := m.admin
	m.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/metrics", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("read the metrics of %s: %w", m.name, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
