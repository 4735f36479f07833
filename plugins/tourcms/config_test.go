package tourcms_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
)

func TestConfigFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*tourcms.Config)
		path   string // "" where it is fine
	}{
		"as it is":           {func(*tourcms.Config) {}, ""},
		"real API":           {func(c *tourcms.Config) { c.BaseURL = "https://api.tourcms.com/" }, ""},
		"no secret":          {func(c *tourcms.Config) { c.Secret = config.Secret{} }, "secret"},
		"no channels":        {func(c *tourcms.Config) { c.Channels = nil }, "channels"},
		"no account":         {func(c *tourcms.Config) { c.Channels[0].Account = 0 }, "channels[0].account"},
		"no channel":         {func(c *tourcms.Config) { c.Channels[0].Channel = 0 }, "channels[0].channel"},
		"no key":             {func(c *tourcms.Config) { c.Channels[0].APIKey = config.Secret{} }, "channels[0].api_key"},
		"twice":              {func(c *tourcms.Config) { c.Channels = append(c.Channels, c.Channels[0]) }, "channels[1]"},
		"no base":            {func(c *tourcms.Config) { c.BaseURL = "" }, "base_url"},
		"plain http":         {func(c *tourcms.Config) { c.BaseURL = "http://api.tourcms.com" }, "base_url"},
		"other scheme":       {func(c *tourcms.Config) { c.BaseURL = "file:///etc/passwd" }, "base_url"},
		"with a user":        {func(c *tourcms.Config) { c.BaseURL = "https://a:b@api.tourcms.com" }, "base_url"},
		"with a path":        {func(c *tourcms.Config) { c.BaseURL = "https://api.tourcms.com/v2" }, "base_url"},
		"with a query":       {func(c *tourcms.Config) { c.BaseURL = "https://api.tourcms.com?x=1" }, "base_url"},
		"loopback":           {func(c *tourcms.Config) { c.BaseURL = "https://127.0.0.1" }, "base_url"},
		"mapped":             {func(c *tourcms.Config) { c.BaseURL = "https://[::ffff:10.0.0.1]:8443" }, "base_url"},
		"metadata":           {func(c *tourcms.Config) { c.BaseURL = "https://169.254.169.254" }, "base_url"},
		"loopback, allowed":  {func(c *tourcms.Config) { c.BaseURL, c.AllowPrivate = "http://127.0.0.1:9", true }, ""},
		"no URL but allowed": {func(c *tourcms.Config) { c.BaseURL, c.AllowPrivate = "api", true }, "base_url"},
	} {
		c := testConfig()
		tc.change(&c)
		err := c.Validate()
		_, built := tourcms.New(c, pipeline.ProviderDeps{})
		if (built == nil) != (tc.path == "") {
			t.Errorf("%s: built with %v", name, built)
		}
		var fault *config.Fault
		switch {
		case tc.path == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.path != "" && (!errors.As(err, &fault) || fault.Path != tc.path || !strings.Contains(fault.Problem, ";")):
			t.Errorf("%s: %v, want a fault at %s that says how to mend it", name, err, tc.path)
		}
	}
}
