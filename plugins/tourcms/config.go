package tourcms

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/urlsecret"
)

// defaultBaseURL is the host that every public client library calls.
const defaultBaseURL = "https://api.tourcms.com"

// Config is what a source with this plugin is configured with.
type Config struct {
	// Secret is what the `{secret}` segment of the source's path must be: the
	// webhook itself carries no proof of its sender.
	Secret config.Secret `yaml:"secret,required" doc:"What the {secret} segment of the source's path must be."`
	// BaseURL is scheme and host of the API. Default: the real one.
	BaseURL string `yaml:"base_url" doc:"Scheme and host of the TourCMS API."`
	// AllowPrivate lets BaseURL be plain http, loopback or a private address,
	// for simulators. Default: false.
	AllowPrivate bool `yaml:"allow_private" doc:"Lets base_url be plain http, loopback or a private address, for simulators."`
	// Channels are the API's credentials, one entry for each channel.
	Channels []Channel `yaml:"channels,required" doc:"The API's credentials, one entry for each channel."`
}

// Channel is one channel of one account and the key to look its bookings up.
type Channel struct {
	Account uint64 `yaml:"account,required" doc:"TourCMS account id, the account_id of the webhook."`
	Channel uint64 `yaml:"channel,required" doc:"TourCMS channel id, the channel_id of the webhook."`
	// Marketplace is the marketplace account id of an agent, 0 for the
	// operator itself.
	Marketplace uint64        `yaml:"marketplace" doc:"Marketplace account id of an agent; 0 for the operator itself."`
	APIKey      config.Secret `yaml:"api_key,required" doc:"API key of the channel, to look its bookings up."`
}

// Defaults gives the configuration that a source starts from.
func Defaults() Config { return Config{BaseURL: defaultBaseURL} }

var _ config.Validator = Config{}

// Validate reports every fault at once.
func (c Config) Validate() error {
	faults := []error{urlsecret.Validate("secret", c.Secret), c.checkBaseURL()}
	if len(c.Channels) == 0 {
		faults = append(faults, config.At("channels", "is empty; list at least one channel, without it no booking can be looked up"))
	}
	seen := make(map[[2]uint64]bool, len(c.Channels))
	for i, ch := range c.Channels {
		faults = append(faults, ch.check(fmt.Sprintf("channels[%d]", i)))
		id := [2]uint64{ch.Account, ch.Channel}
		if seen[id] {
			faults = append(faults, config.At(fmt.Sprintf("channels[%d]", i), "repeats an account and channel; keep one entry, a booking is looked up with one key"))
		}
		seen[id] = true
	}
	return errors.Join(faults...)
}

func (ch Channel) check(path string) error {
	var faults []error
	if ch.Account == 0 {
		faults = append(faults, config.At(path+".account", "is missing; it is the account_id of the webhook"))
	}
	if ch.Channel == 0 {
		faults = append(faults, config.At(path+".channel", "is missing; it is the channel_id of the webhook"))
	}
	if ch.APIKey.IsZero() {
		faults = append(faults, config.At(path+".api_key", "is missing or empty; give the channel's API key as {env: NAME} or {file: PATH}"))
	}
	return errors.Join(faults...)
}

// checkBaseURL refuses what would send a signed request somewhere unexpected.
// Names are judged when they are dialled, see dial.go.
func (c Config) checkBaseURL() error {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return config.At("base_url", "is no URL; write scheme and host, such as "+defaultBaseURL)
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return config.At("base_url", "has more than scheme and host; leave the rest out, the signature covers the path")
	}
	if c.AllowPrivate {
		return nil
	}
	if u.Scheme != "https" {
		return config.At("base_url", "is not https; use https, or allow_private: true for a simulator")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !public(ip) {
		return config.At("base_url", "is not a public address; use a public one, or allow_private: true for a simulator")
	}
	return nil
}
