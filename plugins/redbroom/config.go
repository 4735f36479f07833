package redbroom

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what a source with this plugin is configured with.
type Config struct {
	// SigningSecrets are the secrets of each sending app, by its name in
	// `source` of the envelope. Several at once are for rotation: any of them
	// is taken, the first one signs what `reservoir send` sends.
	SigningSecrets map[string][]config.Secret `yaml:"signing_secrets,required" doc:"Secrets of each sending app, by its name; several at once for rotation."`
}

// Defaults gives the configuration that a source starts from: no app.
func Defaults() Config { return Config{} }

var _ config.Validator = Config{}

// Validate reports every fault at once.
func (c Config) Validate() error {
	if len(c.SigningSecrets) == 0 {
		return config.At("signing_secrets", "is empty; list at least one sending app with its secrets, such as goodbay: [{env: GOODBAY_SECRET}]")
	}
	var faults []error
	for _, app := range slices.Sorted(maps.Keys(c.SigningSecrets)) {
		path := "signing_secrets." + app
		if !isApp(app) {
			faults = append(faults, config.At("signing_secrets", "has an app whose name is not lower-case letters, digits, - and _; write it as `source` of the envelope has it"))
		}
		if len(c.SigningSecrets[app]) == 0 {
			faults = append(faults, config.At(path, "has no secret; give at least one as {env: NAME} or {file: PATH}, or leave the app out"))
		}
		for i, secret := range c.SigningSecrets[app] {
			if secret.IsZero() {
				faults = append(faults, config.At(fmt.Sprintf("%s[%d]", path, i), "is empty; with an empty secret anybody could sign: give it as {env: NAME} or {file: PATH}"))
			}
		}
	}
	return errors.Join(faults...)
}

// maxName bounds the names of apps and event types, in bytes.
const maxName = 64

// isApp tells a name that can be the first part of a booking's key and of a
// tier's name: no slash, no dot.
func isApp(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
