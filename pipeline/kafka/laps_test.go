package kafka_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// TestALifeIsToldWithItsTimes: an operator who wants to know why a restart took
// long finds the steps of it in the log.
func TestALifeIsToldWithItsTimes(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in := topic(t, cfg, 2)
	write(t, publisher(t, cfg), pipeline.Record{Topic: in, Key: []byte("who wrote it"), Value: []byte("1")})
	var out bytes.Buffer
	cfg.Log, cfg.InstanceID = slog.New(slog.NewJSONHandler(&out, nil)), "one"
	s, w := subscriber(t, cfg, once(name("g"))), &work{done: map[string]int{}}
	w.run(subscribe(t, s, in), func() {})
	eventually(t, "the record done", func() bool { return w.count() == 1 })
	_ = s.Close()
	w.wg.Wait()

	want := [][]string{
		{"joined the group", "connect", "look", "transactions", "join", "after", "partitions", "generation"},
		{"the first record has come", "after", "partition"},
		{"left the group", "drain", "leave", "after"},
	}
	var said []string
	for line := range bytes.Lines(out.Bytes()) {
		var has map[string]any
		if err := json.Unmarshal(line, &has); err != nil {
			t.Fatal(err)
		}
		said = append(said, has["msg"].(string))
		i := slices.IndexFunc(want, func(of []string) bool { return of[0] == has["msg"] })
		if i < 0 {
			continue
		}
		for _, name := range want[i][1:] {
			if _, told := has[name]; !told {
				t.Errorf("%q does not tell %q: %s", has["msg"], name, line)
			}
		}
	}
	for _, of := range want {
		if n := len(slices.DeleteFunc(slices.Clone(said), func(msg string) bool { return msg != of[0] })); n != 1 {
			t.Errorf("%q was said %d times, want once: %q", of[0], n, said)
		}
	}
	if bytes.Contains(out.Bytes(), []byte("who wrote it")) {
		t.Error("a key is in the log") // invariant 10
	}
}
