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
	h := hook{trigger: found["event"]}
	if !isTrigger(h.trigger) {
		return hook{}, errors.New("parameter event is not the name of a trigger")
	}
	if h.account, err = id(found, "account_id"); err != nil {
		return hook{}, err
	}
	if h.booking, err = id(found, "booking_id"); err != nil {
		return hook{}, err
	}
	if _, ok := found["channel_id"]; ok {
		if h.channel, err = id(found, "channel_id"); err != nil {
			return hook{}, err
		}
	}
	return h, nil
}

func known(query string) (map[string]string, error) {
	found := make(map[string]string, 4)
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			continue // no name of ours
		}
		switch name {
		case "event", "account_id", "channel_id", "booking_id":
		default:
			continue
		}
		if _, twice := found[name]; twice {
			return nil, fmt.Errorf("parameter %s comes twice", name)
		}
		if found[name], err = url.QueryUnescape(value); err != nil {
			return nil, fmt.Errorf("parameter %s is not percent-encoded", name)
		}
	}
	return found, nil
}

// id reads a positive decimal number. Its own form is used from there on, so
// that 1234 and 01234 are one booking.
func id(found map[string]string, name string) (uint64, error) {
	n, err := strconv.ParseUint(found[name], 10, 63)
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
