package plugintest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// sampleConfig is the configuration of a plugin that keeps the contract, but
// for the one defect it is given.
type sampleConfig struct {
	Secrets map[string]config.Secret
	Defect  string
}

func (c sampleConfig) Validate() error {
	var faults []error
	if len(c.Secrets) == 0 {
		faults = append(faults, config.At("secrets", "is empty"))
	}
	for name, s := range c.Secrets {
		if s.IsZero() && c.Defect != "takes an empty secret" {
			faults = append(faults, config.At("secrets."+name, "is empty; set it"))
		}
	}
	return errors.Join(faults...)
}

func sampleSpec() pipeline.ProviderSpec {
	spec := pipeline.NewProviderSpec("sample", "a plugin to test the suite with",
		func() sampleConfig { return sampleConfig{} },
		func(c sampleConfig, d pipeline.ProviderDeps) (pipeline.Provider, error) {
			return &sample{cfg: c, deps: d}, nil
		})
	spec.Cases = os.DirFS("testdata")
	spec.OneBooking = true
	return spec
}

type sample struct {
	cfg   sampleConfig
	deps  pipeline.ProviderDeps
	calls atomic.Int64
}

func (p *sample) has(defect string) bool { return p.cfg.Defect == defect }

func (p *sample) sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(p.cfg.Secrets["main"].Reveal()))
	if !p.has("does not sign the body") {
		mac.Write(body)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func (p *sample) Send(r pipeline.Request, now time.Time) (pipeline.Request, error) {
	r.Header.Set("X-Signature", p.sign(r.Body))
	r.Header.Set("X-Sent-At", now.UTC().Format(time.RFC3339))
	if p.has("sends another body") {
		r.Body = append(r.Body, ' ')
	}
	return r, nil
}

func (p *sample) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	got, want := r.Header.Get("X-Signature"), p.sign(r.Body)
	at, err := time.Parse(time.RFC3339, r.Header.Get("X-Sent-At"))
	equal := hmac.Equal([]byte(got), []byte(want))
	switch {
	case p.has("compares what is there"):
		n := min(len(got), len(want))
		equal = got[:n] == want[:n]
	case p.has("lets unsigned ones pass"):
		equal = equal || got == ""
	case p.has("needs no time"):
		err = nil
	case p.has("tells the secret") && !equal:
		return pipeline.Verification{}, pipeline.Rejectf(pipeline.Unverified, "not signed with %s", p.cfg.Secrets["main"].Reveal())
	case p.has("refuses as malformed") && !equal:
		return pipeline.Verification{}, pipeline.Rejectf(pipeline.Malformed, "wrong signature")
	}
	if !equal || err != nil {
		return pipeline.Verification{}, pipeline.Rejectf(pipeline.Unverified, "signature or time missing or wrong")
	}
	return pipeline.Verification{Method: "hmac-sha256", SignedAt: at}, nil
}

func (p *sample) read(body []byte) (jsondoc.Value, error) {
	switch {
	case p.has("reads names twice"):
		var loose any
		if err := json.Unmarshal(body, &loose); err != nil {
			return jsondoc.Value{}, pipeline.Rejectf(pipeline.Malformed, "no JSON")
		}
		body, _ = json.Marshal(loose)
	case p.has("reads the first document"):
		dec := json.NewDecoder(bytes.NewReader(body))
		var first json.RawMessage
		if dec.Decode(&first) == nil {
			body = first
		}
	case p.has("repeats the body"):
		if !json.Valid(body) {
			return jsondoc.Value{}, pipeline.Rejectf(pipeline.Malformed, "no JSON: %s", body)
		}
	}
	doc, err := jsondoc.Parse(body)
	if err != nil {
		return doc, pipeline.Reject(pipeline.Malformed, err)
	}
	return doc, nil
}

func (p *sample) Identify(r pipeline.Request) (pipeline.Identity, error) {
	doc, err := p.read(r.Body)
	if err != nil {
		return pipeline.Identity{}, err
	}
	key, ok := doc.Get("booking").Name()
	if !ok {
		return pipeline.Identity{}, pipeline.Rejectf(pipeline.Malformed, "no booking")
	}
	id := pipeline.Identity{Key: key, NativeEvent: "changed"}
	id.EventID, _ = doc.Get("id").Name()
	switch {
	case p.has("identifies by signature"):
		id.EventID = r.Header.Get("X-Signature")
	case p.has("identifies by sender"):
		id.Key += r.Header.Get("X-Forwarded-For")
	case p.has("identifies by call"):
		id.Key += fmt.Sprint(p.calls.Add(1))
	}
	return id, nil
}

func (p *sample) Normalise(ev pipeline.Event) ([]booking.Event, error) {
	id, err := p.Identify(ev.Request)
	if err != nil {
		return nil, err
	}
	doc, err := p.read(ev.Request.Body)
	if err != nil {
		return nil, err
	}
	e := booking.Event{
		Type: booking.Updated,
		Booking: booking.Booking{
			Kind: booking.Stay, Status: booking.StatusConfirmed, PaymentStatus: booking.PaymentUnknown,
			Product: &booking.Product{Name: doc.Get("house").TextPtr()},
		},
		Origin: booking.Origin{EventID: id.EventID, NativeKey: id.Key, Content: "1"},
	}
	if mail, ok := doc.Get("mail").Text(); ok {
		e.Booking.People = []booking.Person{{Role: "guest", Identity: strings.ToLower(mail)}}
	}
	return p.spoil(ev, doc, e)
}

// spoil is where the defects of events are.
func (p *sample) spoil(ev pipeline.Event, doc jsondoc.Value, e booking.Event) ([]booking.Event, error) {
	name, _ := doc.Get("guestName").Text()
	switch p.cfg.Defect {
	case "publishes a name":
		e.Booking.Refs = []booking.Ref{{Kind: "guest", Value: name}}
	case "publishes free text":
		e.Booking.StatusNative = doc.Get("note").TextPtr()
	case "publishes the identity":
		e.Booking.StatusNative = &e.Booking.People[0].Identity
	case "makes tokens itself":
		e.Booking.People[0].Token = "tok_1"
	case "logs a name":
		p.deps.Log.Info("guest", "name", name)
	case "logs the secret":
		p.deps.Log.Debug("secret", "is", p.cfg.Secrets["main"].Reveal())
	case "reads the clock":
		e.Origin.Content = p.deps.Clock.Now().String()
	case "reads the time of arrival":
		e.Origin.Content = ev.ReceivedAt.String()
	case "counts":
		e.Origin.Content = fmt.Sprint(p.calls.Add(1))
	case "changes its input":
		ev.Request.Body[0] = ' '
	case "panics on an odd type":
		if doc.Get("house").IsList() {
			panic("a list")
		}
	case "gives nothing":
		return nil, nil
	case "gives twice the same":
		return []booking.Event{e, e}, nil
	case "has another key":
		e.Origin.NativeKey += "x"
	case "fills the pipeline's part":
		e.ID = "1"
	case "breaks the schema":
		e.Booking.Kind = "castle"
	case "hides that a time is missing":
		e.Cancellation = &booking.Cancellation{By: booking.ByUnknown}
	case "invents a type":
		e.Type = "travel.booking.lost.v1"
	case "has no content version":
		e.Origin.Content = ""
	case "asks to be tried again":
		if !doc.Get("house").Exists() || doc.Get("house").IsNull() {
			return nil, errors.New("no house")
		}
	case "tells the value it cannot read":
		if text, ok := doc.Get("nights").Text(); ok {
			return nil, pipeline.Rejectf(pipeline.Unidentified, "%s is no number", text)
		}
	}
	return []booking.Event{e}, nil
}
