package tourcms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/reservoirhq/reservoir/pipeline"
)

// showBooking is the call's path; operators see every field of a booking,
// agents those that their permission level allows
// (tourcms.com/support/api/mp/booking_show.php).
const showBooking = "/c/booking/show.xml"

// maxAnswer bounds the body of an answer in bytes (invariant 11).
const maxAnswer = 4 << 20

// usualAnswer is more than most answers have, in bytes.
const usualAnswer = 32 << 10

// newHTTPClient makes the client that all look-ups share.
func newHTTPClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport,
		// A redirect could lead a signed request anywhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// repeating makes a client for one call: when the connection breaks, it calls
// once more, at once, after again has signed anew. Every other attempt is the
// enrich stage's, which bounds and counts them. It logs nothing: URLs and
// answers are about people.
func (p *provider) repeating(again func(*http.Request)) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: p.http,
		RetryMax:   1,
		CheckRetry: func(ctx context.Context, _ *http.Response, err error) (bool, error) {
			return err != nil && ctx.Err() == nil && !errors.Is(err, errPrivate), nil
		},
		Backoff:      func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: func(r *http.Request) error { again(r); return nil },
	}
}

// reply is an answer of the host, whatever its status.
type reply struct {
	status      int
	contentType string
	retryAfter  time.Duration
	spent       bool // the hour's calls are used up
	body        []byte
}

// call asks about a booking once, signed with ch's key at the clock's time.
func (p *provider) call(ctx context.Context, ch Channel, number uint64) (reply, error) {
	target := *p.base
	target.Path, target.RawQuery = showBooking, "booking_id="+strconv.FormatUint(number, 10)
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return reply{}, errors.New("make the request")
	}
	sign(request.Request, ch, p.clock.Now())
	response, err := p.repeating(func(r *http.Request) {
		r.Header = r.Header.Clone() // the first try may still be writing them
		sign(r, ch, p.clock.Now())
	}).Do(request)
	if err != nil {
		return reply{}, trouble(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := read(response)
	if err != nil {
		return reply{}, trouble(ctx, err)
	}
	return reply{
		status:      response.StatusCode,
		contentType: bounded(response.Header.Get("Content-Type")),
		retryAfter:  retryAfter(response.Header.Get("Retry-After"), p.clock.Now()),
		spent:       response.Header.Get("X-RateLimit-Remaining") == "0",
		body:        body,
	}, nil
}

// read gives the body, one byte more than allowed at most (invariant 11).
func read(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	// What the host says of the length saves growing; it is believed for what
	// a real answer may have.
	body.Grow(int(min(max(response.ContentLength, 0), usualAnswer)) + bytes.MinRead)
	_, err := body.ReadFrom(io.LimitReader(response.Body, maxAnswer+1))
	return body.Bytes(), err
}

// trouble tells a shutdown from an outage: everything that keeps a call from
// being answered would keep the next one too. The URL is left out of the error.
func trouble(ctx context.Context, err error) error {
	var where *url.Error
	if errors.As(err, &where) {
		err = where.Err
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("the look-up was stopped: %w", context.Canceled)
	}
	return pipeline.Outage(fmt.Errorf("reach the API: %w", err), 0)
}

// bounded keeps a header's text out of records where it is longer than any
// media type (invariant 11).
func bounded(text string) string {
	if len(text) > 128 {
		return ""
	}
	return text
}

// retryAfter reads the header in both its forms, at most a day.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0 // as in nearly every answer
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), 24*time.Hour)
}
