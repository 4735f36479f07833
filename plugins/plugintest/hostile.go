package plugintest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// depth is how deep a hostile document is nested (twice what encoding/json
// takes), size how many bytes one text of it has.
const (
	depth = 20_000
	size  = 256 << 10
)

// testHostile sends what nobody should send. Where the webhook has no body, its
// query is what is spoilt; and the answer of the look-up in every case.
func (s *suite) testHostile(t *testing.T, c recorded) {
	if len(c.Request.Body) > 0 {
		for what, body := range hostile(c.Request.Body) {
			spoilt := c
			spoilt.Request.Body = body
			_, err := s.provider.Identify(spoilt.Request)
			s.mustReject(t, c, "identify, "+what, err, pipeline.Malformed, pipeline.Unidentified)
			_, err = s.normalise(spoilt)
			s.mustReject(t, c, "normalise, "+what, err, pipeline.Malformed, pipeline.Unidentified)
		}
	} else {
		s.testHostileQuery(t, c)
	}
	if c.LookUp == nil {
		return
	}
	for what, answer := range hostile(c.LookUp) {
		spoilt := c
		spoilt.LookUp = answer
		_, err := s.normalise(spoilt)
		s.mustReject(t, c, "normalise, look-up, "+what, err, pipeline.BadAnswer, pipeline.Malformed, pipeline.Unidentified)
	}
}

func (s *suite) testHostileQuery(t *testing.T, c recorded) {
	q := c.Request.RawQuery
	for what, raw := range map[string]string{
		"no query": "", "broken escapes": "%zz=%", "only separators": "&&&;;;===", "huge": strings.Repeat("a=b&", size/4),
		"twice with other values": q + "&" + strings.ReplaceAll(q, "=", "=9"), "not UTF-8": "%ff=%fe", "a NUL": "%00=%00",
	} {
		spoilt := c
		spoilt.Request.RawQuery = raw
		_, err := s.provider.Identify(spoilt.Request)
		s.mustReject(t, c, "identify, "+what, err, pipeline.Malformed, pipeline.Unidentified)
	}
}

// testNothing sends a request that holds nothing at all.
func (s *suite) testNothing(t *testing.T) {
	r := pipeline.Request{Method: "POST", Path: s.path(), Body: []byte{}, ReceivedAt: s.now}
	_, err := s.provider.Identify(r)
	s.mustReject(t, recorded{}, "identify", err, pipeline.Malformed)
	_, err = s.provider.Verify(r, s.now)
	s.mustReject(t, recorded{}, "verify", err, pipeline.Unverified, pipeline.Malformed)
	_, err = s.provider.Normalise(s.event(recorded{Case: pipeline.Case{Request: r}}))
	if _, ok := pipeline.AsRejection(err); !ok {
		t.Errorf("normalise: %v, want a rejection", err)
	}
}

// hostile gives bodies that nothing good comes of, made of a good one.
func hostile(good []byte) map[string][]byte {
	all := map[string][]byte{
		"empty": {}, "blank": []byte(" \n"), "a NUL": {0}, "no document": []byte("booking"),
		"binary":   bytes.Repeat([]byte{0xff, 0xfe, 0x00}, 1000),
		"deep [":   bytes.Repeat([]byte("["), depth),
		"deep {":   bytes.Repeat([]byte(`{"a":`), depth),
		"deep <":   bytes.Repeat([]byte("<a>"), depth),
		"one text": []byte(`"` + strings.Repeat("x", size) + `"`),
		"null":     []byte("null"), "true": []byte("true"), "a number": []byte("1"), "no members": []byte("{}"), "a list": []byte("[]"),
	}
	trimmed := bytes.TrimSpace(good)
	step := max(1, len(trimmed)/24)
	for n := 1; n < len(trimmed); n += step {
		all[fmt.Sprintf("cut after %d bytes", n)] = trimmed[:n]
	}
	if len(trimmed) > 0 && trimmed[0] == '{' {
		maps.Copy(all, hostileJSON(trimmed))
	}
	return all
}

// hostileJSON gives documents that lenient readers take, each of them in
// another way: what two readers understand differently is never a booking.
func hostileJSON(good []byte) map[string][]byte {
	all := map[string][]byte{
		"followed by another": slices.Concat(good, []byte("{}")),
		"followed by text":    slices.Concat(good, []byte(" x")),
		"a list of one":       slices.Concat([]byte("["), good, []byte("]")),
		"a trailing comma":    slices.Concat(good[:len(good)-1], []byte(",}")),
		"a comment":           slices.Concat([]byte("/**/"), good),
		"a byte order mark":   slices.Concat([]byte("\ufeff"), good),
		"a deep member":       slices.Concat([]byte(`{"deep":`), bytes.Repeat([]byte("["), depth), bytes.Repeat([]byte("]"), depth), []byte(","), good[1:]),
	}
	for i, sp := range jsonSpans(good) {
		if i > 0 && i%8 != 0 {
			continue
		}
		name := fmt.Sprintf("(%s)", sp.name)
		all["not UTF-8 "+name] = splice(good, sp, []byte("\"\xff\""))
		all["a raw newline "+name] = splice(good, sp, []byte("\"a\nb\""))
	}
	keys := jsonKeys(good)
	for i, k := range keys {
		if i > 0 && i%8 != 0 {
			continue
		}
		all["a name twice ("+k.name+")"] = slices.Concat(good[:k.start], []byte(k.name+`:null,`), good[k.start:])
	}
	return all
}
