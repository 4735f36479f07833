package command_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A disk that gives back something else than was written must not cost an event,
// nor end the process: the state is restored from bookings.current.
func TestStateThatIsBrokenOnDiskIsMadeAnewWhileItRuns(t *testing.T) {
	const bookings = 80
	s := newSite(t, studentSite)
	r := s.startReady(t)
	send := func(version int) {
		for n := range bookings {
			r.until(t, "accepted", func() bool { // 503 while the engine is made anew: a sender calls again
				return post(t.Context(), client(), r.webhooks+studentPath, student(fmt.Sprintf("HB%03d", n), version)) == http.StatusOK
			})
		}
	}
	published := func(want int) {
		s.atPorts(t, studentSite, r)
		r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == want })
	}
	send(1)
	published(bookings)
	r.stop(t)
	s.configure(t, studentSite)
	scratch(t, filepath.Join(s.dir, "data", "state", "bookings"))

	r = s.startReady(t)
	send(2)
	published(2 * bookings)
	r.until(t, "made anew", func() bool { return strings.Contains(r.log.String(), "is broken and is made anew") })
	if dead := s.tail(t, "bookings.dead"); len(dead) != 0 {
		t.Errorf("%d events are dead", len(dead))
	}
	r.until(t, "ready", func() bool { return status(t, r.admin+"/readyz") == http.StatusOK })
	if code := r.stop(t); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, r.log)
	}
}

// scratch changes tables in their middle.
func scratch(t *testing.T, dir string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("%d tables in %s: %v", len(tables), dir, err)
	}
	for _, table := range tables {
		text, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for at := len(text) / 4; at < len(text)/2; at += 256 {
			copy(text[at:], "scratched")
		}
		if err := os.WriteFile(table, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
