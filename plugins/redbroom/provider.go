package redbroom

import (
	"embed"
	"io/fs"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/hmacsum"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// Name is the name of the plugin in a configuration.
const Name = "redbroom"

//go:embed testdata
var testdata embed.FS

// Spec is the plugin's entry in the list of plugins.
func Spec() pipeline.ProviderSpec {
	s := pipeline.NewProviderSpec(Name, "Red Broom ecosystem (goodbay, plenura): signed booking events", Defaults, New)
	s.OneBooking = true
	s.Methods = []string{http.MethodPost}
	s.Cases, _ = fs.Sub(testdata, "testdata") // the name is a valid path
	return s
}

type provider struct {
	signers map[string][]*hmacsum.Signer // by app
	all     []*hmacsum.Signer            // of every app
	nobody  []*hmacsum.Signer            // what an unknown app is compared with; it matches nothing
	zone    *time.Location

	documents jsondoc.Reader
}

var (
	_ pipeline.Provider = (*provider)(nil)
	_ pipeline.Sender   = (*provider)(nil)
)

// New builds the provider. It refuses what Validate refuses (invariant 9).
func New(c Config, d pipeline.ProviderDeps) (pipeline.Provider, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := &provider{signers: make(map[string][]*hmacsum.Signer, len(c.SigningSecrets)), nobody: []*hmacsum.Signer{hmacsum.New(config.Secret{})}, zone: d.Zone}
	for app, secrets := range c.SigningSecrets {
		for _, secret := range secrets {
			p.signers[app] = append(p.signers[app], hmacsum.New(secret))
		}
		p.all = append(p.all, p.signers[app]...)
	}
	return p, nil
}
