package dedupe_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

// sizes are how many bookings the window holds.
var sizes = []int{10_000, 100_000, 1_000_000}

func ptr[T any](v T) *T { return &v }

// whole is a booking as rich as those of the seeds.
func whole(bookingID string, n int) booking.Event {
	at := morning.Add(time.Duration(n) * time.Second)
	ends := morning.AddDate(0, 1, 0)
	e := booking.Event{
		ID: booking.Digest(bookingID, strconv.Itoa(n)), Type: booking.Updated, Time: at,
		Booking: booking.Booking{
			ID: bookingID, Provider: "plug", Source: "src", Kind: booking.Stay, Status: booking.StatusConfirmed,
			Refs:         []booking.Ref{{Kind: "booking", Value: bookingID}, {Kind: "channel", Value: "HM" + bookingID}},
			StatusNative: ptr("confirmed"), PaymentStatus: booking.PaymentUnknown, BookedAt: &at, ConfirmedAt: &at, UpdatedAt: &at,
			Service: &booking.Service{StartsAt: &ends, EndsAt: &ends, StartLocal: ptr("2026-06-04T15:00"), EndLocal: ptr("2026-06-08T11:00"), Zone: "America/Mexico_City", Precision: booking.Day, Nights: ptr(4)},
			Product: &booking.Product{ID: ptr("prop_9"), ExternalID: ptr("x-77"), Name: ptr("Casa de las Flores")},
			Party:   &booking.Party{Size: ptr(2), Adults: ptr(2)},
			Price:   &booking.Price{Currency: "MXN", Exponent: 2, TotalMinor: int64(845050 + n), Components: []booking.Component{{Type: "accommodation", AmountMinor: 700001}, {Type: "cleaning", AmountMinor: 145049}}},
			Terms:   &booking.Terms{LabelNative: ptr("moderate"), Tier: ptr("goodbay.moderate")},
			People:  []booking.Person{{Role: "guest", Token: "tok_" + booking.Digest(bookingID)}},
		},
		Quality: booking.Quality{Missing: []string{"cancelled_at"}, Assumed: []string{"service.start_local"}},
		Lineage: booking.Lineage{
			DeliveryID: booking.Digest("delivery", bookingID, strconv.Itoa(n)), Verified: "hmac-sha256", NativeEvent: ptr("booking.updated"), Plugin: "plug",
			Raw: booking.RawRef{Topic: "bookings.raw.src", Partition: 3, Offset: int64(n), SHA256: booking.Digest("a", bookingID, strconv.Itoa(n)) + booking.Digest("b", bookingID, strconv.Itoa(n))},
		},
		Origin: booking.Origin{EventID: strconv.Itoa(n), Content: strconv.Itoa(n), At: at, NativeKey: bookingID},
	}
	e.Tidy()
	return e
}

// quiet is a topic that nobody reads back.
type quiet struct{}

func (quiet) Each(context.Context, int64, func(pipeline.Record) error) error { return nil }
func (quiet) Restore(context.Context, pipeline.Record) error                 { return nil }
func (quiet) End() int64                                                     { return 0 }
func (quiet) InputEnd(context.Context) (int64, error)                        { return 0, nil }
func (quiet) Partitions() int32                                              { return 8 }
func (quiet) StateEnd(context.Context) (int64, error)                        { return 0, nil }

const benchPartitions = 8

type bench struct {
	tb    testing.TB
	stage pipeline.Stage
	next  int64
}

// filled is a stage on disk that knows so many bookings.
func filled(tb testing.TB, bookings int) *bench {
	deps := pipeline.StageDeps{Pipeline: "p", Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler)}
	s, err := dedupe.NewOn(vfs.Default, tb.TempDir(), dedupe.Defaults(), deps)
	if err != nil {
		tb.Fatal(err)
	}
	b := &bench{tb: tb, stage: s}
	for p := range int32(benchPartitions) {
		if err := s.(pipeline.Partitioned).Assigned(tb.Context(), pipeline.Partition{Topic: input, ID: p}, quiet{}); err != nil {
			tb.Fatal(err)
		}
	}
	for i := range bookings {
		b.say(i, 0)
	}
	if err := dedupe.Compact(s); err != nil {
		tb.Fatal(err)
	}
	return b
}

func (b *bench) event(bookingAt, n int) pipeline.Event {
	key := fmt.Sprintf("src/bk_%07d", bookingAt*7919%10_000_000)
	e := whole(key, n)
	b.next++
	return pipeline.Event{
		Source: "src", Plugin: "plug", ID: "delivery", Key: key, Booking: &e, ReceivedAt: e.Time,
		Input: pipeline.Position{Topic: input, Partition: int32(bookingAt % benchPartitions), Offset: b.next},
	}
}

func (b *bench) take(ev pipeline.Event) {
	out, err := b.stage.Process(context.Background(), ev)
	if err != nil {
		if _, ended := pipeline.AsEnding(err); !ended {
			b.tb.Fatal(err)
		}
		return
	}
	b.stage.(pipeline.Settler).Settle(out[0], true)
}

func (b *bench) say(bookingAt, n int) { b.take(b.event(bookingAt, n)) }

// again is the first event of a booking once more, from another input record.
func (b *bench) again(bookingAt int) pipeline.Event { return b.event(bookingAt, 0) }

// scatter spreads numbers over bookings, so that none is in memory by luck.
func scatter(i, of int) int { return int(uint64(i) * 0x9E3779B97F4A7C15 >> 20 % uint64(of)) }

// BenchmarkProcess is Process and Settle of one event. encode, beside it, is what
// booking.Encode has of that: it stands in every case but the duplicates.
func BenchmarkProcess(b *testing.B) {
	b.Run("encode", func(b *testing.B) {
		e := whole("src/bk_0000001", 1)
		b.ReportAllocs()
		began := cpu(b)
		for range b.N {
			if _, err := booking.Encode(e); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
	})
	for _, size := range sizes {
		b.Run(strconv.Itoa(size), func(b *testing.B) { benchSize(b, size) })
	}
}

func benchSize(b *testing.B, size int) {
	known := filled(b, size)
	defer closeBench(b, known)
	for _, c := range []struct {
		name  string
		event func(i int) pipeline.Event
	}{
		// Each of a thousand bookings has ten events, then another thousand.
		{"cached", func(i int) pipeline.Event { return known.event((i%1000+i/10_000*1000)%size, 1_000+int(known.next)) }},
		{"scattered", func(i int) pipeline.Event { return known.event(scatter(i, size), 1_000+int(known.next)) }},
		{"new", func(int) pipeline.Event {
			ev := known.event(size+int(known.next), 0)
			ev.Booking.Type = booking.Created
			return ev
		}},
		{"duplicate", func(i int) pipeline.Event { return known.again(i % 1000) }},
	} {
		b.Run(c.name, func(b *testing.B) { known.run(b, c.event) })
	}
}

// run measures what the stage does with events; making them is not counted.
func (b *bench) run(tb *testing.B, event func(i int) pipeline.Event) {
	tb.ReportAllocs()
	const chunk = 1024
	events := make([]pipeline.Event, chunk)
	var spent time.Duration
	for i := 0; i < tb.N; i += chunk {
		tb.StopTimer()
		for n := range events {
			events[n] = event(i + n)
		}
		began := cpu(tb)
		tb.StartTimer()
		for _, ev := range events[:min(chunk, tb.N-i)] {
			b.take(ev)
		}
		spent += cpu(tb) - began
	}
	tb.ReportMetric(float64(spent.Nanoseconds())/float64(tb.N), "cpu-ns/op")
}

// cpu is the time that all threads have computed so far, compactions and
// garbage collection included: what an event costs a core, however busy the
// machine is.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func closeBench(b *testing.B, k *bench) {
	b.Helper()
	if err := dedupe.Flush(k.stage); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d bytes on disk", dedupe.Disk(k.stage))
	if err := k.stage.(interface{ Close() error }).Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRestore is a whole restore, BenchmarkFollow what the background does
// with each record that the stage wrote.
func BenchmarkRestore(b *testing.B) {
	h := written(b)
	for b.Loop() {
		s, err := dedupe.NewOn(vfs.NewMem(), "state", dedupe.Defaults(), pipeline.StageDeps{Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.(pipeline.Partitioned).Assigned(b.Context(), part(), h); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = s.(interface{ Close() error }).Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(len(h.records)*b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkFollow(b *testing.B) {
	h := written(b)
	s, err := dedupe.NewOn(vfs.NewMem(), "state", dedupe.Defaults(), pipeline.StageDeps{Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.(interface{ Close() error }).Close()
	if err := s.(pipeline.Partitioned).Assigned(b.Context(), part(), h); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		for i := range benchRecords {
			sayTo(b, s, h, int64(n*benchRecords+i), i)
		}
		b.StartTimer()
		if err := dedupe.Tend(s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(benchRecords*b.N)/b.Elapsed().Seconds(), "records/s")
}

const benchRecords = 10_000

// written is a topic with the states of so many bookings.
func written(b *testing.B) *ledger {
	b.Helper()
	h := &ledger{clock: &steps{now: morning}, input: 1 << 40}
	s, err := dedupe.New(dedupe.Defaults(), pipeline.StageDeps{Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.(interface{ Close() error }).Close()
	if err := s.(pipeline.Partitioned).Assigned(b.Context(), part(), h); err != nil {
		b.Fatal(err)
	}
	for i := range benchRecords {
		sayTo(b, s, h, int64(i), i)
	}
	return h
}

func sayTo(b *testing.B, s pipeline.Stage, h *ledger, offset int64, bookingAt int) {
	b.Helper()
	e := whole(fmt.Sprintf("src/bk_%07d", bookingAt), int(offset))
	out, err := s.Process(b.Context(), pipeline.Event{
		Source: "src", Plugin: "plug", ID: "delivery", Key: e.Booking.ID, Booking: &e, ReceivedAt: e.Time,
		Input: pipeline.Position{Topic: input, Offset: offset},
	})
	if err != nil {
		b.Fatal(err)
	}
	h.append(out[0].Side[0].Record)
	s.(pipeline.Settler).Settle(out[0], true)
}
