package studentcom_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

const (
	made    = `"2025-06-10T05:50:17+00:00"`
	changed = `"2025-06-11T05:50:17+00:00"`
)

// webhook gives a webhook about HB1 with more members of the booking.
func webhook(event, members string) string {
	return fmt.Sprintf(`{"id":"evt-1","type":%q,"data":{"object":{"object":"booking","referenceId":"HB1",%s}}}`, event, members)
}

func TestStageIsTheState(t *testing.T) {
	tests := []struct {
		stage  string
		status booking.Status
		typ    booking.Type
	}{
		{"waiting_for_confirmation", booking.StatusPending, booking.Updated},
		{"selecting_payment_plan", booking.StatusPending, booking.Updated},
		{"filling_personal_info", booking.StatusPending, booking.Updated},
		{"signing_agreement", booking.StatusPending, booking.Updated},
		{"waiting_for_payment", booking.StatusPending, booking.Updated},
		{"making_payment", booking.StatusPending, booking.Updated},
		{"in_progress", booking.StatusPending, booking.Updated},
		{"booking_confirmed", booking.StatusConfirmed, booking.Confirmed},
		{"waiting_for_check_in", booking.StatusConfirmed, booking.Updated},
		{"checked_in", booking.StatusConfirmed, booking.Updated},
		{"completed", booking.StatusCompleted, booking.Updated},
		{"cancelled", booking.StatusCancelled, booking.Cancelled},
		{"lost", booking.StatusRejected, booking.Updated},
		{"after_sales_intervention", booking.StatusUnknown, booking.Updated},
		{"refunding", booking.StatusUnknown, booking.Updated},
	}
	for _, tt := range tests {
		t.Run(tt.stage, func(t *testing.T) {
			e := must(t, webhook("booking."+tt.stage, `"stage":"`+tt.stage+`","createdAt":`+made+`,"updatedAt":`+changed))
			if e.Booking.Status != tt.status || e.Type != tt.typ {
				t.Errorf("%s and %s, want %s and %s", e.Booking.Status, e.Type, tt.status, tt.typ)
			}
			if e.Booking.StatusNative == nil || *e.Booking.StatusNative != tt.stage {
				t.Error("the stage is not the native status")
			}
			if len(e.Quality.Conflicts) > 0 {
				t.Errorf("conflicts %v", e.Quality.Conflicts)
			}
			if (e.Cancellation != nil) != (tt.status == booking.StatusCancelled) {
				t.Errorf("cancellation %+v", e.Cancellation)
			}
		})
	}
}

func TestCreatedIsWhatWasNeverUpdated(t *testing.T) {
	tests := []struct {
		name, stage, times string
		want               booking.Type
	}{
		{"never updated", "in_progress", `"createdAt":` + made + `,"updatedAt":` + made, booking.Created},
		{"never updated, in another zone", "in_progress", `"createdAt":` + made + `,"updatedAt":"2025-06-10T07:50:17+02:00"`, booking.Created},
		{"updated", "waiting_for_confirmation", `"createdAt":` + made + `,"updatedAt":` + changed, booking.Updated},
		{"made confirmed", "booking_confirmed", `"createdAt":` + made + `,"updatedAt":` + made, booking.Confirmed},
		{"made lost", "lost", `"createdAt":` + made + `,"updatedAt":` + made, booking.Updated},
		{"first stage without times", "waiting_for_confirmation", `"createdAt":null`, booking.Created},
		{"later stage without times", "in_progress", `"createdAt":null`, booking.Updated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if e := must(t, webhook("booking.x", `"stage":"`+tt.stage+`",`+tt.times)); e.Type != tt.want {
				t.Errorf("type %s, want %s", e.Type, tt.want)
			}
		})
	}
}

func TestTimesTellWhereTheStageDoesNot(t *testing.T) {
	tests := []struct {
		name, members string
		status        booking.Status
		conflicts     []string
	}{
		{"refunding and cancelled", `"stage":"refunding","confirmedAt":` + made + `,"cancelledAt":` + changed, booking.StatusCancelled, nil},
		{"after sales and lost", `"stage":"after_sales_intervention","lostAt":` + changed, booking.StatusRejected, nil},
		{"after sales and confirmed", `"stage":"after_sales_intervention","confirmedAt":` + changed, booking.StatusConfirmed, nil},
		{"no stage, cancelled", `"cancelledAt":` + changed, booking.StatusCancelled, nil},
		{"confirmed, and cancelled", `"stage":"booking_confirmed","cancelledAt":` + changed, booking.StatusConfirmed, []string{"stage_vs_cancelled_at"}},
		{"pending, and lost", `"stage":"in_progress","lostAt":` + changed, booking.StatusPending, []string{"stage_vs_lost_at"}},
		{"cancelled, and lost", `"stage":"cancelled","cancelledAt":` + changed + `,"lostAt":` + changed, booking.StatusCancelled, nil},
		{"an unknown stage, cancelled", `"stage":"gone","cancelledAt":` + changed, booking.StatusUnknown, []string{"unknown_stage"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := must(t, webhook("booking.changed", tt.members))
			if e.Booking.Status != tt.status || !slices.Equal(e.Quality.Conflicts, append([]string{}, tt.conflicts...)) {
				t.Errorf("%s, conflicts %v", e.Booking.Status, e.Quality.Conflicts)
			}
		})
	}
}

func TestTypeAndStageConflictOnlyWhereTheyMeanOtherThings(t *testing.T) {
	for event, conflict := range map[string]bool{
		"booking.waiting_for_payment": false, // as in the Connect sample
		"booking.in_progress":         false,
		"booking.something_new":       false,
		"booking.refunding":           false,
		"booking.cancelled":           true,
		"booking.booking_confirmed":   true,
	} {
		e := must(t, webhook(event, `"stage":"making_payment"`))
		if got := slices.Contains(e.Quality.Conflicts, "type_vs_stage"); got != conflict {
			t.Errorf("%s and making_payment: conflict %v, want %v", event, got, conflict)
		}
		if e.Booking.Status != booking.StatusPending {
			t.Errorf("%s and making_payment: %s, want the stage's status", event, e.Booking.Status)
		}
	}
}

func TestNobodyCanTellWhatHappened(t *testing.T) {
	for _, members := range []string{`"stage":null`, `"stage":7`, `"stage":""`} {
		_, err := normalise(t, webhook("booking.changed", members), time.UTC)
		if r, ok := pipeline.AsRejection(err); !ok || r.Reason != pipeline.Unidentified {
			t.Errorf("%s: %v", members, err)
		}
	}
}
