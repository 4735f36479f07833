package tourcms

import (
	"strconv"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// state is what the answer says has become of the booking.
type state struct {
	status    booking.Status
	native    *string // the provider's word for its status
	cancelled bool    // called off by somebody, or expired
	reason    int     // cancel_reason, -1 where it is none we know
}

// expired tells the two reasons by which the system lets a quotation or a
// provisional booking run out.
func (s state) expired() bool { return s.reason == quotationRanOut || s.reason == provisionalRanOut }

// statuses are the values of `status`. There is none for cancelled: see
// cancel_reason. Source: Vistra-Travel/bokun-tourcms-plugin booking_success.json
// and answers shown in public.
var statuses = map[string]struct {
	ours   booking.Status
	native string
}{
	"0": {booking.StatusQuoted, "Quotation"},
	"1": {booking.StatusPending, "Provisional"},
	"2": {booking.StatusConfirmed, "Confirmed"},
}

const (
	quotationRanOut   = 20
	provisionalRanOut = 21
	reasonUnknown     = -1
)

// cause is what we make of a cancel_reason.
type cause struct {
	by     booking.By
	code   string // ours
	native string // the provider's label
}

// causes are the values of `cancel_reason` beside 0, not cancelled. An agent
// (23) sells in the guest's place and is neither guest nor supplier: platform.
// Source: three public readers of the API with the same list, 23 also in
// Vistra-Travel/bokun-tourcms-plugin BookingCancelMessage.java.
var causes = map[int]cause{
	1:                 {booking.ByGuest, "customer_request", "customer request, see notes"},
	2:                 {booking.ByGuest, "booked_another", "customer request, booked another tour"},
	3:                 {booking.BySupplier, "supplier_request", "staff, see notes"},
	4:                 {booking.BySupplier, "booked_another", "staff, booked another tour"},
	5:                 {booking.BySupplier, "payment_not_received", "staff, payment not received"},
	6:                 {booking.BySupplier, "minimum_not_reached", "staff, minimum numbers not reached"},
	7:                 {booking.BySupplier, "booked_in_error", "staff, booking made in error"},
	8:                 {booking.BySupplier, "capacity_exceeded", "staff, capacity exceeded"},
	9:                 {booking.BySupplier, "operational", "staff, operational reasons"},
	10:                {booking.BySupplier, "reopened", "staff, reopened for editing"},
	11:                {booking.BySupplier, "bad_weather", "staff, bad weather"},
	quotationRanOut:   {booking.BySystem, "quotation_expired", "system, expired quotation"},
	provisionalRanOut: {booking.BySystem, "provisional_expired", "system, expired provisional"},
	22:                {booking.ByGuest, "customer_request", "customer via website"},
	23:                {booking.ByPlatform, "agent_request", "agent via website"},
}

func (r *reader) readState() state {
	s := state{status: booking.StatusUnknown}
	text := r.b.value("status")
	if known, ok := statuses[text]; ok {
		s.status, s.native = known.ours, &known.native
	} else if text == "" {
		r.missing("status")
	} else {
		r.conflict("unknown_status")
	}
	s.reason, s.cancelled = r.cancelReason()
	switch {
	case s.expired():
		s.status = booking.StatusExpired
	case s.cancelled:
		s.status = booking.StatusCancelled
	}
	return s
}

// cancelReason tells whether the booking is cancelled, and why. Where the
// answer does not say it, which only an agent's view should meet, the time of
// a cancellation or else the trigger does.
func (r *reader) cancelReason() (reason int, cancelled bool) {
	text := r.b.value("cancel_reason")
	n, err := strconv.ParseUint(text, 10, 16)
	if err == nil && n == 0 {
		return 0, false
	}
	if _, known := causes[int(n)]; err == nil && known {
		return int(n), true
	}
	if text != "" {
		r.conflict("unknown_cancel_reason")
	}
	if err == nil {
		return reasonUnknown, true // a reason that is not 0, whatever it means
	}
	return r.cancelledWithoutReason()
}

func (r *reader) cancelledWithoutReason() (reason int, cancelled bool) {
	dated := r.seconds("cancelled_at_utc_seconds") != nil
	switch {
	case !dated && r.hook.trigger == quotationExpired:
		reason = quotationRanOut
	case !dated && r.hook.trigger == provisionalExpired:
		reason = provisionalRanOut
	case dated || r.hook.trigger == cancelledTrigger:
		reason = reasonUnknown
	default:
		return 0, false
	}
	r.assumed("status")
	return reason, true
}

func (r *reader) cancellation() *booking.Cancellation {
	if !r.state.cancelled {
		return nil
	}
	c := &booking.Cancellation{
		By:          booking.ByUnknown,
		RequestedAt: r.instant("cancellation.requested_at", "cancelled_at_utc_seconds", "cancel_date_time"),
	}
	if c.RequestedAt == nil {
		r.missing("cancellation.requested_at")
	}
	if why, ok := causes[r.state.reason]; ok {
		c.By, c.ReasonCode, c.ReasonNative = why.by, &why.code, &why.native
	}
	return c
}

// eventType follows the answer where the trigger says something else: two
// triggers that find the same content are one event, and must be of one type.
func (r *reader) eventType() booking.Type {
	switch {
	case r.state.expired():
		return booking.Expired
	case r.state.cancelled:
		return booking.Cancelled
	case r.hook.trigger == tokenSuccess || r.hook.trigger == tokenFailure:
		return booking.PaymentRecorded
	case !r.saysNew():
		return booking.Updated
	}
	switch r.state.status {
	case booking.StatusConfirmed:
		return booking.Confirmed
	case booking.StatusQuoted, booking.StatusPending:
		return booking.Created
	}
	return booking.Updated
}

func (r *reader) saysNew() bool {
	switch r.hook.trigger {
	case newConfirmedStaff, newConfirmedWeb, newProvisionalStaff, newProvisionalWeb, newQuotationStaff, newQuotationWeb:
		return true
	}
	return false
}

// checkTrigger notes a trigger that says something else than the answer. The
// hook may be older than the answer, or made up.
func (r *reader) checkTrigger() {
	s := r.state
	agrees := true
	switch r.hook.trigger {
	case newConfirmedStaff, newConfirmedWeb:
		agrees = s.status == booking.StatusConfirmed
	case newProvisionalStaff, newProvisionalWeb:
		agrees = s.status == booking.StatusPending
	case newQuotationStaff, newQuotationWeb:
		agrees = s.status == booking.StatusQuoted
	case cancelledTrigger:
		agrees = s.cancelled
	case quotationExpired:
		agrees = s.reason == quotationRanOut
	case provisionalExpired:
		agrees = s.reason == provisionalRanOut
	}
	if !agrees && s.status != booking.StatusUnknown {
		r.conflict("trigger_vs_lookup")
	}
}
