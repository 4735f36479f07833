package travel.refund_test

import data.travel.refund

# A guest cancels a stay of four nights under goodbay.moderate, ten days before.
base := {
	"schema": "refund-input/1",
	"as_of": "2026-06-01T10:00:00Z",
	"mode": "live",
	"event": {"id": "e1", "type": "travel.booking.cancelled.v1"},
	"stale": false,
	"booking": {
		"id": "goodbay/bk_42",
		"provider": "redbroom",
		"source": "goodbay",
		"kind": "stay",
		"status": "cancelled",
		"payment_status": "paid",
		"booked_at": "2026-05-01T10:00:00Z",
		"confirmed_at": null,
		"cancelled_at": "2026-06-01T09:59:58Z",
		"updated_at": null,
		"service": {
			"starts_at": "2026-06-11T21:00:00Z",
			"ends_at": "2026-06-15T17:00:00Z",
			"start_local": "2026-06-11T15:00",
			"end_local": "2026-06-15T11:00",
			"zone": "America/Mexico_City",
			"precision": "minute",
			"nights": 4,
		},
		"product": null,
		"party": null,
		"price": {
			"currency": "MXN",
			"exponent": 2,
			"total_minor": 845050,
			"components": [
				{"type": "accommodation", "amount_minor": 700001},
				{"type": "cleaning", "amount_minor": 45049},
				{"type": "service_fee", "amount_minor": 100000},
			],
		},
		"terms": {"label_native": "moderate", "tier": "goodbay.moderate"},
		"policy_tier": "goodbay.moderate",
	},
	"cancellation": {
		"requested_at": "2026-06-01T09:59:58Z",
		"by": "guest",
		"reason_code": "change_of_plans",
		"evidence": [],
	},
	"derived": {
		"minutes_before_start": 14400,
		"minutes_before_end": 20000,
		"minutes_since_booked": 44639,
		"nights_total": 4,
		"nights_used": 0,
	},
	"refund_reported": null,
	"quality": {"missing": [], "assumed": [], "inherited": [], "conflicts": []},
}

# decide gives the result for the fixture with a patch over it.
decide(patch) := result if {
	result := refund.result with input as object.union(base, patch)
}

codes(list) := {x.code | some x in list}

before(tier, minutes) := object.union(tiered(tier), {"derived": {"minutes_before_start": minutes}})

tiered(tier) := {"booking": {"policy_tier": tier, "terms": {"label_native": null, "tier": tier}}}
