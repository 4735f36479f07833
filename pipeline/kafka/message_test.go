package kafka_test

import (
	"context"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// odd is a record with everything that a map of strings would lose.
func odd() pipeline.Record {
	return pipeline.Record{
		Topic: "in", Partition: 3, Offset: 7, Key: []byte{0xff, 0}, Value: []byte{},
		Headers: []pipeline.Header{
			{Key: "z", Value: []byte("1")},
			{Key: "a", Value: nil},
			{Key: "z", Value: []byte{0xfe}},
			{Key: "b", Value: []byte{}},
			{Key: "", Value: []byte("nameless")},
		},
		Time: time.Date(2026, 6, 1, 9, 59, 58, 7e6, time.UTC),
	}
}

func TestAForwardedMessageLosesNothing(t *testing.T) {
	for _, r := range []pipeline.Record{odd(), {Topic: "in"}, {Key: []byte{}, Value: nil}} {
		m := kafka.NewMessage(r)
		if diff := cmp.Diff(r, kafka.RecordOf(m)); diff != "" {
			t.Errorf("-in +out\n%s", diff)
		}
		m.SetContext(context.WithValue(m.Context(), "router", "adds"+"its own")) //nolint:staticcheck // as the router does
		if diff := cmp.Diff(r, kafka.RecordOf(m)); diff != "" {
			t.Errorf("with a context around: -in +out\n%s", diff)
		}
	}
}

func TestAMessageShowsHeadersValueAndKey(t *testing.T) {
	m := kafka.NewMessage(odd())
	want := message.Metadata{"z": "\xfe", "a": "", "b": "", "": "nameless", kafka.KeyMetadata: "\xff\x00"}
	if diff := cmp.Diff(want, m.Metadata); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if m.Payload == nil {
		t.Error("an empty value became null")
	}
}

func TestChangesToAMessageAreInItsRecord(t *testing.T) {
	m := kafka.NewMessage(odd())
	m.Payload = []byte("new")
	m.Metadata["z"] = "2"
	m.Metadata["n"] = "n"
	m.Metadata[kafka.KeyMetadata] = "k"
	delete(m.Metadata, "b")
	want := odd()
	want.Key, want.Value = []byte("k"), []byte("new")
	want.Headers = []pipeline.Header{
		{Key: "a", Value: nil}, {Key: "z", Value: []byte("2")}, {Key: "", Value: []byte("nameless")}, {Key: "n", Value: []byte("n")},
	}
	if diff := cmp.Diff(want, kafka.RecordOf(m)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	delete(m.Metadata, kafka.KeyMetadata)
	if key := kafka.RecordOf(m).Key; key != nil {
		t.Errorf("the key was taken out and is %q", key)
	}
}

func TestAMessageBuiltByHandHasSortedHeadersKeyAndUUID(t *testing.T) {
	m := message.NewMessage("u-1", []byte("v"))
	m.Metadata = message.Metadata{"b": "2", "a": "1", kafka.KeyMetadata: "k", kafka.UUIDHeader: "of another"}
	m.SetContext(kafka.NewMessage(odd()).Context()) // another message's context carries nothing over
	want := pipeline.Record{Key: []byte("k"), Value: []byte("v"), Headers: []pipeline.Header{
		pipeline.Text(kafka.UUIDHeader, "u-1"), pipeline.Text("a", "1"), pipeline.Text("b", "2"),
	}}
	if diff := cmp.Diff(want, kafka.RecordOf(m)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	m.Metadata["ce_id"] = "e-1"
	if id := kafka.RecordOf(m).Text(kafka.UUIDHeader); id == "u-1" {
		t.Error("a message with a ce_id needs no other id")
	}
}

func TestEveryMessageHasADeterministicUUID(t *testing.T) {
	id := func(r pipeline.Record) string { return kafka.NewMessage(r).UUID }
	seen := map[string]pipeline.Position{"": {}}
	for _, topic := range []string{"t", "t1", "u"} {
		for _, partition := range []int32{0, 1, 11} {
			for _, offset := range []int64{0, 1, 11} {
				r := pipeline.Record{Topic: topic, Partition: partition, Offset: offset}
				if other, ok := seen[id(r)]; ok {
					t.Errorf("%s has the id %q of %s", r.Position(), id(r), other)
				}
				seen[id(r)] = r.Position()
				later := r
				later.Value, later.Time = []byte("v"), time.UnixMilli(1)
				if id(later) != id(r) {
					t.Errorf("by position: %q and %q", id(r), id(later))
				}
			}
		}
	}
	at := func(offset int64, headers ...pipeline.Header) string {
		return id(pipeline.Record{Topic: "t", Offset: offset, Headers: headers})
	}
	if got := at(1, pipeline.Text(kafka.UUIDHeader, "u")); got != "u" {
		t.Errorf("by header: %q", got)
	}
	if got := at(1, pipeline.Text(kafka.UUIDHeader, "u"), pipeline.Text("ce_id", "e")); got != "e" {
		t.Errorf("by ce_id: %q", got)
	}
}

func FuzzMessageRoundTrip(f *testing.F) {
	f.Add([]byte("k"), []byte("v"), "a", []byte("1"), "a", []byte("2"))
	f.Add([]byte(nil), []byte(nil), "_kafka_key", []byte("x"), "", []byte(nil))
	f.Fuzz(func(t *testing.T, key, value []byte, n1 string, v1 []byte, n2 string, v2 []byte) {
		r := pipeline.Record{Topic: "t", Key: key, Value: value, Headers: []pipeline.Header{{Key: n1, Value: v1}, {Key: n2, Value: v2}}}
		if diff := cmp.Diff(r, kafka.RecordOf(kafka.NewMessage(r))); diff != "" {
			t.Errorf("-in +out\n%s", diff)
		}
	})
}

func BenchmarkMessage(b *testing.B) {
	r := pipeline.Record{Topic: "t", Key: []byte("booking/1"), Value: make([]byte, 1200)}
	for _, n := range []string{"ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_specversion", "content-type", "traceparent"} {
		r.Headers = append(r.Headers, pipeline.Text(n, "a value of some length"))
	}
	b.ReportAllocs()
	for b.Loop() {
		kafka.RecordOf(kafka.NewMessage(r))
	}
}

func TestTheSizeOfARecordIsKnownBeforeItIsWritten(t *testing.T) {
	cfg := fake(t)
	cfg.MaxRecord = 4096
	p, n := publisher(t, cfg), topic(t, cfg, 1)
	for _, size := range []int{0, 100, 3900, 3950, 3980, 4000, 4100, 5000} {
		r := pipeline.Record{Topic: n, Key: []byte("k"), Value: make([]byte, size), Headers: []pipeline.Header{pipeline.Text("a", "b"), {Key: "c"}}}
		at, large := kafka.TooLarge(p.Check(pipeline.Record{Topic: n}, r))
		_, refused := kafka.TooLarge(p.Write(t.Context(), r))
		if large != refused || large && at != 1 {
			t.Errorf("%d bytes: too large is %v (%d), and it was refused: %v", size, large, at, refused)
		}
	}
}
