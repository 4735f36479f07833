package innkeeper

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// HintConfig is what a source is configured with whose bookings are looked up.
type HintConfig struct {
	Secret config.Secret `yaml:"secret,required" doc:"Signs every webhook."`
	Host   string        `yaml:"host,required" doc:"Base URL of the simulated API."`
}

// Validate refuses an empty secret.
func (c HintConfig) Validate() error { return Config{Secret: c.Secret}.Validate() }

// HintSpec is the entry of the plugin that looks every booking up.
func HintSpec() pipeline.ProviderSpec {
	s := pipeline.NewProviderSpec(HintName, "the benchmarks' provider, each booking looked up", func() HintConfig { return HintConfig{} }, NewHint)
	s.OneBooking, s.Enriches = true, true
	return s
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

type hint struct {
	pipeline.Provider
	host   string
	client *http.Client
	clock  pipeline.Clock
}

var _ pipeline.Enricher = (*hint)(nil)

// NewHint builds the provider that looks up.
func NewHint(c HintConfig, d pipeline.ProviderDeps) (pipeline.Provider, error) {
	plain, err := New(Config{Secret: c.Secret}, d)
	if err != nil {
		return nil, err
	}
	transport := d.Transport
	if transport == nil {
		transport = &http.Transport{MaxIdleConnsPerHost: 1 << 12, IdleConnTimeout: time.Minute}
	}
	return &hint{Provider: plain, host: c.Host, client: &http.Client{Transport: transport}, clock: d.Clock}, nil
}

// LookUp asks the simulated host once.
func (h *hint) LookUp(ctx context.Context, ev pipeline.Event) (pipeline.LookUp, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.host+"/bookings/"+ev.Key, nil)
	if err != nil {
		return pipeline.LookUp{}, fmt.Errorf("look up %s: %w", ev.Key, err)
	}
	answer, err := h.client.Do(request)
	if err != nil {
		return pipeline.LookUp{}, pipeline.Outage(fmt.Errorf("look up %s: %w", ev.Key, err), 0)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil || answer.StatusCode != http.StatusOK {
		return pipeline.LookUp{}, pipeline.Outage(fmt.Errorf("look up %s: answered %d", ev.Key, answer.StatusCode), 0)
	}
	return pipeline.LookUp{At: h.clock.Now(), ContentType: answer.Header.Get("Content-Type"), Body: body}, nil
}

// Close closes the connections that look-ups keep.
func (h *hint) Close() error {
	h.client.CloseIdleConnections()
	return nil
}
