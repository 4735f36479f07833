package pipelinetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/pipelinetest"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
	"github.com/reservoirhq/reservoir/stages"
)

const threeSources = `
privacy: {key: {literal: "a key for tests, never for people"}}
kafka: {brokers: ["%s"], delivery: %s, topics: {partitions: 4}}
sources:
  studentcom: {plugin: studentcom, path: "/hooks/studentcom/{secret}", config: {secret: {env: URL_SECRET}}}
  redbroom: {plugin: redbroom, path: /hooks/redbroom, config: {signing_secrets: {goodbay: [{env: SIGNING_SECRET}]}}}
  tourcms:
    plugin: tourcms
    path: "/hooks/tourcms/{secret}"
    config:
      secret: {env: URL_SECRET}
      base_url: %s
      allow_private: true
      channels: [{account: 4069, channel: 3930, marketplace: 0, api_key: {literal: AAAAAA}}]
pipelines:
  bookings:
    sources: [studentcom, redbroom, tourcms]
    stages:
%s`

func env() map[string]string {
	return map[string]string{"URL_SECRET": "url-secret-of-tests", "SIGNING_SECRET": "signing-secret-of-tests"}
}

// layout gives a stages list, a stage or topic an item.
func layout(items ...string) string {
	return "      - " + strings.Join(items, "\n      - ") + "\n"
}

func parts() engine.Parts {
	return engine.Parts{
		Stages:  stages.All(),
		Plugins: []pipeline.ProviderSpec{redbroom.Spec(), studentcom.Spec(), tourcms.Spec()},
	}
}

// noon is a clock that stands still: what our clock says is the same in every
// layout.
type noon struct{ pipeline.WallClock }

func (noon) Now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

type webhook struct {
	path   string
	sender pipeline.Sender
	req    pipeline.Request
}

// senders builds the plugins as configured, to sign with.
func senders(t *testing.T) map[string]pipeline.Sender {
	t.Helper()
	deps := pipeline.ProviderDeps{Source: "src", Zone: time.UTC, Clock: noon{}}
	build := func(p pipeline.Provider, err error) pipeline.Sender {
		if err != nil {
			t.Fatal(err)
		}
		return p.(pipeline.Sender)
	}
	secret := config.NewSecret(env()["URL_SECRET"])
	channel := tourcms.Channel{Account: 4069, Channel: 3930, APIKey: config.NewSecret("AAAAAA")}
	cms := tourcms.Defaults()
	cms.Secret, cms.Channels = secret, []tourcms.Channel{channel}
	return map[string]pipeline.Sender{
		"studentcom": build(studentcom.New(studentcom.Config{Secret: secret}, deps)),
		"redbroom":   build(redbroom.New(redbroom.Config{SigningSecrets: map[string][]config.Secret{"goodbay": {config.NewSecret(env()["SIGNING_SECRET"])}}}, deps)),
		"tourcms":    build(tourcms.New(cms, deps)),
	}
}

// webhooks gives 200 webhooks of 40 bookings: news, repeats, and states that
// come late.
func webhooks(t *testing.T) []webhook {
	t.Helper()
	from := senders(t)
	created := pipelinetest.Case(t, redbroom.Spec(), "goodbay-created").Request
	cancelled := pipelinetest.Case(t, redbroom.Spec(), "goodbay-cancelled").Request
	booked := pipelinetest.Case(t, studentcom.Spec(), "book_waiting_for_confirmation").Request
	hook := pipelinetest.Case(t, tourcms.Spec(), "confirmed").Request
	var all []webhook
	for n := range 10 {
		red := func(r pipeline.Request, event int, at string) webhook {
			return webhook{"/hooks/redbroom", from["redbroom"], edited(r,
				"bk_42", fmt.Sprintf("bk_%d", n),
				`"eventId": "0b1e000`, fmt.Sprintf(`"eventId": "%d-%d-`, n, event),
				"2026-05-01T10:00:00.000Z", at)}
		}
		student := func(n, event int, updated string) webhook {
			return webhook{"/hooks/studentcom/{secret}", from["studentcom"], edited(booked,
				"HB992850227", fmt.Sprintf("HB%d", n),
				"eyJ0eXBlIjoiRXZlbnQiLCJpZCI6MjU1NDg1N30=", fmt.Sprintf("event-%d-%d", n, event),
				`"updatedAt": "2025-06-10T05:50:17+00:00"`, fmt.Sprintf(`"updatedAt": %q`, updated))}
		}
		cms := hook
		cms.RawQuery = strings.ReplaceAll(hook.RawQuery, "booking_id=1234", fmt.Sprintf("booking_id=%d", 1234+n))
		tour := webhook{"/hooks/tourcms/{secret}", from["tourcms"], cms}
		other := cms
		other.RawQuery = strings.ReplaceAll(cms.RawQuery, "new_confirmed_web", "token_success")
		all = append(all,
			red(created, 1, "2026-05-01T10:00:00.000Z"), red(cancelled, 2, ""), red(cancelled, 2, ""), red(created, 3, "2026-05-01T09:00:00.000Z"), red(created, 4, "2026-06-02T09:00:00.000Z"), red(cancelled, 5, ""),
			student(n, 1, "2025-06-10T05:50:17+00:00"), student(n, 2, "2025-06-11T05:50:17+00:00"), student(n, 1, "2025-06-10T05:50:17+00:00"), student(n, 3, "2025-06-09T05:50:17+00:00"),
			tour, tour, webhook{tour.path, tour.sender, other}, tour,
			student(100+n, 1, "2025-06-10T05:50:17+00:00"), student(100+n, 2, "2025-06-10T06:50:17+00:00"), student(100+n, 2, "2025-06-10T06:50:17+00:00"), student(100+n, 4, "2025-06-10T07:50:17+00:00"), student(100+n, 5, "2025-06-10T07:50:17+00:00"), student(100+n, 6, "2025-06-10T04:50:17+00:00"))
	}
	return all
}

func edited(r pipeline.Request, pairs ...string) pipeline.Request {
	if i := slices.Index(pairs, ""); i > 0 {
		pairs = append(pairs[:i-1:i-1], pairs[i+1:]...)
	}
	r.Body = []byte(strings.NewReplacer(pairs...).Replace(string(r.Body)))
	return r
}

// simulated is the TourCMS API with the answers of ten bookings.
func simulated(t *testing.T) string {
	t.Helper()
	answer := pipelinetest.Case(t, tourcms.Spec(), "confirmed").LookUp
	bookings := map[string][]byte{}
	for n := range 10 {
		id := fmt.Sprint(1234 + n)
		bookings[id] = bytes.ReplaceAll(answer, []byte("1234"), []byte(id))
	}
	handler := tourcmstest.Handler(bookings, tourcmstest.Key{Channel: 3930, Marketplace: 0, APIKey: "AAAAAA"})
	handler.Now = noon{}.Now
	api := httptest.NewServer(handler)
	t.Cleanup(api.Close)
	return api.URL
}

// published is what a reader sees of a record, without raw positions, trace
// ids and our own clock.
type published struct {
	Key, Value string
	CE         map[string]string
}

func seen(t *testing.T, records []pipeline.Record) map[string][]published {
	t.Helper()
	out := map[string][]published{}
	for key, list := range pipelinetest.ByKey(records) {
		for _, r := range list {
			p := published{Key: key, Value: withoutPositions(t, r.Value), CE: map[string]string{}}
			for _, h := range r.Headers {
				if strings.HasPrefix(h.Key, "ce_") {
					p.CE[h.Key] = string(h.Value)
				}
			}
			out[key] = append(out[key], p)
		}
	}
	return out
}

func withoutPositions(t *testing.T, value []byte) string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(value, &doc); err != nil {
		t.Fatalf("a value is no JSON object: %v", err)
	}
	if lineage, ok := doc["lineage"].(map[string]any); ok {
		delete(lineage, "looked_up_at")
		raw := lineage["raw"].(map[string]any)
		for _, position := range []string{"topic", "partition", "offset"} {
			delete(raw, position)
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryLayoutGivesTheSameRecords(t *testing.T) { everyLayout(t, nil) }

func TestEveryLayoutGivesTheSameRecordsOnARealCluster(t *testing.T) {
	everyLayout(t, pipelinetest.RealBrokers(t))
}

func everyLayout(t *testing.T, brokers []string) {
	layouts := []struct{ name, stages, delivery string }{
		{"one hop", layout("ingest", "verify", "to: %[1]sbookings.raw.{source}", "enrich", "normalise", "dedupe", "policy"), "at_least_once"},
		{"default", layout("ingest", "verify", "to: %[1]sbookings.raw.{source}", "enrich", "normalise", "to: %[1]sbookings.normalised", "dedupe", "policy"), "at_least_once"},
		{"default, exactly once", layout("ingest", "verify", "to: %[1]sbookings.raw.{source}", "enrich", "normalise", "to: %[1]sbookings.normalised", "dedupe", "policy"), "exactly_once"},
		{"a topic after every stage", layout("ingest", "verify", "to: %[1]sbookings.raw.{source}", "enrich", "to: %[1]sbookings.enriched", "normalise", "to: %[1]sbookings.normalised", "dedupe", "to: %[1]sbookings.deduped", "policy"), "at_least_once"},
		{"one hop, exactly once", layout("ingest", "verify", "to: %[1]sbookings.raw.{source}", "enrich", "normalise", "dedupe", "policy"), "exactly_once"},
	}
	var first map[string]map[string][]published
	for i, l := range layouts {
		got := runLayout(t, l.stages, l.delivery, fmt.Sprintf("l%d-%d.", i, time.Now().UnixNano()), brokers)
		if first == nil {
			first = got
			if n := len(got["events"]); n != 40 {
				t.Fatalf("%d bookings on the events topic, want 40", n)
			}
			continue
		}
		for topic := range first {
			if diff := cmp.Diff(first[topic], got[topic]); diff != "" {
				t.Errorf("%s: %s differs from one hop (-one hop +%s):\n%.3000s", l.name, topic, l.name, diff)
			}
		}
	}
}

func runLayout(t *testing.T, stages, delivery, prefix string, brokers []string) map[string]map[string][]published {
	t.Helper()
	if brokers == nil {
		brokers, prefix = pipelinetest.Broker(t), ""
	}
	yaml := fmt.Sprintf(threeSources, brokers[0], delivery, simulated(t), fmt.Sprintf(stages, prefix))
	yaml += fmt.Sprintf("    outputs: {events: %[1]sbookings.events, decisions: %[1]sbookings.decisions, current: %[1]sbookings.current, dead: %[1]sbookings.dead, rejected: %[1]sbookings.rejected, retry: %[1]sbookings.retry, outcomes: %[1]sbookings.outcomes, lookups: \"%[1]sbookings.lookups.{source}\"}\n", prefix)
	if prefix != "" {
		yaml = strings.ReplaceAll(yaml, "\n  bookings:\n", "\n  "+strings.TrimSuffix(prefix, ".")+":\n")
	}
	p := pipelinetest.Start(t, yaml, pipelinetest.Options{Parts: parts(), Brokers: brokers, Env: env(), Clock: noon{}})
	all := webhooks(t)
	for i, w := range all {
		if status, body, _ := p.Send(w.path, w.sender, w.req); status != 200 {
			t.Fatalf("webhook %d was answered %d: %s", i, status, body)
		}
	}
	// Every webhook has one outcome: an event, or a record of its own.
	p.Wait("an outcome for every webhook", func() bool {
		return len(p.Records(prefix+"bookings.events"))+len(p.Records(prefix+"bookings.outcomes"))+len(p.Records(prefix+"bookings.dead")) >= len(all)
	})
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string][]published{}
	for _, topic := range []string{"events", "decisions", "current"} {
		got[topic] = seen(t, p.Records(prefix+"bookings."+topic))
	}
	got["dead"] = map[string][]published{}
	for _, r := range p.Records(prefix + "bookings.dead") {
		t.Errorf("dead letter: %s %s", r.Text("dead_reason"), r.Text("dead_error"))
	}
	outcomes := map[string][]published{}
	for key, list := range pipelinetest.ByKey(p.Records(prefix + "bookings.outcomes")) {
		for _, r := range list {
			outcomes[key] = append(outcomes[key], published{Key: key, Value: r.Text("outcome") + " " + r.Text("delivery_id")})
		}
	}
	got["outcomes"] = outcomes
	return got
}
