package command_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

// tourcmsSource is a source whose look-ups go to %API%.
const tourcmsSource = `  tourcms:
    plugin: tourcms
    path: /hooks/tourcms/{secret}
    config:
      secret: {env: TOURCMS_SECRET}
      base_url: %API%
      allow_private: true
      channels: [{account: 4069, channel: 3930, api_key: {env: TOURCMS_API_KEY}}]
`

const fourSources = `
kafka:
  embedded: {dir: %DIR%/data, listen: "127.0.0.1:0"}
listen: 127.0.0.1:0
admin: 127.0.0.1:0
privacy: {key: {env: PRIVACY_KEY}}
sources:
  studentcom: {plugin: studentcom, path: "/hooks/studentcom/{secret}", config: {secret: {env: STUDENT_SECRET}}}
  vrplatform: {plugin: vrplatform, path: "/hooks/vrplatform/{secret}", config: {secret: {env: VR_SECRET}}}
` + tourcmsSource + `  redbroom:
    plugin: redbroom
    path: /hooks/redbroom
    config: {signing_secrets: {goodbay: [{env: GOODBAY_SECRET}]}}
pipelines:
  bookings:
    sources: [studentcom, vrplatform, tourcms, redbroom]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, enrich, normalise, {to: bookings.normalised}, dedupe, policy]
`

func fourSourceSecrets() map[string]string {
	return map[string]string{
		"PRIVACY_KEY": "privacy-key-4b1d8a77", "STUDENT_SECRET": "student-secret-8f2c", "VR_SECRET": "vr-secret-77ab",
		"TOURCMS_SECRET": "tourcms-secret-19de", "TOURCMS_API_KEY": "tourcms-api-key-c0de", "GOODBAY_SECRET": "goodbay-secret-5e1f",
	}
}

// simulator is a TourCMS API that knows the recorded booking.
func simulator(t *testing.T, key string) *httptest.Server {
	t.Helper()
	recorded, err := pipeline.ReadCase(specOf(t, "tourcms").Cases, "confirmed")
	if err != nil {
		t.Fatal(err)
	}
	api := tourcmstest.Handler(map[string][]byte{"1234": recorded.LookUp}, tourcmstest.Key{Channel: 3930, APIKey: key})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return server
}

func specOf(t *testing.T, plugin string) pipeline.ProviderSpec {
	t.Helper()
	specs := builtIn().Plugins
	i := slices.IndexFunc(specs, func(s pipeline.ProviderSpec) bool { return s.Name == plugin })
	if i < 0 {
		t.Fatalf("no plugin %s", plugin)
	}
	return specs[i]
}

func TestSecretsStandInNoOutputLogMetricOrTopic(t *testing.T) {
	api := simulator(t, fourSourceSecrets()["TOURCMS_API_KEY"])
	text := strings.Replace(fourSources, "%API%", api.URL, 1)
	s := newSite(t, text)
	s.env, s.level = fourSourceSecrets(), "debug"
	r := s.startReady(t)
	s.atPorts(t, text, r)

	said := s.everyCommand(t)
	s.strangers(t, r)
	r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == 4 })
	r.until(t, "kept", func() bool { return len(s.tail(t, "bookings.rejected")) >= 5 })
	said["metrics"] = body(t, r.admin+"/metrics")
	for _, topic := range s.topics(t) {
		said["topic "+topic] = s.must(t, "tail", topic, "--follow=false", "-c", s.config())
	}
	r.stop(t)
	said["log"] = r.log.String()
	for where, text := range said {
		for name, secret := range s.env {
			if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
				t.Errorf("%s is in: %s", name, where)
			}
		}
	}
	for _, where := range []string{"log", "metrics", "topic bookings.events", "topic bookings.decisions", "topic bookings.current", "topic bookings.outcomes"} {
		for _, person := range []string{"Beispiel", "example.org", "example.com", "Emma Stone"} {
			if strings.Contains(said[where], person) {
				t.Errorf("%q, of a person, is in: %s", person, where)
			}
		}
	}
}

// everyCommand runs what reads the configuration, and sends webhooks that are
// taken, and one that nobody takes.
func (s *site) everyCommand(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	for _, line := range []string{
		"check --strict", "topics --counts", "send studentcom book_confirmed", "send vrplatform payment_created",
		"send vrplatform reservation_created_as_printed", "send tourcms confirmed", "send redbroom booking-cancelled",
		"send redbroom no-booking-id", "send studentcom book_confirmed --url http://127.0.0.1:1", "send tourcms no-such-case",
	} {
		got := s.command(t, append(strings.Fields(line), "-c", s.config())...)
		said[line] = got.stdout + got.stderr
	}
	return said
}

// strangers sends what is not verified, with the secrets where a proxy or a
// careless sender might put them.
func (s *site) strangers(t *testing.T, r *running) {
	t.Helper()
	for path, secret := range map[string]string{
		"/hooks/studentcom/wrong":                        s.env["STUDENT_SECRET"],
		"/hooks/redbroom":                                s.env["GOODBAY_SECRET"],
		"/hooks/tourcms/wrong?event=x&account_id=4069":   s.env["TOURCMS_SECRET"],
		"/hooks/studentcom/" + s.env["STUDENT_SECRET"]:   s.env["TOURCMS_API_KEY"],
		"/hooks/vrplatform/" + s.env["VR_SECRET"] + "/x": s.env["VR_SECRET"],
	} {
		request, err := http.NewRequest(http.MethodPost, r.webhooks+path, strings.NewReader(`{"source":"goodbay"`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Original-Url", "/hooks/"+secret)
		request.Header.Set("Authorization", "Bearer "+secret)
		request.Header.Set("Referer", "https://proxy.example/"+secret+"?again="+secret)
		response, err := client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 || response.StatusCode > 499 {
			t.Errorf("%d for a stranger", response.StatusCode)
		}
	}
}

func (s *site) topics(t *testing.T) []string {
	t.Helper()
	var lines []struct{ Topic string }
	if err := json.Unmarshal([]byte(s.must(t, "topics", "-o", "json", "-c", s.config())), &lines); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range lines {
		names = append(names, l.Topic)
	}
	if len(names) < 10 {
		t.Fatalf("topics are %v", names)
	}
	return names
}
