package tourcms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Values of `<error>` in an answer
// (tourcms.com/support/api/mp/error_messages.php).
const (
	answerOK     = "OK"
	answerNone   = "NO MATCHING DATA"
	answerTime   = "FAIL_TIME" // the signed time is too far from the server's
	answerFailed = "FAIL_"     // prefix of everything about keys and rights
)

// LookUp asks Show Booking about the event's booking. The answer is kept byte
// for byte; it is read here only to tell whether it is one.
func (p *provider) LookUp(ctx context.Context, ev pipeline.Event) (pipeline.LookUp, error) {
	h, err := parseHook(ev.Request.RawQuery)
	if err != nil {
		return pipeline.LookUp{}, pipeline.Rejectf(pipeline.Malformed, "read the query of a booking notification: %w", err)
	}
	ch, err := p.channel(h)
	if err != nil {
		return pipeline.LookUp{}, err
	}
	answer, err := p.ask(ctx, ch, h)
	if isSkew(err) {
		// The request may have waited long on its way: sign it anew, once.
		answer, err = p.ask(ctx, ch, h)
	}
	if err != nil {
		return pipeline.LookUp{}, fmt.Errorf("look up booking %s on channel %d: %w", h.key(), ch.Channel, err)
	}
	return pipeline.LookUp{At: p.clock.Now(), ContentType: answer.contentType, Body: answer.body}, nil
}

// channel picks the key to ask with: the entry of the webhook's account and
// channel, or the account's only entry where the webhook names no channel.
// Another channel's key is never tried: it would ask about another channel.
func (p *provider) channel(h hook) (Channel, error) {
	if ch, ok := p.channels[[2]uint64{h.account, h.channel}]; ok {
		return ch, nil
	}
	if all := p.accounts[h.account]; h.channel == 0 && len(all) == 1 {
		return all[0], nil
	}
	return Channel{}, pipeline.Rejectf(pipeline.UnknownAccount,
		"no entry for account %d and channel %d; add it to channels and redrive", h.account, h.channel)
}

func (p *provider) ask(ctx context.Context, ch Channel, h hook) (reply, error) {
	got, err := p.call(ctx, ch, h.booking)
	if err != nil {
		return reply{}, err
	}
	if len(got.body) > maxAnswer {
		return reply{}, pipeline.Rejectf(pipeline.BadAnswer, "the answer is larger than %d bytes", maxAnswer)
	}
	root, err := parseTree(got.body)
	if err != nil || root.child("error") == nil {
		return reply{}, unreadable(got, err)
	}
	if err := judge(got, root.child("error").text); err != nil {
		return reply{}, err
	}
	h.channel = ch.Channel
	if _, err := bookingOf(root, h); err != nil {
		// The host may have answered from a state that was just being written.
		return reply{}, &passing{err: err, final: pipeline.BadAnswer}
	}
	return got, nil
}

// judge decides by `<error>` and not by the HTTP status, as the client
// libraries do: which status goes with which error is not documented.
func judge(got reply, code string) error {
	switch {
	case code == answerOK:
		return nil
	case code == answerNone:
		// A hook can overtake the write it tells of.
		return &passing{err: errors.New("the API knows no such booking"), final: pipeline.NotFound}
	case code == answerTime:
		return &passing{err: errSkew, final: pipeline.LookUpRefused}
	case strings.HasPrefix(code, answerFailed):
		return pipeline.Rejectf(pipeline.LookUpRefused, "the API refuses the call with %s; check channel, marketplace and api_key", label(code))
	case got.spent || busy(got.status):
		return pipeline.Outage(fmt.Errorf("the API answers status %d, error %s", got.status, label(code)), got.retryAfter)
	}
	return &passing{err: fmt.Errorf("the API answers with error %s, which is not documented", label(code)), final: pipeline.BadAnswer}
}

var errSkew = errors.New("the API says FAIL_TIME; check that this machine's clock is right within 15 minutes")

func isSkew(err error) bool { return errors.Is(err, errSkew) }

// unreadable judges an answer without a readable `<error>` by its status.
func unreadable(got reply, err error) error {
	switch {
	case busy(got.status):
		return pipeline.Outage(fmt.Errorf("the API answers status %d", got.status), got.retryAfter)
	case got.status >= http.StatusMultipleChoices && got.status < http.StatusBadRequest:
		// Everybody meets it, so the source waits until base_url is mended.
		return pipeline.Outage(fmt.Errorf("the API answers with a redirect, status %d, which is not followed; check base_url", got.status), got.retryAfter)
	case got.status == http.StatusUnauthorized || got.status == http.StatusForbidden:
		return &passing{err: fmt.Errorf("the API answers status %d", got.status), final: pipeline.LookUpRefused}
	case err == nil:
		err = errors.New("it has no <error>")
	}
	return &passing{err: fmt.Errorf("read the answer of status %d: %w", got.status, err), final: pipeline.BadAnswer}
}

func busy(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// label gives an error code where it looks like one, for it comes from outside.
func label(code string) string {
	if code == "" || len(code) > maxTrigger {
		return "<unknown>"
	}
	for _, c := range []byte(code) {
		if (c < 'A' || c > 'Z') && c != '_' && c != ' ' {
			return "<unknown>"
		}
	}
	return code
}
