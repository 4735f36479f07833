package vrplatform

import (
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/urlsecret"
)

// Config is what a source with this plugin is configured with.
type Config struct {
	// Secret is what the `{secret}` segment of the source's path must be: the
	// webhook itself carries no proof of its sender.
	Secret config.Secret `yaml:"secret,required" doc:"What the {secret} segment of the source's path must be."`
}

// Defaults gives the configuration that a source starts from.
func Defaults() Config { return Config{} }

var _ config.Validator = Config{}

// Validate refuses a secret that is empty or cannot be in a URL.
func (c Config) Validate() error { return urlsecret.Validate("secret", c.Secret) }
