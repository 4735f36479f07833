package command_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

const signedSite = `
kafka:
  embedded: {dir: %DIR%/data, listen: "127.0.0.1:0"}
  topics: {partitions: 1}
listen: 127.0.0.1:0
admin: 127.0.0.1:0
sources:
  redbroom: {plugin: redbroom, path: /hooks/redbroom, config: {signing_secrets: {goodbay: [{env: GOODBAY_SECRET}]}}}
pipelines:
  bookings:
    sources: [redbroom]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, normalise, {to: bookings.normalised}, dedupe, policy]
`

const rawOfRedbroom = "bookings.raw.redbroom"

// month is far more than a signature may be old, and than dedupe remembers.
const month = 31 * 24 * time.Hour

// late is a clock that is behind the machine's.
type late struct {
	pipeline.WallClock
	by time.Duration
}

func (c late) Now() time.Time { return c.WallClock.Now().Add(-c.by) }

// A replay trusts the recorded verdict: what was verified when it came is not
// asked again for a signature that has expired since (invariant 8).
func TestAReplayOfSomethingOldIsPublishedOnItsRecordedVerdict(t *testing.T) {
	then := signed(t)
	then.clock = late{by: month}
	r := then.startReady(t)
	then.atPorts(t, signedSite, r)
	then.must(t, "send", "redbroom", "goodbay-created", "-c", then.config())
	recorded := readOnly(t, r.broker, pipeline.Partition{Topic: rawOfRedbroom})
	if received, err := time.Parse(time.RFC3339Nano, recorded.Text("received_at")); err != nil || time.Since(received) < month {
		t.Fatalf("it is recorded as received at %q", recorded.Text("received_at"))
	}
	r.until(t, "published then", func() bool { return len(then.tail(t, "bookings.events")) == 1 })
	first := then.tail(t, "bookings.events")[0]
	r.stop(t)

	now := signed(t)
	r = now.startReady(t)
	now.atPorts(t, signedSite, r)
	now.clock = then.clock
	if got := now.command(t, "send", "redbroom", "goodbay-created", "-c", now.config()); !strings.HasPrefix(got.stdout, "401 ") {
		t.Fatalf("the signature is still good, so that nothing is shown: %s%s", got.stdout, got.stderr)
	}
	replay(t, r.broker, recorded)
	r.until(t, "published or dead", func() bool { return len(now.tail(t, "bookings.events"))+len(now.tail(t, "bookings.dead")) > 0 })
	for _, d := range now.tail(t, "bookings.dead") {
		t.Errorf("dead: %s %s", d.header("dead_reason"), d.header("dead_error"))
	}
	events := now.tail(t, "bookings.events")
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	if verified := verifiedBy(t, events[0]); verified != "hmac-sha256" || verified != recorded.Text("verified") {
		t.Errorf("the event says that it was verified by %q, recorded is %q", verified, recorded.Text("verified"))
	}
	if events[0].Key != first.Key || events[0].header("ce_id") != first.header("ce_id") {
		t.Errorf("%s of %s was %s of %s at first", events[0].header("ce_id"), events[0].Key, first.header("ce_id"), first.Key)
	}
}

func signed(t *testing.T) *site {
	t.Helper()
	s := newSite(t, signedSite)
	s.env["GOODBAY_SECRET"] = "a-signing-secret-of-tests"
	return s
}

// readOnly gives the only record of a partition.
func readOnly(t *testing.T, broker string, p pipeline.Partition) pipeline.Record {
	t.Helper()
	admin, err := kafka.NewAdmin(kafka.Config{Brokers: []string{broker}})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	var all []pipeline.Record
	if err := admin.ReadPartition(t.Context(), p, 0, kafka.End, func(r pipeline.Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d records in %s", len(all), p)
	}
	return all[0]
}

// replay writes a record, as it is, to the topic it was read from.
func replay(t *testing.T, broker string, r pipeline.Record) {
	t.Helper()
	publisher, err := kafka.NewPublisher(kafka.Config{Brokers: []string{broker}})
	if err != nil {
		t.Fatal(err)
	}
	defer publisher.Close()
	if err := publisher.Write(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func verifiedBy(t *testing.T, event record) string {
	t.Helper()
	var e struct{ Lineage struct{ Verified string } }
	if err := json.Unmarshal(event.Value, &e); err != nil {
		t.Fatal(err)
	}
	return e.Lineage.Verified
}
