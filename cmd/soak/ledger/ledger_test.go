package ledger_test

import (
	"slices"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
)

// bookings are enough that every kind of outcome is among them.
const bookings = 60

func TestWhatAPipelineWroteAddsUp(t *testing.T) {
	for _, delivery := range []string{"at_least_once", "exactly_once"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			h := realHistory(t, delivery, bookings)
			for _, f := range h.judge(t) {
				t.Error(f)
			}
			for _, output := range []string{"normalised", "events", "decisions", "outcomes", "dead", "current"} {
				if len(h.on(output)) == 0 {
					t.Errorf("nothing on bookings.%s: the history does not try the ledger", output)
				}
			}
		})
	}
}

// A checker that cannot fail proves nothing: each of these breaks a history
// that adds up, in one place, and must be found under its rule.
func TestABrokenHistoryIsRefused(t *testing.T) {
	once, more := realHistory(t, "exactly_once", bookings), realHistory(t, "at_least_once", bookings)
	for _, tt := range []struct {
		name string
		of   history
		hurt func(*history)
		want ledger.Rule
	}{
		{"a webhook that was answered 200 is not there", more, func(h *history) { h.acked = append(h.acked, acked{source: traffic.Broom, id: "lost"}) }, ledger.Acknowledged},
		{"a webhook is not there as it was sent", more, func(h *history) { h.acked[0].body[0]++ }, ledger.Acknowledged},
		{"a webhook that was answered 200 twice is there once", more, (*history).onceOnly, ledger.Acknowledged},
		{"a raw record is lost", more, func(h *history) { h.cut(h.on("raw.redbroom")[0]) }, ledger.Conserved},
		{"a raw record was passed over", more, func(h *history) { h.cut(h.sound()) }, ledger.Conserved},
		{"an event is lost", more, func(h *history) { h.cut(h.on("events")[0]) }, ledger.Conserved},
		{"an event is lost, exactly once", once, func(h *history) { h.cut(h.on("events")[3]) }, ledger.Conserved},
		{"a repeat left no outcome", more, func(h *history) { h.cut(h.outcome("duplicate")) }, ledger.Conserved},
		{"an event was taken for a duplicate of nothing", more, (*history).swallowed, ledger.Conserved},
		{"an event was taken for a duplicate of nothing, exactly once", once, (*history).swallowed, ledger.Conserved},
		{"an ignored webhook left no outcome", more, func(h *history) { h.cut(h.outcome("ignored")) }, ledger.Conserved},
		{"an unreadable record left no dead letter", more, func(h *history) { h.cut(h.on("dead")[0]) }, ledger.Conserved},
		{"another unreadable record left no dead letter", more, func(h *history) { h.cut(h.on("dead")[1]) }, ledger.Conserved},
		{"a sound record died", more, (*history).die, ledger.Conserved},
		{"an event is a duplicate too", more, func(h *history) { h.also("duplicate", h.on("events")[0]) }, ledger.Conserved},
		{"an event was ignored too", more, func(h *history) { h.also("ignored", h.on("events")[0]) }, ledger.Conserved},
		{"a duplicate is counted twice, exactly once", once, func(h *history) { h.again(h.outcome("duplicate")) }, ledger.Conserved},
		{"a record was normalised twice, exactly once", once, func(h *history) { h.again(h.sound()) }, ledger.Conserved},
		{"an event came out of nothing", more, func(h *history) { h.cut(h.on("raw.studentcom")[0]) }, ledger.Conserved},
		{"an offset was committed too early", more, (*history).early, ledger.Passed},
		{"an offset was committed too early in front", more, (*history).earlyInFront, ledger.Passed},
		{"an offset was committed too early, as the first of several looks saw", more, func(h *history) {
			late := h.samples[0]
			h.early()
			h.samples = append(h.samples, late, late)
		}, ledger.Passed},
		{"nobody looked at the offsets", more, func(h *history) { h.samples = nil }, ledger.Passed},
		{"a look saw nothing passed in front", more, func(h *history) { h.unseen(h.cfg.Normalise) }, ledger.Passed},
		{"a look saw nothing passed behind", once, func(h *history) { h.unseen(h.cfg.Dedupe) }, ledger.Passed},
		{"two events of a booking changed places", more, func(h *history) { h.swap("events") }, ledger.Ordered},
		{"two events of a booking changed places, exactly once", once, func(h *history) { h.swap("events") }, ledger.Ordered},
		{"two records of a booking changed places before", more, func(h *history) { h.swap("normalised") }, ledger.Ordered},
		{"two decisions on a booking changed places", more, func(h *history) { h.swap("decisions") }, ledger.Ordered},
		{"a webhook is in another partition", more, func(h *history) { h.astray("raw.redbroom") }, ledger.Ordered},
		{"a record of a booking is in another partition", more, func(h *history) { h.astray("normalised") }, ledger.Ordered},
		{"an event of a booking is in another partition", more, func(h *history) { h.astray("events") }, ledger.Ordered},
		{"a decision is in another partition", more, func(h *history) { h.astray("decisions") }, ledger.Ordered},
		{"a state is in another partition than what it is made of", more, (*history).alone, ledger.Ordered},
		{"an event is there twice, exactly once", once, func(h *history) { h.again(h.on("events")[0]) }, ledger.Copies},
		{"a copy of an event says something else", more, (*history).otherCopy, ledger.Copies},
		{"a webhook got two ids", more, (*history).otherID, ledger.Copies},
		{"a decision is there twice, exactly once", once, func(h *history) { h.again(h.on("decisions")[0]) }, ledger.Copies},
		{"a cancellation has no decision", more, func(h *history) { h.cut(h.on("decisions")[0]) }, ledger.Decided},
		{"a cancellation has two decisions", more, (*history).decidedAgain, ledger.Decided},
		{"a state is lost", more, (*history).forget, ledger.State},
		{"a state is an older one", more, (*history).older, ledger.State},
		{"a state says something else", more, (*history).otherState, ledger.State},
		{"what is remembered is something else", more, (*history).otherMemory, ledger.State},
		{"a state was buried", more, (*history).tombstone, ledger.State},
		{"a state came out of nothing", more, (*history).strange, ledger.State},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := tt.of.clone()
			tt.hurt(h)
			found := h.judge(t)
			if !slices.ContainsFunc(found, func(f ledger.Fault) bool { return f.Rule == tt.want }) {
				t.Errorf("found %v, and nothing under %s", found, tt.want)
			}
		})
	}
}

// A member that is killed does some of its work again. That is no fault of a
// pipeline that promises at least once.
func TestWorkThatWasDoneAgainAddsUpAtLeastOnce(t *testing.T) {
	h := realHistory(t, "at_least_once", bookings).clone()
	for _, output := range []string{"events", "decisions"} {
		for range 5 {
			h.again(h.on(output)[0])
		}
	}
	h.again(h.outcome("duplicate"))
	h.again(h.outcome("ignored"))
	for _, f := range h.judge(t) {
		t.Error(f)
	}
}

// A look-up that was made twice may find something else in between.
func TestWhatTwoWebhooksSayMayBePublishedOfBothAtLeastOnce(t *testing.T) {
	h := realHistory(t, "at_least_once", bookings).clone()
	h.alsoSaid()
	for _, f := range h.judge(t) {
		t.Error(f)
	}
}
