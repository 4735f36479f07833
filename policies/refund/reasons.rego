package travel.refund

# Every decision says why, in words for the person who answers the guest.

reason contains {"code": "N-NOT-SOLD", "message": msg, "params": {"status": input.booking.status}} if {
	input.booking.status in {"quoted", "expired", "rejected"}
	msg := concat("", ["nothing was sold: the booking is ", input.booking.status])
}

reason contains {"code": "N-UNPAID", "message": "nothing was paid, so nothing can be refunded", "params": {}} if {
	input.booking.payment_status == "unpaid"
}

reason contains {"code": "N-NO-PRICE", "message": "the booking costs nothing", "params": {}} if {
	input.booking.price.total_minor == 0
}

reason contains {"code": "R-SUPPLIER", "message": "the supplier cancelled: everything goes back", "params": {}} if {
	applicable
	outcome.kind == "supplier"
}

reason contains {"code": "R-SERVICE-OVER", "message": "cancelled after the service had ended", "params": {}} if {
	applicable
	outcome.kind == "service_over"
}

reason contains {"code": "R-GRACE", "message": "cancelled in the grace period after booking", "params": {"window": window.id}} if {
	by_window
	"booking" in window_anchors
}

reason contains {"code": "R-WINDOW", "message": msg, "params": params} if {
	by_window
	not "booking" in window_anchors
	msg := concat(" ", ["window", window.id, "of", tier_key, "applies"])
	params := {"window": window.id, "minutes_before_start": input.derived.minutes_before_start}
}

reason contains {"code": "R-NO-WINDOW", "message": msg, "params": {"minutes_before_start": input.derived.minutes_before_start}} if {
	applicable
	outcome.kind == "no_window"
	msg := concat(" ", ["too late for every window of", tier_key])
}

reason contains {"code": "R-ASSUMED-TIER", "message": msg, "params": {"tier": tier_key}} if {
	by_tier
	tier.basis == "assumption"
	msg := concat(" ", ["the percentages of", tier_key, "are a shipped assumption; the operator confirms them"])
}

reason contains {"code": "R-THIRD-PARTY-TIER", "message": msg, "params": params} if {
	by_tier
	tier.basis == "third_party"
	msg := concat(" ", ["the rows of", tier_key, "were read at a third party"])
	params := {"tier": tier_key, "source": tier.source, "retrieved_at": tier.retrieved_at}
}

by_window if {
	applicable
	outcome.kind == "window"
}

by_tier if {
	applicable
	outcome.kind in {"window", "no_window"}
}

window_anchors := {c.anchor | some c in window.all_of}
