package dedupe_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

// little is a stage with the least memory there can be, which knows so many
// bookings of a partition.
func little(t *testing.T, bookings int) *bench {
	t.Helper()
	cfg := dedupe.Defaults()
	cfg.Memory = 16 << 20
	s, err := dedupe.NewOn(vfs.NewMem(), "state", cfg, pipeline.StageDeps{Clock: still{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStage(t, s) })
	b := &bench{tb: t, stage: s}
	for p := range int32(benchPartitions) {
		if err := s.(pipeline.Partitioned).Assigned(t.Context(), pipeline.Partition{Topic: input, ID: p}, quiet{}); err != nil {
			t.Fatal(err)
		}
	}
	var lanes sync.WaitGroup
	for lane := range 4 {
		for n := range bookings / 4 {
			ev := b.event(n*4+lane, 0)
			lanes.Go(func() { b.take(ev) })
		}
	}
	lanes.Wait()
	return b
}

func TestStatesTakeNoMoreMemoryThanTheyMay(t *testing.T) {
	const bookings = 8_000 // more than there is room for
	b := little(t, bookings)
	if err := dedupe.Flush(b.stage); err != nil {
		t.Fatal(err)
	}
	if got := dedupe.Hot(b.stage); got > 6<<20 || got < 3<<20 {
		t.Errorf("the states in memory take %d bytes of 6 MiB", got)
	}
	for n := range bookings {
		_, err := b.stage.Process(t.Context(), b.again(n))
		if end, ok := pipeline.AsEnding(err); !ok || end != pipeline.Duplicate {
			t.Fatalf("booking %d: %v", n, err)
		}
	}
	lines := 0
	for p := range int32(benchPartitions) {
		states, err := dedupe.States(b.stage, pipeline.Partition{Topic: input, ID: p})
		if err != nil {
			t.Fatal(err)
		}
		lines += len(states)
	}
	if lines != bookings {
		t.Errorf("%d states on disk, want %d", lines, bookings)
	}
}

func TestAStateThatChangesWhileItIsWrittenIsWrittenAgain(t *testing.T) {
	h := dedupe.NewHot()
	h.Change("a", "one")
	h.Change("b", "one")
	taken := h.Take()
	h.Change("a", "two")
	h.Wrote(taken)
	h.Shrink(0)
	if a, ok := h.Find("a"); !ok || a != "two" {
		t.Errorf("a is %q, %v", a, ok)
	}
	if _, ok := h.Find("b"); ok {
		t.Error("b is still in memory")
	}
	if again := fmt.Sprint(h.Take()); again != "[{0 a two}]" {
		t.Errorf("to be written again: %s", again)
	}
}

func TestAStateOnItsWayToDiskStaysInMemory(t *testing.T) {
	h := dedupe.NewHot()
	h.Change("a", "one")
	taken := h.Take()
	h.Shrink(0)
	if a, ok := h.Find("a"); !ok || a != "one" {
		t.Errorf("a is %q, %v", a, ok)
	}
	h.Wrote(taken)
	h.Shrink(0) // it was used
	if h.Bytes() != 0 {
		t.Errorf("%d bytes are held", h.Bytes())
	}
}

func TestAStateThatCouldNotBeWrittenWaitsAgain(t *testing.T) {
	h := dedupe.NewHot()
	h.Change("a", "one")
	h.Change("b", "one")
	taken := h.Take()
	h.Change("b", "two")
	h.Failed(taken)
	h.Shrink(0)
	if again := fmt.Sprint(h.Take()); again != "[{1 b two} {0 a one}]" {
		t.Errorf("to be written again: %s", again)
	}
}

func TestOnlyAPartitionWithStatesThatAreNotInMemoryAsksTheDisk(t *testing.T) {
	h := dedupe.NewHot()
	h.Change("a", "one")
	h.Wrote(h.Take())
	if h.Shrink(1 << 20); h.Partial() {
		t.Error("all is in memory, and yet the disk is asked")
	}
	if h.Shrink(0); !h.Partial() {
		t.Error("a state is on disk alone, and the disk is not asked")
	}
}
