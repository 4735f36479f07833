package innkeeper

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/hmacsum"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// Name is the plugin's name in a configuration, and HintName that of its twin
// that looks every booking up.
const (
	Name     = "innkeeper"
	HintName = "innkeeper_hint"
)

//go:embed testdata
var testdata embed.FS

// Config is what a source with this plugin is configured with.
type Config struct {
	Secret config.Secret `yaml:"secret,required" doc:"Signs every webhook."`
}

// Validate refuses an empty secret, with which anybody could sign.
func (c Config) Validate() error {
	if c.Secret.IsZero() {
		return config.At("secret", "is empty; with an empty secret anybody could sign")
	}
	return nil
}

// Defaults gives the configuration that a source starts from.
func Defaults() Config { return Config{} }

// Spec is the plugin's entry in a list of plugins.
func Spec() pipeline.ProviderSpec {
	s := pipeline.NewProviderSpec(Name, "the benchmarks' provider: signed booking events", Defaults, New)
	s.OneBooking = true
	s.Cases, _ = fs.Sub(testdata, "testdata") // the name is a valid path
	return s
}

type provider struct {
	signer    *hmacsum.Signer
	documents jsondoc.Reader
}

var (
	_ pipeline.Provider = (*provider)(nil)
	_ pipeline.Sender   = (*provider)(nil)
)

// New builds the provider.
func New(c Config, _ pipeline.ProviderDeps) (pipeline.Provider, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &provider{signer: hmacsum.New(c.Secret)}, nil
}

// ids are the members that Identify needs.
var ids = []jsondoc.Wanted{
	{Name: "event", Members: []jsondoc.Wanted{{Name: "id"}, {Name: "name"}}},
	{Name: "booking", Members: []jsondoc.Wanted{{Name: "number"}}},
}

// Identify reads the ids of a webhook nobody trusts yet.
func (p *provider) Identify(r pipeline.Request) (pipeline.Identity, error) {
	doc, err := jsondoc.Pick(r.Body, ids)
	if err != nil {
		return pipeline.Identity{}, pipeline.Rejectf(pipeline.Malformed, "read the webhook: %w", err)
	}
	m := message{doc.Get("event"), doc.Get("booking")}
	return m.identity()
}

var errSignature = errors.New("the signature is missing or wrong")

// Verify checks the HMAC of the raw body.
func (p *provider) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	if !p.signed(r) {
		return pipeline.Verification{}, pipeline.Reject(pipeline.Unverified, errSignature)
	}
	return pipeline.Verification{Method: "hmac-sha256"}, nil
}

func (p *provider) signed(r pipeline.Request) bool {
	values := r.Header[payload.SignatureHeader]
	if len(values) != 1 {
		return false
	}
	got, ok := hmacsum.ParseHex(values[0])
	return ok && p.signer.Signed(r.Body, got)
}

// Send signs a recorded webhook.
func (p *provider) Send(r pipeline.Request, _ time.Time) (pipeline.Request, error) {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(payload.SignatureHeader, hmacsum.Hex(p.signer.Sum(r.Body)))
	return r, nil
}
