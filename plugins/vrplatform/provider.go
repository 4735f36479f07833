package vrplatform

import (
	"embed"
	"io/fs"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
	"github.com/reservoirhq/reservoir/plugins/urlsecret"
)

//go:embed testdata
var testdata embed.FS

// Spec is the plugin's entry in the list of plugins.
func Spec() pipeline.ProviderSpec {
	spec := pipeline.NewProviderSpec("vrplatform", "VRPlatform: reservations of stays, and payments that pay several of them", Defaults, New)
	spec.URLSecret = true
	spec.Methods = []string{http.MethodPost}
	spec.Cases = cases()
	return spec
}

// cases gives the folders below testdata. An embedded tree without it does not
// compile, so there is no error to meet.
func cases() fs.FS {
	sub, err := fs.Sub(testdata, "testdata")
	if err != nil {
		return testdata
	}
	return sub
}

type provider struct {
	cfg       Config
	zone      *time.Location
	documents jsondoc.Reader
}

var (
	_ pipeline.Provider = (*provider)(nil)
	_ pipeline.Sender   = (*provider)(nil)
)

// New makes the provider of one source.
func New(cfg Config, deps pipeline.ProviderDeps) (pipeline.Provider, error) {
	return &provider{cfg: cfg, zone: deps.Zone}, nil
}

// Verify compares the secret of the URL: VRPlatform documents no signature.
func (p *provider) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	return urlsecret.Verify(r, p.cfg.Secret)
}

// Send gives r as VRPlatform sends it: to the URL it was given.
func (p *provider) Send(r pipeline.Request, _ time.Time) (pipeline.Request, error) {
	return urlsecret.Sign(r, p.cfg.Secret), nil
}
