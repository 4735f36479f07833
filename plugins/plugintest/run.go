package plugintest

import (
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Option changes how the suite runs.
type Option func(*suite)

// Zone sets the zone of the source, which is UTC otherwise.
func Zone(zone *time.Location) Option { return func(s *suite) { s.zone = zone } }

// Now sets the time at which webhooks are sent and received; without it, it is
// noon UTC on 1 June 2026.
func Now(now time.Time) Option { return func(s *suite) { s.now = now } }

// OptionalHeaders names headers that Send adds and that Verify does without;
// every other one must be there.
func OptionalHeaders(names ...string) Option {
	return func(s *suite) { s.optional = append(s.optional, names...) }
}

// Run puts the plugin through the contract, configured with cfg: a value of the
// plugin's configuration type, with all its secrets set (config.NewSecret).
func Run(t *testing.T, spec pipeline.ProviderSpec, cfg any, opts ...Option) {
	t.Helper()
	s := newSuite(t, spec, cfg, opts)
	t.Run("the specification is complete", s.testSpec)
	t.Run("an empty secret is refused", s.testEmptySecrets)
	for _, c := range s.cases {
		t.Run(c.Name, func(t *testing.T) { s.testCase(t, c) })
	}
	t.Run("a webhook of nothing is refused", s.testNothing)
	t.Run("the log holds no secret and nothing private", s.testLog)
}

// testCase asks everything of one recorded webhook.
func (s *suite) testCase(t *testing.T, c recorded) {
	t.Run("golden", func(t *testing.T) { s.testGolden(t, c) })
	t.Run("hostile bodies are refused", func(t *testing.T) { s.testHostile(t, c) })
	if c.broken() {
		return
	}
	t.Run("identity", func(t *testing.T) { s.testIdentify(t, c) })
	t.Run("verification", func(t *testing.T) { s.testVerify(t, c) })
	t.Run("look-up", func(t *testing.T) { s.testLookUp(t, c) })
	t.Run("events", func(t *testing.T) { s.testEvents(t, c) })
	t.Run("purity", func(t *testing.T) { s.testPurity(t, c) })
	t.Run("privacy", func(t *testing.T) { s.testPrivacy(t, c) })
	t.Run("every value replaced", func(t *testing.T) { s.testReplaced(t, c) })
	t.Run("together", func(t *testing.T) { s.testTogether(t, c) })
}
