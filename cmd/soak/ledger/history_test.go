package ledger_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
	"github.com/reservoirhq/reservoir/pipeline/pipelinetest"
	"github.com/reservoirhq/reservoir/plugins"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
	"github.com/reservoirhq/reservoir/stages"
)

// history is all that a pipeline wrote, and what senders were told.
type history struct {
	cfg     ledger.Config
	acked   []acked
	records []pipeline.Record // in the order of Ledger.Topics
	samples []ledger.Sample
}

type acked struct {
	source, id string
	body       [sha256.Size]byte
}

const partitions = 4

func config(exactlyOnce bool) ledger.Config {
	outputs := map[pipeline.Output]string{}
	for _, o := range pipeline.Outputs() {
		outputs[o] = "bookings." + string(o)
	}
	raw := map[string]string{}
	for _, source := range traffic.Names() {
		raw[source] = "bookings.raw." + source
	}
	return ledger.Config{
		Raw: raw, Normalised: "bookings.normalised", Outputs: outputs,
		Normalise: "reservoir.bookings.enrich", Dedupe: "reservoir.bookings.dedupe",
		ExactlyOnce: exactlyOnce, Judged: []booking.Type{booking.Cancelled, booking.Expired},
		LookUps: []string{traffic.Tour}, Partitions: partitions,
	}
}

// judge reads a history and gives what is wrong with it.
func (h history) judge(t *testing.T) []ledger.Fault {
	t.Helper()
	l, err := ledger.New(h.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, a := range h.acked {
		l.Acknowledged(a.source, a.id, a.body)
	}
	for _, s := range h.samples {
		l.Sampled(s)
	}
	for _, r := range h.records {
		if err := l.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return l.Faults()
}

// clone gives a history that may be broken.
func (h history) clone() *history {
	h.acked, h.records = slices.Clone(h.acked), slices.Clone(h.records)
	return &h
}

// on gives the places of a topic's records.
func (h *history) on(output string) []int {
	var found []int
	for i, r := range h.records {
		if r.Topic == "bookings."+output {
			found = append(found, i)
		}
	}
	return found
}

// realHistory runs a pipeline and gives its history.
func realHistory(t *testing.T, delivery string, bookings int) history {
	t.Helper()
	api := traffic.NewAPI()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	yaml := fmt.Sprintf("privacy: {key: {literal: \"a key for tests, never for people\"}}\nkafka: {brokers: [%q], delivery: %s, topics: {partitions: %d}}\n%s%s",
		"%BROKER%", delivery, partitions, traffic.YAML(server.URL), `pipelines:
  bookings:
    sources: [studentcom, redbroom, tourcms]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, enrich, normalise, {to: bookings.normalised}, dedupe, policy]
`)
	brokers := pipelinetest.Broker(t)
	p := pipelinetest.Start(t, strings.Replace(yaml, "%BROKER%", brokers[0], 1), pipelinetest.Options{
		Parts: engine.Parts{Stages: stages.All(), Plugins: plugins.All()}, Brokers: brokers,
	})
	h := history{cfg: config(delivery == "exactly_once")}
	h.send(t, p, api, bookings)
	h.junk(t, brokers)
	p.Wait("an outcome of everything", func() bool {
		return len(p.Records("bookings.events"))+len(p.Records("bookings.outcomes"))+len(p.Records("bookings.dead")) >= len(h.acked)+2
	})
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(h.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, topic := range l.Topics() {
		h.records = append(h.records, p.Records(topic)...)
	}
	h.look(t, brokers)
	return h
}

func (h *history) send(t *testing.T, p *pipelinetest.Pipeline, api *tourcmstest.API, bookings int) {
	t.Helper()
	g, err := traffic.New(7, 0, api)
	if err != nil {
		t.Fatal(err)
	}
	for range bookings {
		for _, w := range g.Booking() {
			if w.Happen != nil {
				w.Happen()
			}
			r, err := w.Sign(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			status, body, _ := p.Post(r)
			var answer struct{ ID string }
			if err := json.Unmarshal([]byte(body), &answer); status != 200 || err != nil {
				t.Fatalf("%s was answered %d: %s", w.Booking, status, body)
			}
			h.acked = append(h.acked, acked{w.Source, answer.ID, sha256.Sum256(w.Request.Body)})
		}
	}
}

// junk puts on the topics what nobody can read.
func (h *history) junk(t *testing.T, brokers []string) {
	t.Helper()
	to, err := kafka.NewPublisher(kafka.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	mark := []pipeline.Header{pipeline.Text(ledger.JunkHeader, "yes")}
	if err := to.Write(t.Context(),
		pipeline.Record{Topic: h.cfg.Normalised, Value: []byte("junk"), Headers: mark},
		pipeline.Record{Topic: h.cfg.Raw[traffic.Broom], Value: []byte("junk"), Headers: mark}); err != nil {
		t.Fatal(err)
	}
}

func (h *history) look(t *testing.T, brokers []string) {
	t.Helper()
	admin, err := kafka.NewAdmin(kafka.Config{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	s, err := ledger.Look(t.Context(), h.cfg, admin)
	if err != nil {
		t.Fatal(err)
	}
	h.samples = append(h.samples, s)
}
