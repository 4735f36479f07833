package traffic

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

// The sources, which are called as their plugins are.
const (
	Student = "studentcom"
	Broom   = "redbroom"
	Tour    = "tourcms"
)

// Names lists the sources.
func Names() []string { return []string{Student, Broom, Tour} }

// The secrets of a soak, which are none.
const (
	urlSecret  = "url-secret-of-a-soak"
	signSecret = "signing-secret-of-a-soak"
	apiKey     = "AAAAAA"
	account    = 4069
	channel    = 3930
)

// YAML gives the sources as a configuration names them. api is the URL of the
// simulated TourCMS.
func YAML(api string) string {
	return fmt.Sprintf(`sources:
  studentcom: {plugin: studentcom, path: "/hooks/studentcom/{secret}", config: {secret: {literal: %[1]s}}}
  redbroom: {plugin: redbroom, path: /hooks/redbroom, config: {signing_secrets: {goodbay: [{literal: %[2]s}]}}}
  tourcms:
    plugin: tourcms
    path: "/hooks/tourcms/{secret}"
    config:
      secret: {literal: %[1]s}
      base_url: %[3]s
      allow_private: true
      channels: [{account: %[4]d, channel: %[5]d, marketplace: 0, api_key: {literal: %[6]s}}]
`, urlSecret, signSecret, api, account, channel, apiKey)
}

// NewAPI makes the simulated TourCMS that the webhooks speak of.
func NewAPI() *tourcmstest.API {
	return tourcmstest.Handler(nil, tourcmstest.Key{Channel: channel, APIKey: apiKey})
}

// senders are the plugins, to sign with.
func senders() (map[string]pipeline.Sender, error) {
	deps := pipeline.ProviderDeps{Source: "soak", Zone: time.UTC, Clock: pipeline.WallClock{}}
	secret := config.NewSecret(urlSecret)
	student, err := studentcom.New(studentcom.Config{Secret: secret}, deps)
	if err != nil {
		return nil, err
	}
	broom, err := redbroom.New(redbroom.Config{SigningSecrets: map[string][]config.Secret{"goodbay": {config.NewSecret(signSecret)}}}, deps)
	if err != nil {
		return nil, err
	}
	cfg := tourcms.Defaults()
	cfg.Secret, cfg.Channels = secret, []tourcms.Channel{{Account: account, Channel: channel, APIKey: config.NewSecret(apiKey)}}
	tour, err := tourcms.New(cfg, deps)
	if err != nil {
		return nil, err
	}
	all := map[string]pipeline.Sender{}
	for name, p := range map[string]pipeline.Provider{Student: student, Broom: broom, Tour: tour} {
		s, ok := p.(pipeline.Sender)
		if !ok {
			return nil, fmt.Errorf("the plugin %s cannot send", name)
		}
		all[name] = s
	}
	return all, nil
}

func paths() map[string]string {
	return map[string]string{Student: "/hooks/studentcom/", Broom: "/hooks/redbroom", Tour: "/hooks/tourcms/"}
}

// Webhook is one call of a provider.
type Webhook struct {
	Source  string
	Booking string // the provider's key
	Request pipeline.Request
	// Happen makes the provider know what the webhook is about; it is called
	// before the webhook is first sent. Nil where the webhook says all.
	Happen func()

	sender pipeline.Sender
}

// Sign gives the webhook as it is sent now; its Path is where to.
func (w Webhook) Sign(now time.Time) (pipeline.Request, error) {
	r, err := w.sender.Send(w.Request, now)
	if err != nil {
		return pipeline.Request{}, err
	}
	r.Path = paths()[w.Source] + r.PathSecret
	return r, nil
}

// URL gives where a signed webhook goes, below scheme and host.
func URL(base string, r pipeline.Request) string {
	u := url.URL{Path: r.Path, RawQuery: r.RawQuery}
	return base + u.String()
}

// Header gives the headers it is sent with.
func Header(r pipeline.Request) http.Header {
	h := http.Header(r.Header).Clone()
	for _, name := range []string{"Host", "Content-Length", "Connection"} {
		h.Del(name) // of the recorded connection
	}
	return h
}
