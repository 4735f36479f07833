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

reason contains why(outcome.kind) if applicable == true

reason contains caveat(tier.basis, tier_key) if {
	outcome.kind in {"window", "no_window"}
	applicable == true
}

why("supplier") := {"code": "R-SUPPLIER", "message": "the supplier cancelled: everything goes back", "params": {}}

why("service_over") := {"code": "R-SERVICE-OVER", "message": "cancelled after the service had ended", "params": {}}

why("window") := {"code": "R-GRACE", "message": "cancelled in the grace period after booking", "params": {"window": window.id}} if {
	some i
	window.all_of[i].anchor == "booking"
} else := {"code": "R-WINDOW", "message": msg, "params": params} if {
	id := window.id
	msg := sprintf("window %s of %s applies", [id, tier_key])
	params := {"window": id, "minutes_before_start": input.derived.minutes_before_start}
}

why("no_window") := {"code": "R-NO-WINDOW", "message": msg, "params": {"minutes_before_start": input.derived.minutes_before_start}} if {
	msg := sprintf("too late for every window of %s", [tier_key])
}

caveat("assumption", key) := {"code": "R-ASSUMED-TIER", "message": msg, "params": {"tier": key}} if {
	msg := sprintf("the percentages of %s are a shipped assumption; the operator confirms them", [key])
}

caveat("third_party", key) := {"code": "R-THIRD-PARTY-TIER", "message": msg, "params": params} if {
	msg := sprintf("the rows of %s were read at a third party", [key])
	params := {"tier": key, "source": tier.source, "retrieved_at": tier.retrieved_at}
}
