package plugintest

import (
	"bytes"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// source is the name the plugin is configured under.
const source = "src"

// suite is one run: the plugin built from its configuration and its cases.
type suite struct {
	spec      pipeline.ProviderSpec
	cfg       any
	secrets   []string // of cfg, revealed
	zone      *time.Location
	now       time.Time
	optional  []string
	transport *transport
	clock     *stoppedClock
	log       *lockedBuffer
	schema    *jsonschema.Schema
	provider  pipeline.Provider
	cases     []recorded
}

func newSuite(t testing.TB, spec pipeline.ProviderSpec, cfg any, opts []Option) *suite {
	t.Helper()
	s := &suite{
		spec: spec, cfg: cfg, secrets: secretsOf(cfg), zone: time.UTC, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
		transport: &transport{}, log: &lockedBuffer{},
	}
	for _, o := range opts {
		o(s)
	}
	s.clock = &stoppedClock{now: s.now}
	s.schema = compileSchema(t)
	s.provider = s.build(t, cfg)
	s.cases = s.readCases(t)
	return s
}

// build makes a provider as the core does: defaults, configuration, check,
// constructor.
func (s *suite) build(t testing.TB, cfg any) pipeline.Provider {
	t.Helper()
	if err := validate(cfg); err != nil {
		t.Fatalf("the configuration the suite is given: %v", err)
	}
	make, err := s.spec.Bind(func(into any) error {
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(cfg))
		return nil
	})
	if err != nil {
		t.Fatalf("bind: %v", err)
	}
	p, err := make(pipeline.ProviderDeps{
		Source: source, Zone: s.zone, Transport: s.transport, Clock: s.clock,
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return p
}

// validate calls Validate, whether the type has it on the value or the pointer.
func validate(cfg any) error {
	if v, ok := cfg.(config.Validator); ok {
		return v.Validate()
	}
	p := reflect.New(reflect.TypeOf(cfg))
	p.Elem().Set(reflect.ValueOf(cfg))
	if v, ok := p.Interface().(config.Validator); ok {
		return v.Validate()
	}
	return nil
}

// path is the path the source is configured with.
func (s *suite) path() string {
	if s.spec.URLSecret {
		return "/hooks/" + s.spec.Name + "/{secret}"
	}
	return "/hooks/" + s.spec.Name
}

func (s *suite) testSpec(t *testing.T) {
	if s.spec.Name == "" || s.spec.Name != strings.ToLower(s.spec.Name) {
		t.Errorf("name %q, want lower case", s.spec.Name)
	}
	if s.spec.Summary == "" || strings.Contains(s.spec.Summary, "\n") {
		t.Errorf("summary %q, want one line", s.spec.Summary)
	}
	if want, got := reflect.TypeOf(s.cfg), reflect.TypeOf(s.spec.Defaults()).Elem(); want != got {
		t.Errorf("Defaults gives a %v, the configuration is a %v", got, want)
	}
	if len(s.cases) == 0 {
		t.Error("the plugin brings no recorded webhook; set Cases")
	}
	if _, ok := s.provider.(pipeline.Sender); !ok {
		t.Error("the provider is no Sender")
	}
	if _, ok := s.provider.(pipeline.Enricher); ok != s.spec.Enriches {
		t.Errorf("Enriches is %v, the provider says otherwise", s.spec.Enriches)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// transport answers look-ups, and counts what it is asked.
type transport struct {
	mu     sync.Mutex
	asked  int
	answer func(*http.Request) (*http.Response, error)
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	t.asked++
	answer := t.answer
	t.mu.Unlock()
	if answer == nil {
		return nil, errOffline
	}
	return answer(r)
}

func (t *transport) set(answer func(*http.Request) (*http.Response, error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answer = answer
}

func (t *transport) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}
