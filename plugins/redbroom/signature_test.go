package redbroom_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
)

const (
	vectorBody = `{"eventId":"11111111-1111-4111-8111-111111111111","eventType":"booking.cancelled","timestamp":"2026-04-17T12:00:00.000Z","source":"goodbay","organizationId":"org_1","data":{"bookingId":"b1"}}`
	// The HMAC-SHA256 of vectorBody, 191 bytes, with the secret test-secret.
	vectorSum = "1a2b1c09110af1927bc5a594830a4f236b4c0617be929c718e255b55f363c977"
)

var sentAt = time.Date(2026, 4, 17, 12, 0, 1, 0, time.UTC)

func provider(t *testing.T, cfg redbroom.Config) pipeline.Provider {
	t.Helper()
	p, err := redbroom.New(cfg, pipeline.ProviderDeps{Source: "redbroom", Zone: mexico(t)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signed is the vector's webhook; change spoils it.
func signed(body string, change func(http.Header)) pipeline.Request {
	h := http.Header{"X-Webhook-Signature": {"sha256=" + vectorSum}, "X-Webhook-Timestamp": {"1776427201"}}
	if change != nil {
		change(h)
	}
	return pipeline.Request{Method: "POST", Header: h, Body: []byte(body)}
}

func TestSignatureMatchesKnownVector(t *testing.T) {
	p := provider(t, testConfig())
	got, err := p.Verify(signed(vectorBody, nil), sentAt)
	if err != nil || got.Method != "hmac-sha256" || !got.SignedAt.Equal(sentAt) {
		t.Errorf("%+v, %v", got, err)
	}
	sent, err := p.(pipeline.Sender).Send(pipeline.Request{Method: "POST", Body: []byte(vectorBody)}, sentAt)
	if err != nil || sent.Header.Get("X-Webhook-Signature") != "sha256="+vectorSum || sent.Header.Get("X-Webhook-Timestamp") != "1776427201" {
		t.Errorf("sent %v, %v", sent.Header, err)
	}
}

// The engine keeps a 400 of a sender without a limit, and of strangers few.
func TestASignedBodyThatCannotBeReadIsItsSendersDefect(t *testing.T) {
	p := provider(t, testConfig())
	for name, body := range map[string]string{
		"no JSON":       `{"source":"goodbay",}`,
		"no envelope":   `{"bookingId":"b1"}`,
		"no booking id": `{"source":"goodbay","eventType":"booking.cancelled","data":{}}`,
	} {
		mac := hmac.New(sha256.New, []byte("test-secret"))
		mac.Write([]byte(body))
		sum := hex.EncodeToString(mac.Sum(nil))
		r := signed(body, func(h http.Header) { h.Set("X-Webhook-Signature", "sha256="+sum) })
		if _, err := p.Verify(r, sentAt); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := p.Identify(r); !rejectedAs(err, pipeline.Malformed) {
			t.Errorf("%s: identified, %v", name, err)
		}
		if _, err := p.Verify(signed(body, nil), sentAt); !rejectedAs(err, pipeline.Unverified) {
			t.Errorf("%s: a stranger's is verified, %v", name, err)
		}
	}
}

func rejectedAs(err error, reason pipeline.Reason) bool {
	rejection, ok := pipeline.AsRejection(err)
	return ok && rejection.Reason == reason
}

func TestSignatureOfAnythingElseIsRefused(t *testing.T) {
	p := provider(t, testConfig())
	sum, _ := hex.DecodeString(vectorSum)
	for name, r := range map[string]pipeline.Request{
		"no headers":           {Method: "POST", Body: []byte(vectorBody)},
		"no signature":         signed(vectorBody, func(h http.Header) { h.Del("X-Webhook-Signature") }),
		"empty":                signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "") }),
		"prefix alone":         signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "sha256=") }),
		"no prefix":            signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", vectorSum) }),
		"another algorithm":    signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "sha1="+vectorSum[:40]) }),
		"beginning of it":      signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "sha256="+vectorSum[:62]) }),
		"more than it":         signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "sha256="+vectorSum+"00") }),
		"not hex":              signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "sha256="+strings.Repeat("zz", 32)) }),
		"raw bytes":            signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Signature", "sha256="+string(sum)) }),
		"two, the first good":  signed(vectorBody, func(h http.Header) { h.Add("X-Webhook-Signature", "sha256="+strings.Repeat("00", 32)) }),
		"two, both good":       signed(vectorBody, func(h http.Header) { h.Add("X-Webhook-Signature", "sha256="+vectorSum) }),
		"no timestamp":         signed(vectorBody, func(h http.Header) { h.Del("X-Webhook-Timestamp") }),
		"two timestamps":       signed(vectorBody, func(h http.Header) { h.Add("X-Webhook-Timestamp", "1776427201") }),
		"timestamp no number":  signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Timestamp", "now") }),
		"timestamp zero":       signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Timestamp", "0") }),
		"timestamp negative":   signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Timestamp", "-5") }),
		"timestamp with sign":  signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Timestamp", "+1776427201") }),
		"timestamp in millis":  signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Timestamp", "1776427201000") }),
		"timestamp in ISO":     signed(vectorBody, func(h http.Header) { h.Set("X-Webhook-Timestamp", "2026-04-17T12:00:00Z") }),
		"re-encoded body":      signed(strings.ReplaceAll(vectorBody, `":"`, `": "`), nil),
		"body with a newline":  signed(vectorBody+"\n", nil),
		"app of another name":  signed(strings.Replace(vectorBody, "goodbay", "plenura", 1), nil),
		"app without a secret": signed(strings.Replace(vectorBody, "goodbay", "colectiva", 1), nil),
		"no body":              signed("", nil),
		"no app":               signed(`{"eventType":"booking.cancelled","data":{"bookingId":"b1"}}`, nil),
	} {
		_, err := p.Verify(r, sentAt)
		if rejection, ok := pipeline.AsRejection(err); !ok || rejection.Reason != pipeline.Unverified {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What an unknown app is compared with must not be a secret one can sign with.
func TestNobodySignsForAnAppWithoutASecret(t *testing.T) {
	body := strings.Replace(vectorBody, "goodbay", "colectiva", 1)
	open := provider(t, redbroom.Config{SigningSecrets: map[string][]config.Secret{"colectiva": {config.NewSecret("x")}}})
	sent, err := open.(pipeline.Sender).Send(pipeline.Request{Body: []byte(body)}, sentAt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider(t, testConfig()).Verify(sent, sentAt); err == nil {
		t.Error("passes")
	}
	if _, err := provider(t, testConfig()).(pipeline.Sender).Send(pipeline.Request{Body: []byte(body)}, sentAt); err == nil {
		t.Error("signed for an app without a secret")
	}
}

func TestSecretsRotate(t *testing.T) {
	sign := func(secret string) pipeline.Request {
		p := provider(t, redbroom.Config{SigningSecrets: map[string][]config.Secret{"goodbay": {config.NewSecret(secret)}}})
		r, err := p.(pipeline.Sender).Send(pipeline.Request{Body: []byte(vectorBody)}, sentAt)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	p := provider(t, testConfig())
	for secret, want := range map[string]bool{"test-secret": true, "old-secret-5521": true, "plenura-secret-77": false, "older": false} {
		if _, err := p.Verify(sign(secret), sentAt); (err == nil) != want {
			t.Errorf("signed with %s: %v", secret, err)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	some := []config.Secret{config.NewSecret("s")}
	for name, tc := range map[string]struct {
		apps map[string][]config.Secret
		want string // in the fault, "" where it is fine
	}{
		"fine":         {map[string][]config.Secret{"goodbay": some, "a-b_9": some}, ""},
		"nothing":      {nil, "signing_secrets: "},
		"no secret":    {map[string][]config.Secret{"goodbay": some, "plenura": {}}, "signing_secrets.plenura: "},
		"empty secret": {map[string][]config.Secret{"goodbay": {some[0], {}}}, "signing_secrets.goodbay[1]: "},
		"app's name":   {map[string][]config.Secret{"good/bay": some}, "signing_secrets: "},
		"no name":      {map[string][]config.Secret{"": some}, "signing_secrets: "},
	} {
		err := redbroom.Config{SigningSecrets: tc.apps}.Validate()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, built := redbroom.New(redbroom.Config{SigningSecrets: tc.apps}, pipeline.ProviderDeps{}); (built == nil) != (tc.want == "") {
			t.Errorf("%s: built with %v", name, built)
		}
	}
}
