package plugintest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// odd gives the values that each value of a webhook is replaced by.
func odd(kind string) []string {
	texts := []string{canary, "", " ", "-1", "0", "1e400", "99999999999999999999", "0.00000000000000000001", "2025-02-30", "0000-00-00", "XXX"}
	switch kind {
	case "xml":
		return append(texts, "<x/>", "&#8364;", strings.Repeat(canary, 500))
	case "query":
		return append(texts, "%zz", "%ff", "%00")
	}
	all := []string{"null", "true", "{}", "[]", "[{}]", "[null]", `{"id":null}`, "0", "-1", "1.005", "1e400", "1e-400", "99999999999999999999", `"\u0000"`, `"\ud800"`}
	for _, text := range texts {
		all = append(all, `"`+text+`"`)
	}
	return append(all, `"`+strings.Repeat(canary, 500)+`"`)
}

// share is how many cases share the work of replacing: the first that gives
// events meets every value at every place, the others each a share of them.
const share = 4

// testReplaced replaces one value after the other. A booking may die of it only
// when nobody can tell which it is or what happened to it; whatever is
// published is still valid, and no error repeats the value (invariant 10).
func (s *suite) testReplaced(t *testing.T, c recorded) {
	for i, p := range parts(c) {
		for j, text := range odd(p.kind) {
			if c.index == 0 || (c.index+i+j)%share == 0 {
				s.replaced(t, p, text)
			}
		}
	}
}

func (s *suite) replaced(t *testing.T, p part, text string) {
	t.Helper()
	c := p.with([]byte(text))
	what := p.in + " " + p.name + " replaced by " + text[:min(len(text), 24)]
	var err error
	c.identity, err = s.provider.Identify(c.Request)
	s.refusal(t, c, "identify, "+what, err)
	if err != nil {
		return
	}
	if len(c.identity.Key) > 1024 || len(c.identity.EventID) > 1024 {
		t.Errorf("%s: an identity of %d bytes", what, len(c.identity.Key)+len(c.identity.EventID))
	}
	events, err := s.normalise(c)
	s.refusal(t, c, "normalise, "+what, err)
	if err != nil {
		return
	}
	before := t.Failed()
	s.validEvents(t, c, events)
	if !before && t.Failed() {
		t.Errorf("the faults above, or some of them: %s", what)
	}
}

// refusal asks of an error that it is final and quiet.
func (s *suite) refusal(t *testing.T, c recorded, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_, rejected := pipeline.AsRejection(err)
	_, ended := pipeline.AsEnding(err)
	if !rejected && !ended {
		t.Errorf("%s: %v is neither a rejection nor an ending", what, err)
	}
	s.quiet(t, c, what, err)
	known := strings.Contains(c.identity.Key, canary) || strings.Contains(c.identity.EventID, canary) || strings.Contains(c.identity.NativeEvent, canary)
	for ; err != nil && !known; err = errors.Unwrap(err) {
		if bytes.Contains(bytes.ToLower([]byte(err.Error())), []byte(canary)) {
			t.Errorf("%s: the error repeats the value", what)
		}
	}
}
