package booking_test

import (
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func BenchmarkEncodeByReflection(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reflectedPublic(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeByReflection(b *testing.B) {
	value, err := booking.Encode(full())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := readPublic(value); !ok {
			b.Fatal("not read")
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := full()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = booking.AppendJSON(buf[:0], &e)
	}
}

func BenchmarkMarshalInternal(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.MarshalInternal(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshalInternal(b *testing.B) {
	value, err := booking.MarshalInternal(full())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.UnmarshalInternal(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTidy(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		e.Tidy()
	}
}

func BenchmarkInheritNothing(b *testing.B) {
	thin, latest := full(), full()
	b.ReportAllocs()
	for b.Loop() {
		thin = booking.Inherit(thin, latest)
	}
}

func BenchmarkMergeNewer(b *testing.B) {
	latest, newer := full(), full()
	newer.Origin.Thin, newer.ID = false, "e2"
	b.ReportAllocs()
	for b.Loop() {
		_ = booking.MergeNewer(latest, newer)
	}
}

func BenchmarkMergeStale(b *testing.B) {
	latest, stale := full(), full()
	b.ReportAllocs()
	for b.Loop() {
		_ = booking.MergeStale(latest, stale)
	}
}

func BenchmarkEventID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = booking.EventID("goodbay", "goodbay/bk_42", "2026-06-01T09:59:58Z", "booking.cancelled")
	}
}

func BenchmarkContentVersion(b *testing.B) {
	e := full()
	e.Booking.Product.Name = nil
	b.ReportAllocs()
	for b.Loop() {
		_ = booking.ContentVersion(&e)
	}
}

func BenchmarkParseMinor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.ParseMinor("379.72", "GBP"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseInstant(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.ParseInstant("2026-06-01T11:59:58.12+02:00"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	value, err := booking.Encode(full())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		if _, err := booking.Decode(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseInstantOfIndia(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.ParseInstant("2026-06-01T11:59:58+05:30"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewMinuteService(b *testing.B) {
	start := time.Date(2026, 6, 1, 15, 0, 0, 0, time.UTC)
	end := start.AddDate(0, 0, 4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := booking.NewMinuteService(start, end, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewDayService(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := booking.NewDayService(booking.Stay, "2026-06-01", "2026-06-04", time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}
