package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// broker is a broker in this process.
func broker(t *testing.T) []string {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "10000000"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}

func small(t *testing.T, only string) options {
	t.Helper()
	o, err := parse([]string{"-only", only, "-n", "200", "-bookings", "50", "-secs", "1", "-rate", "50", "-in-flight", "200", "-scale-partitions", "2", "-scale-bookings", "9"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestEveryCaseComesToAFigureWithRightOutputsAndLeavesNothing(t *testing.T) {
	for _, c := range small(t, ".").cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			o := small(t, "^"+c.Name+"$")
			o.Brokers = broker(t)
			r, err := o.one(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if r.Name != c.Name || r.Events == 0 || r.Rate <= 0 || r.CPU <= 0 || strings.Contains(r.Note, "WRONG") {
				t.Errorf("%+v", r)
			}
			if left := benchNames(t, o.Brokers); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// benchNames gives the consumer groups that are there.
func benchNames(t *testing.T, brokers []string) []string {
	t.Helper()
	groups, err := admin(t, brokers).Groups(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func admin(t *testing.T, brokers []string) *kafka.Admin {
	t.Helper()
	a, err := kafka.NewAdmin(kafka.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// TestALoadedRecordIsWhatTheHTTPSegmentWrites sends a webhook to a running
// pipeline and compares what is on the raw topic then.
func TestALoadedRecordIsWhatTheHTTPSegmentWrites(t *testing.T) {
	o := small(t, "webhooks/64")
	o.Brokers = broker(t)
	b := newBench(task{Options: o, Case: o.cases()[0]})
	b.hold = newHold()
	addr, err := b.serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.admin.Close() }()
	w := payload.Set{Bookings: 50}.Make(3)
	c, err := dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	if code, err := c.roundTrip(request(w)); code != 200 || err != nil {
		t.Fatalf("answered %d, %v", code, err)
	}
	want := rawRecord(w, 3, loadJob{Topic: b.prefix + ".raw." + source, Source: source, Plugin: "innkeeper"})
	got := read(t, b, want.Topic)
	if len(got) != 1 {
		t.Fatalf("%d records on the raw topic", len(got))
	}
	if string(got[0].Key) != string(want.Key) || string(got[0].Value) != string(want.Value) || len(got[0].Headers) != len(want.Headers) {
		t.Errorf("got key %s, %d headers; want %s, %d", got[0].Key, len(got[0].Headers), want.Key, len(want.Headers))
	}
	for i, h := range want.Headers {
		have := got[0].Headers[i]
		differs := string(have.Value) != string(h.Value)
		if h.Key == "received_at" || h.Key == "traceparent" {
			differs = len(have.Value) == 0 // of this very moment
		}
		if have.Key != h.Key || differs {
			t.Errorf("header %d is %s: %s\nwant %s: %s", i, have.Key, have.Value, h.Key, h.Value)
		}
	}
	if err := b.close(); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, b *bench, topic string) []pipeline.Record {
	t.Helper()
	var all []pipeline.Record
	for id := range int32(b.Case.Partitions) {
		err := b.admin.ReadPartition(t.Context(), pipeline.Partition{Topic: topic, ID: id}, 0, kafka.End, func(r pipeline.Record) error {
			all = append(all, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestWrongOutputsAreSaid(t *testing.T) {
	o := small(t, "one-hop")
	o.Brokers = broker(t)
	b := newBench(task{Options: o, Case: o.cases()[0]})
	if err := b.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.engine.Close(); _ = b.admin.Close() }()
	to, err := kafka.NewPublisher(kafka.Config{Brokers: o.Brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	event := func(id, at string) pipeline.Record {
		return pipeline.Record{Topic: b.prefix + ".events", Key: []byte("inn/1"), Headers: []pipeline.Header{pipeline.Text("ce_id", id), pipeline.Text("ce_time", at)}}
	}
	for _, r := range []pipeline.Record{event("a", "2026-05-02T00:00:00Z"), event("b", "2026-05-01T00:00:00Z"), event("a", "2026-05-02T00:00:00Z")} {
		if err := to.Write(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	var r result
	if err := b.check(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"events holds 3 records, must be 190", "1 events are there twice", "1 events stand behind a later one", "outcomes holds 0 records, must be 10"} {
		if !strings.Contains(r.Note, "WRONG: "+want) {
			t.Errorf("%q is not said: %s", want, r.Note)
		}
	}
	if strings.Contains(r.Note, "dead holds") {
		t.Errorf("there is no dead letter: %s", r.Note)
	}
}

func TestForeignTopicsAreNeverDeleted(t *testing.T) {
	if err := cleanUp(nil, "bookings", "x"); err == nil || !strings.Contains(err.Error(), "no name of a benchmark") {
		t.Errorf("error is %v", err)
	}
}

func TestAnAnswerIsReadToItsEnd(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	go func() {
		_, _ = io.CopyN(io.Discard, there, 2)
		_, _ = io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\nabc")
		_, _ = io.CopyN(io.Discard, there, 2)
		_, _ = io.WriteString(there, "HTTP/1.1 503 Service Unavailable\r\n\r\n")
		_ = there.Close()
	}()
	c := newClient(here)
	for _, want := range []int{200, 503} {
		if code, err := c.roundTrip([]byte("go")); code != want || err != nil {
			t.Errorf("got %d, %v; want %d", code, err, want)
		}
	}
	if _, err := c.roundTrip([]byte("go")); err == nil {
		t.Error("no error from a closed connection")
	}
}

func TestWebhooksAreDueAtASteadyRate(t *testing.T) {
	s := sender{job: sendJob{Rate: 1000, Secs: 1}, start: time.Now().Add(-time.Hour)}
	n := 0
	for d := range s.schedule(context.Background()) {
		if want := s.start.Add(time.Duration(n) * time.Millisecond); d.i != n || !d.at.Equal(want) {
			t.Fatalf("webhook %d is due at %v, want %v", d.i, d.at, want)
		}
		n++
	}
	if n != 1000 {
		t.Errorf("%d webhooks, want 1000", n)
	}
}

func TestAnEventTellsWhenItsWebhookWasDue(t *testing.T) {
	at := time.Unix(1780000000, 42)
	got, err := dueOf([]byte(`{"lineage":{"delivery_id":"due-1780000000000000042","raw":{}}}`))
	if err != nil || !got.Equal(at) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := dueOf([]byte(`{"lineage":{"delivery_id":"ev-1"}}`)); err == nil {
		t.Error("a foreign event has no error")
	}
}
