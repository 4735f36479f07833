package dedupe_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

func (h *house) wantRestores(tail, whole float64) {
	h.t.Helper()
	if gotTail, gotWhole := dedupe.Restores(h.stage); gotTail != tail || gotWhole != whole {
		h.t.Errorf("%v tails and %v whole restores, want %v and %v", gotTail, gotWhole, tail, whole)
	}
}

// other is an event of another booking.
func (h *house) other(bookingID string) {
	h.t.Helper()
	e := status(booking.StatusPending, bookingID, morning)
	ev := h.event(e)
	ev.Key, ev.Booking.Booking.ID = bookingID, bookingID
	if _, err := h.process(ev, true); err != nil {
		h.t.Fatal(err)
	}
}

func TestARestartReadsOnlyTheTail(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	for _, b := range []string{"src/a", "src/b", "src/c"} {
		h.other(b)
	}
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	h.tend()
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	h.read = 0
	h.start()
	h.wantRestores(1, 0)
	if h.read > 2 { // the record behind the checkpoint, and the one before it
		t.Errorf("%d records were read", h.read)
	}
	if got := statusNow(t, h); got != "confirmed" && got != "pending" {
		t.Errorf("the state is %q", got)
	}
	_, err := h.say(status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	wantEnding(t, err, pipeline.Duplicate)
}

func TestLocalStateIsNotTrustedWhereItMayNotFit(t *testing.T) {
	anew := func(h *house) {
		h.current = nil
		for range 9 {
			h.current = append(h.current, pipeline.Record{Key: []byte("src/new"), Value: []byte("not ours")})
		}
	}
	tests := []struct {
		name   string
		change func(h *house)
		kept   bool // the booking's state is still on its topic
	}{
		{"the state's topic was made anew and is shorter", func(h *house) { h.current = nil }, false},
		{"the state's topic was made anew and is longer", anew, false},
		{"the number of partitions changed", func(h *house) { h.count = 7 }, true},
		{"the input topic was made anew", func(h *house) { h.end = 1 }, true},
		{"half a day has passed", func(h *house) { h.clock = &steps{now: morning.Add(12 * time.Hour)} }, true},
		{"another version wrote it", func(h *house) {
			if err := dedupe.SetForm(h.stage); err != nil {
				h.t.Fatal(err)
			}
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := openOn(t, vfs.NewMem())
			h.other("src/a")
			mustSay(t, h, status(booking.StatusConfirmed, "e1", morning))
			h.tend()
			tt.change(h)
			h.start()
			h.wantRestores(0, 1)
			if got := statusNow(t, h); (got == "confirmed") != tt.kept && (got == "pending") != tt.kept {
				t.Errorf("the state is %q", got)
			}
		})
	}
}

func TestAStateOfAnInputMadeAnewIsWrittenBackWithoutItsPlace(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	for range 3 {
		h.event(booking.Event{})
	}
	mustSay(t, h, status(booking.StatusPending, "e1", morning)) // offset 3
	h.tend()
	h.next, h.end = 0, 1
	h.start()
	h.end = 50 // the new topic has grown past that offset, and the disk is gone
	h.fs = vfs.NewMem()
	h.start()
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour))) // offset 0
}

func TestAnotherInputTopicHasItsOwnStates(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	mustSay(t, h, status(booking.StatusConfirmed, "e1", morning))
	h.tend()
	moved := pipeline.Partition{Topic: "bookings.raw.src"}
	if err := h.stage.(pipeline.Partitioned).Assigned(t.Context(), moved, h); err != nil {
		t.Fatal(err)
	}
	h.wantRestores(0, 2)
	ev := h.event(status(booking.StatusConfirmed, "e1", morning))
	ev.Input.Topic = moved.Topic
	_, err := h.stage.Process(t.Context(), ev)
	wantEnding(t, err, pipeline.Duplicate)
}

func TestALateWriteIsMendedWhileTheMemberRuns(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	mustSay(t, h, status(booking.StatusConfirmed, "e2", morning.Add(time.Hour)))
	h.tend()
	h.current = append(h.current, h.current[0]) // the lost member's late write
	h.tend()
	if len(h.current) != 4 || h.state().Booking.Status != booking.StatusConfirmed {
		t.Fatalf("%d records, the last says %s", len(h.current), h.state().Booking.Status)
	}
	back, first := h.current[3], h.current[1]
	if string(back.Value) != string(first.Value) || !reflect.DeepEqual(back.Headers, first.Headers) {
		t.Errorf("written back:\n%s %q\nwas:\n%s %q", back.Value, back.Headers, first.Value, first.Headers)
	}
	h.tend()
	if len(h.current) != 4 || dedupe.Checkpoint(h.stage, part()) != 4 {
		t.Errorf("%d records, checkpoint %d", len(h.current), dedupe.Checkpoint(h.stage, part()))
	}
}

func TestTheCheckpointPassesNothingThatTheLocalStateDoesNotHold(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	ev := under(t, h, h.event(status(booking.StatusConfirmed, "e2", morning.Add(time.Hour))))
	h.current = append(h.current, currentOf(ev)) // the broker has it, we do not know
	h.other("src/later")
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != 1 {
		t.Errorf("with a record under way at 1 the checkpoint is %d", got)
	}
	h.stage.(pipeline.Settler).Settle(ev, true)
	h.tend()
	if got := dedupe.Checkpoint(h.stage, part()); got != 3 {
		t.Errorf("the checkpoint is %d", got)
	}
}

func TestATombstoneOfSomebodyElseIsFollowed(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	h.current = append(h.current, pipeline.Record{Key: []byte(id)})
	h.tend()
	if got := statusNow(t, h); got != "" {
		t.Errorf("the state is %q", got)
	}
}

func TestARunningMemberDropsWhatExpires(t *testing.T) {
	clock := &steps{now: morning}
	h := &house{t: t, fs: vfs.NewMem(), clock: clock}
	h.start()
	ends := morning.AddDate(0, 0, -399)
	e := status(booking.StatusCompleted, "e1", morning)
	e.Booking.Service = &booking.Service{EndsAt: &ends, Zone: "UTC", Precision: booking.Day}
	mustSay(t, h, e)
	h.other("src/kept")
	clock.now = morning.AddDate(0, 0, 16)
	h.tend()
	last := h.current[len(h.current)-1]
	if last.Value != nil || string(last.Key) != id || statusNow(t, h) == "completed" {
		t.Errorf("the last record is of %s with %d bytes; the state is %q", last.Key, len(last.Value), statusNow(t, h))
	}
	h.tend()
	if len(h.current) != 3 {
		t.Errorf("%d records", len(h.current))
	}
	_, err := h.say(e)
	if err != nil {
		t.Errorf("heard of again: %v", err)
	}
}

// lostOne is a member that had a state, and lost its partition.
func lostOne(t *testing.T) (*house, *steps) {
	t.Helper()
	clock := &steps{now: morning}
	h := &house{t: t, fs: vfs.NewMem(), clock: clock}
	h.start()
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	h.tend()
	h.stage.(pipeline.Partitioned).Revoked(part())
	return h, clock
}

func TestWhatALostPartitionLeftIsDroppedWhenNobodyWouldTrustIt(t *testing.T) {
	h, clock := lostOne(t)
	for _, step := range []struct {
		after time.Duration
		held  int
	}{{11 * time.Hour, 1}, {time.Hour, 0}} {
		clock.now = clock.now.Add(step.after)
		if err := dedupe.ForgetLost(h.stage, func() {}); err != nil {
			t.Fatal(err)
		}
		if got := dedupe.Held(h.stage); got != step.held {
			t.Errorf("at %s there are states of %d partitions", clock.now, got)
		}
	}
}

// TestAPartitionThatComesBackIsNotForgotten: it is assigned between the look at
// its old checkpoint and the wipe.
func TestAPartitionThatComesBackIsNotForgotten(t *testing.T) {
	for name, leaves := range map[string]bool{"and stays": false, "and goes again": true} {
		t.Run(name, func(t *testing.T) { comesBack(t, leaves) })
	}
}

func comesBack(t *testing.T, leaves bool) {
	h, clock := lostOne(t)
	clock.now = clock.now.Add(12 * time.Hour)
	found := false
	err := dedupe.ForgetLost(h.stage, func() {
		found = true
		if err := h.stage.(pipeline.Partitioned).Assigned(t.Context(), part(), h); err != nil {
			t.Fatal(err)
		}
		if leaves {
			h.stage.(pipeline.Partitioned).Revoked(part())
		}
	})
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	if got := dedupe.Held(h.stage); got != 1 {
		t.Errorf("there are states of %d partitions", got)
	}
}

// TestAPartitionThatIsLetGoIsNotForgotten: the last checkpoint is written behind
// the look at the old one.
func TestAPartitionThatIsLetGoIsNotForgotten(t *testing.T) {
	clock := &steps{now: morning}
	h := &house{t: t, fs: vfs.NewMem(), clock: clock, places: true}
	h.start()
	mustSay(t, h, status(booking.StatusConfirmed, "e1", morning))
	h.tend()
	h.other("src/later")
	clock.now = morning.Add(12 * time.Hour)
	dedupe.LetGo(h.stage, part(), func() {
		if err := dedupe.ForgetLost(h.stage, func() {}); err != nil {
			t.Fatal(err)
		}
	})
	if err := h.stage.(pipeline.Partitioned).Assigned(t.Context(), part(), h); err != nil {
		t.Fatal(err)
	}
	if got := dedupe.Inputs(h.stage, part()); len(got) != 2 {
		t.Errorf("there are states of %v", got)
	}
}

func TestOneProcessHasAFolderAtATime(t *testing.T) {
	dir := t.TempDir()
	members := make([]pipeline.Stage, 2)
	for i := range members {
		cfg := dedupe.Defaults()
		cfg.Dir = config.Path(filepath.Join(dir, "state", "bookings"))
		deps := pipeline.StageDeps{Pipeline: "bookings", Clock: still{}, Log: slog.New(slog.DiscardHandler)}
		s, err := dedupe.New(cfg, deps)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeStage(t, s) })
		members[i] = s
	}
	h := &house{t: t, clock: still{}}
	assign := func(n int) error {
		return members[n].(pipeline.Partitioned).Assigned(t.Context(), part(), h)
	}
	if err := assign(0); err != nil {
		t.Fatal(err)
	}
	err := assign(1)
	if err == nil || !strings.Contains(err.Error(), "state/bookings") || !strings.Contains(err.Error(), "`dir`") {
		t.Errorf("error is %v", err)
	}
	closeStage(t, members[0])
	if err := assign(1); err != nil {
		t.Errorf("after the first ended: %v", err)
	}
}

func TestProcessesThatShareADataFolderHaveTheirStatesBesideEachOther(t *testing.T) {
	dir := t.TempDir()
	h := &house{t: t, clock: still{}}
	for _, want := range []string{"state/bookings", "state/bookings-2"} {
		deps := pipeline.StageDeps{Pipeline: "bookings", DataDir: dir, Clock: still{}, Log: slog.New(slog.DiscardHandler)}
		s, err := dedupe.New(dedupe.Defaults(), deps)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { closeStage(t, s) })
		if err := s.(pipeline.Partitioned).Assigned(t.Context(), part(), h); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, want)); err != nil {
			t.Error(err)
		}
	}
}

func TestTheFolder(t *testing.T) {
	dir, named := t.TempDir(), t.TempDir()
	tests := []struct {
		name, data string
		dir        config.Path
		want       string
	}{
		{"of its own in the data folder", dir, "", dir + "/state/bookings"},
		{"configured", dir, config.Path(named), named},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := dedupe.Defaults()
			cfg.Dir = tt.dir
			s, err := dedupe.New(cfg, pipeline.StageDeps{Pipeline: "bookings", DataDir: tt.data, Clock: still{}, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.(pipeline.Partitioned).Assigned(t.Context(), part(), &house{t: t}); err != nil {
				t.Fatal(err)
			}
			closeStage(t, s)
			files, err := vfs.Default.List(tt.want)
			if err != nil || len(files) == 0 {
				t.Errorf("%d files in %s: %v", len(files), tt.want, err)
			}
		})
	}
}

func TestTheConfiguration(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*dedupe.Config)
		fault  string
	}{
		{"defaults", func(*dedupe.Config) {}, ""},
		{"the longest retry", func(c *dedupe.Config) { c.Window = config.Duration(14 * 24 * time.Hour) }, ""},
		{"less than the longest retry", func(c *dedupe.Config) { c.Window = config.Duration(14*24*time.Hour - 1) }, "window"},
		{"no memory", func(c *dedupe.Config) { c.Memory = 1 << 20 }, "memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dedupe.Defaults()
			tt.change(&c)
			err := c.Validate()
			if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	h.other("src/a")
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	h.tend()
	h.start()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(h.stage.(interface{ Collectors() []prometheus.Collector }).Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		m := f.GetMetric()[0]
		got[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	for name, want := range map[string]float64{
		"reservoir_dedupe_states": 2, "reservoir_dedupe_restores_total": 1, "reservoir_dedupe_restore_seconds": 1,
		"reservoir_dedupe_restored_records_total": 0, "reservoir_dedupe_cache_hits_total": 0, "reservoir_dedupe_cache_misses_total": 0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %v, want %v", name, value, want)
		}
	}
	if got["reservoir_dedupe_disk_bytes"] <= 0 {
		t.Error("nothing is on disk")
	}
}

// full sets everything that can be set in v, each value another.
func full(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(morning.Add(time.Duration(*n) * time.Second)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			full(v.Field(i), n)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem(), n)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		full(v.Index(0), n)
		full(v.Index(1), n)
	case v.Kind() == reflect.String:
		v.SetString("text " + strings.Repeat("x", *n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(int64(*n) - 40)
	}
}

func TestTheLocalFormHoldsWhatJSONHolds(t *testing.T) {
	var everything booking.Event
	n := 0
	full(reflect.ValueOf(&everything).Elem(), &n)
	for name, e := range map[string]booking.Event{"everything": everything, "nothing": {}, "an event": whole("src/b", 3), "in another zone": {Lineage: booking.Lineage{LookedUpAt: ptr(morning.In(time.FixedZone("x", 3600)))}}} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var want booking.Event
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			got, err := dedupe.RoundTrip(e)
			if err != nil {
				t.Fatal(err)
			}
			if want.Lineage.LookedUpAt != nil {
				*want.Lineage.LookedUpAt = want.Lineage.LookedUpAt.UTC()
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestTheMemoryAsJSONIsStillRead(t *testing.T) {
	got, err := dedupe.Unpack(`{"input":{"topic":"bookings.normalised","partition":1,"offset":7},"version":{"revision":3},"contents":{"payment/p":"y","booking":"x"},"ids":{"seen":[{"id":"a","at":"2026-06-01T08:00:00Z"}]},"refunds":[{"key":"k","event_id":"e","type":"t"}]}`)
	want := "{Input:bookings.normalised/1/7 Ends:0001-01-01 00:00:00 +0000 UTC Version:{Revision:3 At:0001-01-01 00:00:00 +0000 UTC} Contents:[{Resource:booking Version:x} {Resource:payment/p Version:y}] IDs:{Seen:[{ID:a At:2026-06-01 08:00:00 +0000 UTC}] Overflow:0} Refunds:[{Key:k EventID:e Type:t}]}"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func FuzzReading(f *testing.F) {
	f.Add("")
	f.Add("\x01")
	f.Add(`{"input":{}}`)
	f.Add("\x01\x03abc\x00\x02\x00\x00\x00\x00\x01\x02ab\x00\x00\x00")
	f.Add("\x05\x01\x03abc\x00\x00\x00\x00\x00\x01rest")
	f.Fuzz(func(_ *testing.T, text string) { dedupe.ReadAll(text) })
}

func TestADiskThatTakesStatesAgainIsUsedAgain(t *testing.T) {
	h := openOn(t, vfs.NewMem())
	mustSay(t, h, status(booking.StatusPending, "e1", morning))
	dedupe.Refused(h.stage, part(), errors.New("no space left on device"))
	confirmed := status(booking.StatusConfirmed, "e2", morning.Add(time.Hour))
	if _, err := h.say(confirmed); !pipeline.IsTrouble(err) {
		t.Fatalf("while the disk refuses: %v", err)
	}
	mustSay(t, h, confirmed)
	h.start()
	if got := mustSay(t, h, status(booking.StatusPending, "e0", morning.Add(-time.Hour))); !got.Stale {
		t.Error("the state that waited for the disk is lost")
	}
}
