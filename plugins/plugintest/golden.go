package plugintest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// update is the one flag of the suite; a test that brings this package into its
// binary must not define another -update.
var update = flag.Bool("update", false, "write the goldens of the plugin's cases instead of comparing them")

// shown is one event in a golden: what readers of the topics see, and what
// they do not. People are there as roles; their identities are in no file.
type shown struct {
	Type   booking.Type   `json:"type"`
	Time   time.Time      `json:"time,omitzero"`
	Origin booking.Origin `json:"origin"`
	Event  booking.Event  `json:"event"`
}

// testGolden compares what comes of the case with its goldens.
func (s *suite) testGolden(t *testing.T, c recorded) {
	events, err := s.outcome(c)
	s.quiet(t, c, "the case", err)
	reason := reasonOf(t, err)
	golden(t, c.Name, "rejected.golden.txt", line(reason))
	if reason != "" {
		golden(t, c.Name, "events.golden.json", nil)
		golden(t, c.Name, "published.golden.txt", nil)
		return
	}
	golden(t, c.Name, "events.golden.json", show(t, events))
	golden(t, c.Name, "published.golden.txt", s.published(t, c))
}

// outcome is what becomes of the case: Identify, then Normalise.
func (s *suite) outcome(c recorded) ([]booking.Event, error) {
	if c.err != nil {
		return nil, c.err
	}
	return s.normalise(c)
}

func reasonOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if e, ok := pipeline.AsEnding(err); ok {
		return string(e)
	}
	if r, ok := pipeline.AsRejection(err); ok {
		return string(r.Reason)
	}
	t.Fatalf("%v is neither a rejection nor an ending: a pure function has nothing to try again", err)
	return ""
}

func line(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text + "\n")
}

// show gives the form of events.golden.json.
func show(t *testing.T, events []booking.Event) []byte {
	t.Helper()
	all := make([]shown, len(events))
	for i, e := range events {
		all[i] = shown{Type: e.Type, Time: e.Time, Origin: e.Origin, Event: e}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(all); err != nil {
		t.Fatalf("encode the events: %v", err)
	}
	return buf.Bytes()
}

// golden compares got with a file of the case; nil asks that there is none.
func golden(t *testing.T, dir, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", dir, name)
	if *update {
		rewrite(t, file, got)
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && got == nil {
		return
	}
	if err != nil {
		t.Errorf("%v; run the test with -update to write it", err)
		return
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; run with -update and read the difference\n--- got\n%s\n--- want\n%s", file, got, want)
	}
}

func rewrite(t *testing.T, file string, got []byte) {
	t.Helper()
	if got == nil {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(file, got, 0o644); err != nil {
		t.Fatal(err)
	}
}
