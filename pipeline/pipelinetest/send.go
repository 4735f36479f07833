package pipelinetest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Send posts a webhook as its provider would and gives status, body and
// headers of the answer.
func (p *Pipeline) Send(path string, sender pipeline.Sender, r pipeline.Request) (int, string, http.Header) {
	p.t.Helper()
	r.Path = path
	signed, err := sender.Send(r, p.clock.Now())
	if err != nil {
		p.t.Fatalf("sign the webhook: %v", err)
	}
	return p.Post(signed)
}

// Post sends a request as it is.
func (p *Pipeline) Post(r pipeline.Request) (int, string, http.Header) {
	p.t.Helper()
	url := p.URL + strings.ReplaceAll(r.Path, "{secret}", r.PathSecret)
	if r.RawQuery != "" {
		url += "?" + r.RawQuery
	}
	request, err := http.NewRequestWithContext(p.t.Context(), r.Method, url, bytes.NewReader(r.Body))
	if err != nil {
		p.t.Fatal(err)
	}
	for name, values := range r.Header {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error(), nil
	}
	return response.StatusCode, string(body), response.Header
}

// Case reads a recorded webhook of a plugin.
func Case(t testing.TB, spec pipeline.ProviderSpec, name string) pipeline.Case {
	t.Helper()
	c, err := pipeline.ReadCase(spec.Cases, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
