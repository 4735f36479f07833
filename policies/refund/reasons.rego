package travel.refund

# Every decision says why, in words for the person who answers the guest.

reason contains {"code": "N-NOT-SOLD", "message": msg, "params": {"status": input.booking.status}} if {
	input.booking.status in {"quoted", "expired", "rejected"}
	msg := sprintf("nothing was sold: the booking is %s", [input.booking.status])
}

reason contains {"code": "N-UNPAID", "message": "nothing was paid, so nothing can be refunded", "params": {}} if {
	input.booking.payment_status == "unpaid"
}

reason contains {"code": "N-NO-PRICE", "message": "the booking costs nothing", "params": {}} if {
	input.booking.price.total_minor == 0
}

# METADATA
# labels: {code: R-SUPPLIER}
reason contains {"code": "R-SUPPLIER", "message": "the supplier cancelled: everything goes back", "params": {}} if {
	applicable
	outcome.rule == "supplier_cancelled"
}

# METADATA
# labels: {code: R-SERVICE-OVER}
reason contains {"code": "R-SERVICE-OVER", "message": "cancelled after the service had ended", "params": {}} if {
	applicable
	outcome.rule == "service_over"
}

# METADATA
# labels: {code: R-GRACE}
reason contains {"code": "R-GRACE", "message": "cancelled in the grace period after booking", "params": {"window": window.id}} if {
	by_window
	"booking" in window_anchors
}

# METADATA
# labels: {code: R-WINDOW}
reason contains {"code": "R-WINDOW", "message": msg, "params": params} if {
	by_window
	not "booking" in window_anchors
	msg := sprintf("window %s of %s applies", [window.id, tier_key])
	params := {"window": window.id, "minutes_before_start": input.derived.minutes_before_start}
}

# METADATA
# labels: {code: R-NO-WINDOW}
reason contains {"code": "R-NO-WINDOW", "message": msg, "params": {"minutes_before_start": input.derived.minutes_before_start}} if {
	applicable
	outcome.rule == sprintf("%s.no_window", [tier_key])
	msg := sprintf("too late for every window of %s", [tier_key])
}

# METADATA
# labels: {code: R-ASSUMED-TIER}
reason contains {"code": "R-ASSUMED-TIER", "message": msg, "params": {"tier": tier_key}} if {
	by_tier
	tier.basis == "assumption"
	msg := sprintf("the percentages of %s are a shipped assumption; the operator confirms them", [tier_key])
}

# METADATA
# labels: {code: R-THIRD-PARTY-TIER}
reason contains {"code": "R-THIRD-PARTY-TIER", "message": msg, "params": params} if {
	by_tier
	tier.basis == "third_party"
	msg := sprintf("the rows of %s were read at a third party", [tier_key])
	params := {"tier": tier_key, "source": tier.source, "retrieved_at": tier.retrieved_at}
}

by_window if {
	applicable
	outcome.rule == from_window.rule
}

by_tier if {
	applicable
	not outcome.rule in {"supplier_cancelled", "service_over", null}
}

window_anchors := {c.anchor | some c in window.all_of}
