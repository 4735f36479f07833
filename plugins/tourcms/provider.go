package tourcms

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/urlsecret"
)

// Name is the name of the plugin in a configuration.
const Name = "tourcms"

//go:embed testdata
var testdata embed.FS

// Spec is the plugin's entry in the list of plugins.
func Spec() pipeline.ProviderSpec {
	s := pipeline.NewProviderSpec(Name, "TourCMS booking notifications, looked up with Show Booking", Defaults, New)
	s.OneBooking = true
	s.Enriches = true
	s.URLSecret = true
	s.Cases, _ = fs.Sub(testdata, "testdata") // the name is a valid path
	return s
}

type provider struct {
	secret   config.Secret
	base     *url.URL
	channels map[[2]uint64]Channel // by account and channel
	accounts map[uint64][]Channel
	http     *http.Client
	zone     *time.Location
	clock    pipeline.Clock
}

var (
	_ pipeline.Provider = (*provider)(nil)
	_ pipeline.Enricher = (*provider)(nil)
	_ pipeline.Sender   = (*provider)(nil)
)

// New builds the provider. It refuses what Validate refuses (invariant 9).
func New(c Config, d pipeline.ProviderDeps) (pipeline.Provider, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, errors.New("base_url is no URL")
	}
	p := &provider{
		secret:   c.Secret,
		base:     &url.URL{Scheme: base.Scheme, Host: base.Host},
		channels: make(map[[2]uint64]Channel, len(c.Channels)),
		accounts: make(map[uint64][]Channel, len(c.Channels)),
		zone:     d.Zone,
		clock:    d.Clock,
	}
	for _, ch := range c.Channels {
		p.channels[[2]uint64{ch.Account, ch.Channel}] = ch
		p.accounts[ch.Account] = append(p.accounts[ch.Account], ch)
	}
	transport := d.Transport
	if transport == nil {
		transport = newTransport(c.AllowPrivate)
	}
	p.http = newHTTPClient(transport)
	return p, nil
}

// Close drops the connections that are kept for the next look-up.
func (p *provider) Close() error {
	p.http.CloseIdleConnections()
	return nil
}

// Identify reads the query. The webhook has no id of its own: a repeat and a
// new change look alike, and the look-up tells them apart.
func (p *provider) Identify(r pipeline.Request) (pipeline.Identity, error) {
	h, err := parseHook(r.RawQuery)
	if err != nil {
		return pipeline.Identity{}, pipeline.Rejectf(pipeline.Malformed, "read the query of a booking notification: %w", err)
	}
	return pipeline.Identity{NativeEvent: h.trigger, Key: h.key()}, nil
}

// Verify compares the secret in the URL: TourCMS documents no authentication
// of this webhook. What the query says is a hint either way; nothing is
// believed but the look-up's answer.
func (p *provider) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	return urlsecret.Verify(r, p.secret)
}

// Send puts the secret into the path, as the URL that TourCMS is configured
// with has it.
func (p *provider) Send(r pipeline.Request, _ time.Time) (pipeline.Request, error) {
	return urlsecret.Sign(r, p.secret), nil
}
