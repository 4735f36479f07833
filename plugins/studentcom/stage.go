package studentcom

import (
	"strings"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Conflicts of this plugin.
const (
	conflictUnknownStage = "unknown_stage"
	conflictTypeStage    = "type_vs_stage"
	conflictCancelledAt  = "stage_vs_cancelled_at"
	conflictLostAt       = "stage_vs_lost_at"
	conflictPriceSum     = "price_vs_components"
)

// statusOf gives the status that a stage stands for: the values of LeadStage in
// Student.com's get-leads-list, in lower case as webhooks have them. The two
// stages after a sale have no status of their own, their times tell. False
// for a stage that is not in the list.
func statusOf(stage string) (booking.Status, bool) {
	switch stage {
	case "waiting_for_confirmation", "selecting_payment_plan", "filling_personal_info",
		"signing_agreement", "waiting_for_payment", "making_payment", "in_progress":
		return booking.StatusPending, true
	case "booking_confirmed", "waiting_for_check_in", "checked_in":
		return booking.StatusConfirmed, true
	case "completed":
		return booking.StatusCompleted, true
	case "cancelled":
		return booking.StatusCancelled, true
	case "lost":
		return booking.StatusRejected, true
	case "after_sales_intervention", "refunding":
		return booking.StatusUnknown, true
	}
	return booking.StatusUnknown, false
}

// state is what a webhook says happened.
type state struct {
	native    *string // the stage, where it is one of the list
	status    booking.Status
	conflicts []string
	missing   []string
}

// stageOf reads the stage. The stage is the state: the envelope's type is not
// always `booking.` and the stage (in the Connect sample it is
// booking.waiting_for_payment while the stage is making_payment), so it stands
// in only where there is no stage, and is in conflict only where it means
// another status. False where neither they nor the times tell anything.
func (m message) stageOf(t times) (state, bool) {
	said := strings.TrimPrefix(m.event, eventPrefix)
	bySaid, saidKnown := statusOf(said)
	stage, ok := m.booking.Get("stage").Text()
	if !ok {
		s := state{status: bySaid, missing: []string{"status"}}
		if saidKnown {
			s.native = &said
		}
		s = s.byTimes(t)
		return s, saidKnown || s.status != booking.StatusUnknown
	}
	status, known := statusOf(stage)
	if !known {
		return state{status: status, conflicts: []string{conflictUnknownStage}}, true
	}
	s := state{status: status, native: &stage}
	if saidKnown && contradicts(status, bySaid) {
		s.conflicts = append(s.conflicts, conflictTypeStage)
	}
	return s.byTimes(t), true
}

func contradicts(a, b booking.Status) bool {
	return a != b && a != booking.StatusUnknown && b != booking.StatusUnknown
}

// byTimes lets the times tell the status where the stage does not, and notes
// where they say the booking is dead and the stage does not.
func (s state) byTimes(t times) state {
	if s.status != booking.StatusUnknown {
		if t.cancelled != nil && s.status != booking.StatusCancelled && s.status != booking.StatusRejected {
			s.conflicts = append(s.conflicts, conflictCancelledAt)
		}
		if t.lost != nil && s.status != booking.StatusRejected && s.status != booking.StatusCancelled {
			s.conflicts = append(s.conflicts, conflictLostAt)
		}
		return s
	}
	switch {
	case t.cancelled != nil:
		s.status = booking.StatusCancelled
	case t.lost != nil:
		s.status = booking.StatusRejected
	case t.confirmed != nil:
		s.status = booking.StatusConfirmed
	}
	return s
}

// typeOf gives the event's type: what the stage says, and `created` where the
// booking was never updated since it was made.
func (m message) typeOf(s state, t times) booking.Type {
	stage := ""
	if s.native != nil {
		stage = *s.native
	}
	switch {
	case stage == "cancelled", m.event == "booking.cancelled" && s.status == booking.StatusCancelled:
		return booking.Cancelled
	case stage == "booking_confirmed":
		return booking.Confirmed
	case s.status == booking.StatusPending && t.isNew(stage):
		return booking.Created
	}
	return booking.Updated
}
