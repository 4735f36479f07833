package broker_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// clock goes by hand. Sleep waits until Advance.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	ticks chan struct{}
}

func newClock() *clock { return &clock{now: time.Now(), ticks: make(chan struct{})} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-c.ticks:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass moves the clock and wakes the sleeper twice: at the second time, what
// it was woken for at the first is done.
func (c *clock) pass(ctx context.Context, t *testing.T, d time.Duration) {
	t.Helper()
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
	for range 2 {
		select {
		case c.ticks <- struct{}{}:
		case <-ctx.Done():
			t.Fatal("nobody slept")
		}
	}
}

func TestRetentionIsKeptAsTheTopicAsks(t *testing.T) {
	at := func(now time.Time, back ...time.Duration) []time.Time {
		var out []time.Time
		for _, d := range back {
			out = append(out, now.Add(-d))
		}
		return out
	}
	const hour, day = time.Hour, 24 * time.Hour
	for name, c := range map[string]struct {
		configs map[string]string
		back    []time.Duration // age of each record
		start   int64           // what is the first offset then
	}{
		"by age":                      {map[string]string{"retention.ms": "3600000"}, []time.Duration{5 * hour, 3 * hour, hour / 2, 0}, 2},
		"a week without a word":       {nil, []time.Duration{9 * day, 8 * day, 6 * day, 0}, 2},
		"never":                       {map[string]string{"retention.ms": "-1"}, []time.Duration{900 * day, 0}, 0},
		"a word that is no number":    {map[string]string{"retention.ms": "soon"}, []time.Duration{900 * day, 0}, 0},
		"never older than a younger":  {map[string]string{"retention.ms": "3600000"}, []time.Duration{0, 3 * hour, 3 * hour, 0}, 0},
		"all but the last":            {map[string]string{"retention.ms": "3600000"}, []time.Duration{5 * hour, 4 * hour, 3 * hour}, 2},
		"by size, all but the last":   {map[string]string{"retention.ms": "-1", "retention.bytes": "1"}, []time.Duration{0, 0, 0}, 2},
		"by size, not below the size": {map[string]string{"retention.ms": "-1", "retention.bytes": "150"}, []time.Duration{0, 0, 0, 0}, 2},
		"what was compacted":          {map[string]string{"cleanup.policy": "compact"}, []time.Duration{900 * day, 0}, 0},
		"compacted and deleted":       {map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "3600000"}, []time.Duration{5 * hour, 0}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir, clk := testContext(t), t.TempDir(), newClock()
			cfg := config(dir, "127.0.0.1:0")
			cfg.Clock = clk
			b := start(t, cfg)
			cl := client(t, b.Addr())
			createTopic(ctx, t, cl, "t", 1, c.configs)
			for _, when := range at(clk.Now(), c.back...) {
				r := &kgo.Record{Topic: "t", Value: []byte("0123456789"), Timestamp: when}
				if err := cl.ProduceSync(ctx, r).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			clk.pass(ctx, t, time.Minute)
			begin, end := offsets(ctx, t, cl, "t", 0)
			if begin != c.start || end != int64(len(c.back)) {
				t.Errorf("the partition is [%d, %d), want [%d, %d)", begin, end, c.start, len(c.back))
			}
		})
	}
}

// TestExpiredSegmentsAreGoneAndOffsetsGoOn covers what kfake alone loses: with
// the last batch it removes the last file, and begins at offset 0 again.
func TestExpiredSegmentsAreGoneAndOffsetsGoOn(t *testing.T) {
	for name, orderly := range map[string]bool{"after a close": true, "after a crash": false} {
		t.Run(name, func(t *testing.T) {
			ctx, dir, clk := testContext(t), t.TempDir(), newClock()
			cfg := config(dir, "127.0.0.1:0")
			cfg.Clock = clk
			b := start(t, cfg)
			cl := client(t, b.Addr())
			createTopic(ctx, t, cl, "t", 1, map[string]string{"retention.ms": "3600000", "segment.bytes": "250"})
			produce(ctx, t, cl, "t", 0, numbers(0, 30)...)
			clk.pass(ctx, t, 2*time.Hour)
			files, err := filepath.Glob(filepath.Join(dir, "log", "partitions", "t-0", "*.dat"))
			if err != nil || len(files) != 1 {
				t.Errorf("%d segments are left, %v; want 1", len(files), err)
			}
			cl.Close()
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if !orderly {
				remove(t, filepath.Join(dir, "clean"))
				remove(t, filepath.Join(dir, "log", "partitions", "t-0", "snapshot.json"))
			}
			b = start(t, cfg)
			cl = client(t, b.Addr())
			if begin, end := offsets(ctx, t, cl, "t", 0); begin != 29 || end != 30 {
				t.Errorf("the partition is [%d, %d), want [29, 30)", begin, end)
			}
			produce(ctx, t, cl, "t", 0, "30")
			if got, want := values(ctx, t, b.Addr(), "t", 0), numbers(29, 31); !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}

func TestExpiredRecordsDoNotComeBackAfterACrash(t *testing.T) {
	ctx, dir, clk := testContext(t), t.TempDir(), newClock()
	cfg := config(dir, "127.0.0.1:0")
	cfg.Clock = clk
	b := start(t, cfg)
	cl := client(t, b.Addr())
	createTopic(ctx, t, cl, "t", 1, map[string]string{"retention.ms": "3600000"})
	produce(ctx, t, cl, "t", 0, numbers(0, 5)...)
	clk.pass(ctx, t, 2*time.Hour)
	crash := t.TempDir()
	copyInto(t, crash, dir, ".")
	cfg.Dir = crash
	b = start(t, cfg)
	if begin, end := offsets(ctx, t, client(t, b.Addr()), "t", 0); begin != 4 || end != 5 {
		t.Errorf("the partition is [%d, %d), want [4, 5)", begin, end)
	}
}

func TestADeletedTopicStaysDeleted(t *testing.T) {
	ctx := testContext(t)
	c := startChild(t, t.TempDir(), "127.0.0.1:0")
	cl := client(t, c.addr)
	for _, topic := range []string{"t", "t-0", "other"} {
		createTopic(ctx, t, cl, topic, 2, map[string]string{"segment.bytes": "250"})
		produce(ctx, t, cl, topic, 0, numbers(0, 9)...)
	}
	before := t.TempDir()
	copyInto(t, before, c.dir, ".")
	deleteTopic(ctx, t, cl, "t")
	copyInto(t, before, c.dir, "deleting")
	c.kill()
	for name, half := range map[string]func(dir string){
		"no file yet":   func(string) {},
		"the first one": func(dir string) { remove(t, filepath.Join(dir, "log", "partitions", "t-0", "0.dat")) },
		"a whole partition": func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "log", "partitions", "t-0")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			copyInto(t, dir, before, ".")
			half(dir)
			b := start(t, config(dir, "127.0.0.1:0"))
			cl := client(t, b.Addr())
			createTopic(ctx, t, cl, "t", 2, nil) // would exist already
			if _, end := offsets(ctx, t, cl, "t", 0); end != 0 {
				t.Errorf("the new topic begins with %d records", end)
			}
			for _, topic := range []string{"t-0", "other"} {
				if got, want := values(ctx, t, b.Addr(), topic, 0), numbers(0, 9); !cmp.Equal(got, want) {
					t.Errorf("%s: %s", topic, cmp.Diff(want, got))
				}
			}
		})
	}
}

func TestAPartitionOfNoTopicIsSetAside(t *testing.T) {
	ctx, dir := testContext(t), crashed(t)
	write(t, filepath.Join(dir, "log", "topics.json"), []byte(`{"version":1,"topics":[]}`))
	b := start(t, config(dir, "127.0.0.1:0"))
	createTopic(ctx, t, client(t, b.Addr()), "t", 1, nil)
	if _, end := offsets(ctx, t, client(t, b.Addr()), "t", 0); end != 0 {
		t.Errorf("the new topic begins with %d records", end)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "orphans", "t-0-*", "0.dat"))
	if err != nil || len(kept) != 1 {
		t.Errorf("set aside: %v, %v", kept, err)
	}
}
