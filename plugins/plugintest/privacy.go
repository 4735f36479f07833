package plugintest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// canary is a text that is in no webhook: where it shows up, a value was let
// through. It looks like a label, so that a pattern alone lets it through too.
const canary = "canary7f3a9c"

// privateName matches the last element of the path of a value that tells who
// somebody is: names, mail, phones, birth dates, documents and addresses.
var privateName = regexp.MustCompile(`(?i)^(` +
	`(passport|lead_customer_|customer_|guest|booker|guarantor|student|holder|contact)?_?(first|last|middle|sur|sir|given|family)_?name` +
	`|(guest|booker|customer|lead_customer|made|contact|holder)_?name|made_username|birth_?place` +
	`|.*e_?-?mail(_?address)?|.*phone.*|.*tel_(home|mobile)|mobile` +
	`|.*passport_?number|pass_num|dob|.*birth.*|age` +
	`|.*address(_?lines?)?|.*post_?code|postal_?code|.*_contact_note|customer_special_request|payment_note|barcode_data)(#\d+)?$`)

// tellsWho says whether the value at a path tells who somebody is.
func tellsWho(path string) bool {
	return privateName.MatchString(path[strings.LastIndexByte(path, '.')+1:])
}

// privateTexts are the texts of the case that tell who somebody is. A short
// one may stand in another word by accident and is left to private.txt.
func privateTexts(c pipeline.Case) []string {
	var all []string
	for _, doc := range [][]byte{c.Request.Body, c.LookUp} {
		for _, sp := range spans(doc) {
			text := string(doc[sp.start:sp.end])
			if sp.kind == "json" {
				var s string
				if json.Unmarshal(doc[sp.start:sp.end], &s) != nil {
					continue
				}
				text = s
			}
			if tellsWho(sp.name) && len(strings.TrimSpace(text)) >= 4 {
				all = append(all, strings.TrimSpace(text))
			}
		}
	}
	for name, values := range query(c.Request) {
		if tellsWho(name) {
			all = append(all, values...)
		}
	}
	return slices.DeleteFunc(all, func(p string) bool { return len(p) < 4 })
}

// public is everything of finished events that leaves the process, but for
// fields that the pipeline fills.
func public(t *testing.T, events []booking.Event) []byte {
	t.Helper()
	var buf bytes.Buffer
	for _, e := range events {
		buf.Write(encode(t, e))
		buf.Write(encode(t, e.Origin))
		fmt.Fprintln(&buf, e.ID, e.Type, e.Time)
	}
	return buf.Bytes()
}

// testPrivacy looks for people in all that leaves the process (invariant 10).
func (s *suite) testPrivacy(t *testing.T, c recorded) {
	events, err := s.normalise(c)
	if err != nil {
		s.quiet(t, c, "normalise", err)
		return
	}
	out := bytes.ToLower(public(t, finish(s.event(c), events)))
	for _, p := range c.private {
		if bytes.Contains(out, []byte(strings.ToLower(p))) {
			t.Error("private text of the webhook is in the public event")
		}
	}
	for _, secret := range s.secrets {
		if bytes.Contains(out, []byte(strings.ToLower(secret))) {
			t.Error("a secret is in the public event")
		}
	}
	for _, e := range events {
		for _, p := range e.Booking.People {
			s.testPerson(t, p, out)
		}
	}
}

func (s *suite) testPerson(t *testing.T, p booking.Person, out []byte) {
	t.Helper()
	if p.Role == "" || p.Token != "" || strings.TrimSpace(p.Identity) == "" {
		t.Errorf("a person of role %q: want a role, an identity, and the token left to the normalise stage", p.Role)
	}
	if len(p.Identity) >= 4 && bytes.Contains(out, []byte(strings.ToLower(p.Identity))) {
		t.Errorf("the identity of the %s is in the public event", p.Role)
	}
}

// published gives the paths whose text reaches the public event.
func (s *suite) published(t *testing.T, c recorded) []byte {
	t.Helper()
	out := []byte{}
	for _, p := range parts(c) {
		text := canary
		if p.kind == "json" {
			text = `"` + canary + `"`
		}
		changed := p.with([]byte(text))
		events, err := s.normalise(changed)
		if err != nil {
			continue
		}
		if !bytes.Contains(bytes.ToLower(public(t, finish(s.event(changed), events))), []byte(canary)) {
			continue
		}
		if tellsWho(p.name) {
			t.Errorf("%s %s is published", p.in, p.name)
		}
		out = fmt.Appendln(out, p.in, p.name)
	}
	return out
}

// testLog reads what the plugin logged in all the tests before.
func (s *suite) testLog(t *testing.T) {
	log := s.log.String()
	s.noSecret(t, "the log", log)
	if strings.Contains(log, canary) {
		t.Error("the log holds text of a webhook")
	}
	for _, c := range s.cases {
		for _, p := range c.private {
			if strings.Contains(log, p) {
				t.Errorf("the log holds private text of case %s", c.Name)
			}
		}
	}
}
