package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// loadJob says what to put on a raw topic.
type loadJob struct {
	Brokers  []string
	Topic    string
	Source   string
	Plugin   string
	N        int
	Bookings int
}

// loadBatch is how many records are written and awaited together.
const loadBatch = 2000

// load writes the first N webhooks to a raw topic, as the HTTP segment would
// have, in order.
func load(ctx context.Context, j loadJob) error {
	to, err := kafka.NewPublisher(kafka.Config{Brokers: j.Brokers, MaxRecord: maxRecord})
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }() // every batch is awaited
	batches := make(chan []pipeline.Record, 4)
	go func() {
		defer close(batches)
		set := payload.Set{Bookings: j.Bookings}
		for from := 0; from < j.N; from += loadBatch {
			batch := make([]pipeline.Record, 0, loadBatch)
			for i := from; i < min(j.N, from+loadBatch); i++ {
				batch = append(batch, rawRecord(set.Make(i), i, j))
			}
			batches <- batch
		}
	}()
	for batch := range batches {
		if err := to.Write(ctx, batch...); err != nil {
			return fmt.Errorf("load %s: %w", j.Topic, err)
		}
	}
	return nil
}

// rawRecord is a webhook as the HTTP segment writes it; a test holds the two
// together.
func rawRecord(w payload.Webhook, i int, j loadJob) pipeline.Record {
	native, _, _ := strings.Cut(string(w.Body[len(`{"event":{"id":"`)+len(w.EventID)+len(`","name":"`):]), `"`)
	return pipeline.Record{
		Topic: j.Topic, Key: []byte(j.Source + "/" + w.Booking), Value: w.Body,
		Headers: []pipeline.Header{
			pipeline.Text("ce_id", w.EventID),
			pipeline.Text("source", j.Source),
			pipeline.Text("plugin", j.Plugin),
			pipeline.Text("native_event", native),
			pipeline.Text("verified", "hmac-sha256"),
			pipeline.Text("received_at", w.SentAt.UTC().Format(time.RFC3339Nano)),
			pipeline.Text("http_head", head(w)),
			pipeline.Text("traceparent", fmt.Sprintf("00-%016x%016x-%016x-01", i+1, i+1, i+1)),
		},
	}
}

func head(w payload.Webhook) string {
	var b strings.Builder
	b.WriteString("POST " + hookPath + " HTTP/1.1\r\nHost: " + hookHost + "\r\n")
	header := w.Header()
	for _, name := range slices.Sorted(maps.Keys(header)) {
		b.WriteString(name + ": " + header[name][0] + "\r\n")
	}
	return b.String()
}

// Where the webhooks are sent to.
const (
	hookPath = "/hooks/" + source
	hookHost = "hooks.example"
	source   = "inn"
)
