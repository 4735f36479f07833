package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// answer is what a webhook was answered.
type answer struct {
	status int
	body   []byte
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// print writes one line. An answer that is no JSON is a text in JSON.
func (a answer) print(to io.Writer, output format) error {
	if output == forPeople {
		_, err := fmt.Fprintf(to, "%d %s\n", a.status, line(a.body))
		return err
	}
	said := struct {
		Status int `json:"status"`
		Answer any `json:"answer"`
	}{a.status, string(a.body)}
	if json.Valid(a.body) {
		said.Answer = json.RawMessage(a.body)
	}
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e.Encode(said)
}

const (
	sendTime  = 30 * time.Second // what TourCMS waits for an answer
	maxAnswer = 64 << 10
)

// deliver sends one recorded webhook as the provider would: to the source's
// path below base, signed at now.
func deliver(ctx context.Context, provider pipeline.Provider, recorded pipeline.Case, path, base string, now time.Time) (answer, error) {
	signer, ok := provider.(pipeline.Sender)
	if !ok {
		return answer{}, errors.New("the source's plugin cannot send")
	}
	r := recorded.Request
	r.Path = strings.ReplaceAll(r.Path, "{path}", path)
	r, err := signer.Send(r, now)
	if err != nil {
		return answer{}, fmt.Errorf("sign the webhook %s: %w", recorded.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	request, err := webRequest(ctx, r, base)
	if err != nil {
		return answer{}, err
	}
	return exchange(request, base)
}

func webRequest(ctx context.Context, r pipeline.Request, base string) (*http.Request, error) {
	target, err := url.Parse(base)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("%q is no URL; write scheme and host, such as http://127.0.0.1:8080", base)
	}
	target.Path = strings.TrimSuffix(target.Path, "/") + strings.ReplaceAll(r.Path, "{secret}", r.PathSecret)
	target.RawQuery = r.RawQuery
	request, err := http.NewRequestWithContext(ctx, r.Method, target.String(), bytes.NewReader(r.Body))
	if err != nil {
		// The reason would show the URL, and with it a secret (invariant 10).
		return nil, errors.New("the webhook's method or path cannot be sent; mend the first line of its request.http")
	}
	request.Header = r.Header.Clone()
	for _, name := range []string{"Host", "Content-Length", "Connection", "Transfer-Encoding"} {
		request.Header.Del(name) // of this connection, not of the recorded one
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", "reservoir-send")
	}
	return request, nil
}

func exchange(request *http.Request, base string) (answer, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		// url.Error shows the URL, and with it a secret (invariant 10).
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return answer{}, fmt.Errorf("send to %s: %w; does `reservoir run` run there?", base, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of %s: %w", base, err)
	}
	return answer{response.StatusCode, bytes.TrimSpace(body)}, nil
}

// localURL is where a pipeline that listens on this address is reached from
// this machine.
func localURL(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return "", fmt.Errorf("`listen` is %s, which tells no port; name the pipeline with --url", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// closeProvider lets go of what a provider holds open.
func closeProvider(p pipeline.Provider) {
	if c, ok := p.(io.Closer); ok {
		_ = c.Close() // nothing was left to write
	}
}
