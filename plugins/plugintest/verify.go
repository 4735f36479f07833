package plugintest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// testVerify asks that the webhook as sent passes, and that nothing less does
// (invariant 9).
func (s *suite) testVerify(t *testing.T, c recorded) {
	sent := s.send(t, c)
	v, err := s.provider.Verify(sent, s.now)
	if err != nil {
		t.Fatalf("the webhook as sent: %v", err)
	}
	if v.Method == "" {
		t.Error("the verdict names no method")
	}
	again, err := s.provider.Verify(clone(sent), s.now)
	if err != nil || again != v {
		t.Errorf("the same webhook: another verdict (%v)", err)
	}
	other := s.build(t, otherSecrets(s.cfg))
	_, err = other.Verify(sent, s.now)
	s.mustReject(t, c, "another secret", err, pipeline.Unverified)
	if s.spec.URLSecret {
		s.testURLSecret(t, c, sent)
		return
	}
	s.testSignature(t, c, sent, v)
}

// testURLSecret asks for the whole secret, in its place in the path.
func (s *suite) testURLSecret(t *testing.T, c recorded, sent pipeline.Request) {
	secret := sent.PathSecret
	if secret == "" {
		t.Fatal("Send puts no secret into the path")
	}
	for name, text := range map[string]string{
		"missing": "", "cut": secret[:len(secret)-1], "one character": secret[:1], "longer": secret + "x",
		"with a NUL": secret + "\x00", "with a space": secret + " ", "the placeholder": "{secret}",
	} {
		r := clone(sent)
		r.PathSecret = text
		_, err := s.provider.Verify(r, s.now)
		s.mustReject(t, c, "secret "+name, err, pipeline.Unverified)
	}
	r := clone(sent)
	r.PathSecret = ""
	r.RawQuery = strings.TrimPrefix(r.RawQuery+"&secret="+secret, "&")
	if r.Header == nil {
		r.Header = map[string][]string{}
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	_, err := s.provider.Verify(r, s.now)
	s.mustReject(t, c, "secret in the wrong place", err, pipeline.Unverified)
}

// testSignature spoils every header that Send added, and the body.
func (s *suite) testSignature(t *testing.T, c recorded, sent pipeline.Request, v pipeline.Verification) {
	added := s.addedHeaders(c.Request, sent)
	if len(added) == 0 {
		t.Fatal("Send adds no header; a URL secret is declared by URLSecret")
	}
	for _, name := range added {
		s.testHeader(t, c, sent, v, name)
	}
	bare := clone(sent)
	for _, name := range added {
		bare.Header.Del(name)
	}
	_, err := s.provider.Verify(bare, s.now)
	s.mustReject(t, c, "no signature at all", err, pipeline.Unverified)
	for i := range sent.Body {
		r := clone(sent)
		r.Body[i] ^= 1
		_, err := s.provider.Verify(r, s.now)
		// A body that is no longer readable may be refused for that alone.
		s.mustReject(t, c, "a flipped bit of the body", err, pipeline.Unverified, pipeline.Malformed)
	}
	longer := clone(sent)
	longer.Body = append(longer.Body, '\n')
	_, err = s.provider.Verify(longer, s.now)
	s.mustReject(t, c, "one byte more", err, pipeline.Unverified, pipeline.Malformed)
}

// testHeader asks that a header without its value, or with part of it, does
// not pass. A header that is not part of the proof, such as a time beside the
// signature, may pass changed if the verdict says the changed time.
func (s *suite) testHeader(t *testing.T, c recorded, sent pipeline.Request, v pipeline.Verification, name string) {
	t.Helper()
	value := sent.Header.Get(name)
	spoiled := map[string][]string{
		"missing": nil, "empty": {""}, "blank": {" "}, "cut by one": {value[:len(value)-1]},
		"half": {value[:len(value)/2]}, "the first byte": {value[:1]}, "twice in one": {value + value},
		"flipped": {flipLast(value)},
	}
	for what, values := range spoiled {
		r := clone(sent)
		r.Header[name] = values
		if values == nil {
			r.Header.Del(name)
		}
		got, err := s.provider.Verify(r, s.now)
		if err == nil && !got.SignedAt.Equal(v.SignedAt) && values != nil && strings.TrimSpace(values[0]) != "" {
			continue
		}
		s.mustReject(t, c, name+" "+what, err, pipeline.Unverified)
	}
}

func (s *suite) addedHeaders(before, after pipeline.Request) []string {
	var added []string
	for name := range after.Header {
		if after.Header.Get(name) != before.Header.Get(name) && !slices.Contains(s.optional, name) {
			added = append(added, name)
		}
	}
	slices.Sort(added)
	return added
}

// flipLast changes the last character and keeps it a character of hex and base64.
func flipLast(text string) string {
	last := text[len(text)-1]
	if last == '0' || last == '=' {
		return text[:len(text)-1] + "1"
	}
	return text[:len(text)-1] + "0"
}

// mustReject asks for a rejection with one of reasons, in words that give
// nothing away.
func (s *suite) mustReject(t *testing.T, c recorded, what string, err error, reasons ...pipeline.Reason) {
	t.Helper()
	rejection, ok := pipeline.AsRejection(err)
	if !ok || !slices.Contains(reasons, rejection.Reason) {
		t.Errorf("%s: %v, want a rejection with %v", what, err, reasons)
	}
	s.quiet(t, c, what, err)
}

// quiet fails where an error gives away a secret or something private
// (invariant 10).
func (s *suite) quiet(t *testing.T, c recorded, what string, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		s.noSecret(t, "the error of "+what, err.Error())
		for _, p := range c.private {
			if strings.Contains(err.Error(), p) {
				t.Errorf("the error of %s holds private text", what)
			}
		}
	}
}
