package tourcms

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The triggers that the webhook's page lists, and redeem_voucher of its newer
// copy (tourcms.com/support/api/mp/webhooks/booking_notification.php). A
// trigger that is not here passes: the look-up tells what happened.
const (
	newConfirmedStaff   = "new_confirmed_staff"
	newConfirmedWeb     = "new_confirmed_web"
	newProvisionalStaff = "new_provisional_staff"
	newProvisionalWeb   = "new_provisional_web"
	newQuotationStaff   = "new_quotation_staff"
	newQuotationWeb     = "new_quotation_web"
	cancelledTrigger    = "cancelled"
	quotationExpired    = "expq_quotation"
	provisionalExpired  = "expp_provisional"
	tokenSuccess        = "token_success"
	tokenFailure        = "token_failure"
)

// maxTrigger bounds the name of a trigger, which goes into metrics' events
// and lineage.
const maxTrigger = 64

// hook is what the webhook's query says. The booking id is unique within its
// account only.
type hook struct {
	trigger string // "" where the query has none
	account uint64
	channel uint64 // 0 where the query has none
	booking uint64
}

// key is the provider's key of the booking.
func (h hook) key() string {
	return strconv.FormatUint(h.account, 10) + "/" + strconv.FormatUint(h.booking, 10)
}

// parseHook reads the parameters it knows from a query. Others are left alone,
// undecoded: the query may be extended without warning, and an account's name
// is free text. A known parameter that comes twice is refused, because two
// readers could choose differently.
func parseHook(query string) (hook, error) {
	found, err := known(query)
	if err != nil {
		return hook{}, err
	}
	h := hook{trigger: found.event.value}
	if !isTrigger(h.trigger) {
		return hook{}, errors.New("parameter event is not the name of a trigger")
	}
	if h.account, err = found.account.id("account_id"); err != nil {
		return hook{}, err
	}
	if h.booking, err = found.booking.id("booking_id"); err != nil {
		return hook{}, err
	}
	if found.channel.there {
		if h.channel, err = found.channel.id("channel_id"); err != nil {
			return hook{}, err
		}
	}
	return h, nil
}

// parameters are those of a query that are known.
type parameters struct{ event, account, channel, booking parameter }

type parameter struct {
	value string
	there bool
}

// named gives the place of a parameter, nil where it is none of ours.
func (p *parameters) named(name string) *parameter {
	switch name {
	case "event":
		return &p.event
	case "account_id":
		return &p.account
	case "channel_id":
		return &p.channel
	case "booking_id":
		return &p.booking
	}
	return nil
}

func known(query string) (parameters, error) {
	var found parameters
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			continue // no name of ours
		}
		p := found.named(name)
		if p == nil {
			continue
		}
		if p.there {
			return parameters{}, fmt.Errorf("parameter %s comes twice", name)
		}
		p.there = true
		if p.value, err = url.QueryUnescape(value); err != nil {
			return parameters{}, fmt.Errorf("parameter %s is not percent-encoded", name)
		}
	}
	return found, nil
}

// id reads a positive decimal number. Its own form is used from there on, so
// that 1234 and 01234 are one booking.
func (p parameter) id(name string) (uint64, error) {
	n, err := strconv.ParseUint(p.value, 10, 63)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("parameter %s is missing or no positive number", name)
	}
	return n, nil
}

func isTrigger(name string) bool {
	if len(name) > maxTrigger {
		return false
	}
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
