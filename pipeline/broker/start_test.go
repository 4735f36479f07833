package broker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/broker"
)

func TestRecordsOutliveAnOrderlyRestart(t *testing.T) {
	ctx, dir := testContext(t), t.TempDir()
	b := start(t, config(dir, "127.0.0.1:0"))
	cl := client(t, b.Addr())
	createTopic(ctx, t, cl, "a.topic", 2, map[string]string{"retention.ms": "86400000"})
	produce(ctx, t, cl, "a.topic", 1, numbers(0, 5)...)
	cl.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = start(t, config(dir, "127.0.0.1:0"))
	if got, want := values(ctx, t, b.Addr(), "a.topic", 1), numbers(0, 5); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestASecondStartOnTheSameDirectoryFails(t *testing.T) {
	dir := t.TempDir()
	start(t, config(dir, "127.0.0.1:0"))
	_, err := broker.Start(testContext(t), config(dir, "127.0.0.1:0"))
	if !errors.Is(err, broker.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want ErrInUse that names %s", err, dir)
	}
}

func TestAPortInUseIsSaid(t *testing.T) {
	b := start(t, config(t.TempDir(), "127.0.0.1:0"))
	_, err := broker.Start(testContext(t), config(t.TempDir(), b.Addr()))
	if err == nil || !strings.Contains(err.Error(), b.Addr()) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want an error that says that %s is in use", err, b.Addr())
	}
}

func TestConfigsThatCannotWorkAreRefused(t *testing.T) {
	for name, change := range map[string]func(*broker.Config){
		"no directory":   func(c *broker.Config) { c.Dir = "" },
		"no limit":       func(c *broker.Config) { c.MaxRecord = 0 },
		"no logger":      func(c *broker.Config) { c.Log = nil },
		"no port":        func(c *broker.Config) { c.Listen = "127.0.0.1" },
		"every address":  func(c *broker.Config) { c.Listen = "0.0.0.0:0" },
		"no host at all": func(c *broker.Config) { c.Listen = ":0" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t.TempDir(), "127.0.0.1:0")
			change(&cfg)
			if b, err := broker.Start(testContext(t), cfg); err == nil {
				t.Error("started", b.Close())
			}
		})
	}
}

func TestTheDirectoryIsTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	start(t, config(dir, "127.0.0.1:0"))
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "log"): 0o700, filepath.Join(dir, "lock"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

// TestACloseAmidRequestsLosesNothing closes in order while topics are made:
// those acknowledged are there, and nothing is written after Close.
func TestACloseAmidRequestsLosesNothing(t *testing.T) {
	ctx, dir := testContext(t), t.TempDir()
	for round := range 10 {
		b := start(t, config(dir, "127.0.0.1:0"))
		cl := client(t, b.Addr(), kgo.RequestRetries(0))
		made := newCounter()
		var work sync.WaitGroup
		work.Go(func() {
			for i := 0; tryCreate(ctx, cl, fmt.Sprintf("t-%d-%d", round, i)) == nil; i++ {
				made.add()
			}
		})
		made.await(ctx, t, 5)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		closed := string(content(t, filepath.Join(dir, "log", "topics.json")))
		cl.Close()
		work.Wait()
		if later := string(content(t, filepath.Join(dir, "log", "topics.json"))); later != closed {
			t.Fatal("the directory was written to after Close")
		}
		for i := range made.value() {
			if name := fmt.Sprintf("t-%d-%d", round, i); !strings.Contains(closed, fmt.Sprintf("%q", name)) {
				t.Errorf("%s was acknowledged and is not there", name)
			}
		}
	}
}

func tryCreate(ctx context.Context, cl *kgo.Client, topic string) error {
	req := kmsg.NewCreateTopicsRequest()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, 1, 1
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.Topics[0].ErrorCode)
}
