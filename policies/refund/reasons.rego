package travel.refund

# Every decision says why, in words for the person who answers the guest.

reasons := row.caveats | {{"code": "R-WINDOW", "message": row.applies, "params": params}} if {
	applicable == true
	row := outcome
	params := {"window": row.id, "minutes_before_start": input.derived.minutes_before_start}
} else := row.caveats | {{"code": "R-NO-WINDOW", "message": row.too_late, "params": params}} if {
	applicable == true
	row := outcome
	params := {"minutes_before_start": input.derived.minutes_before_start}
} else := outcome.reasons if {
	applicable == true
} else := nothing_due

nothing_due contains {"code": "N-NOT-SOLD", "message": msg, "params": {"status": input.booking.status}} if {
	input.booking.status in {"quoted", "expired", "rejected"}
	msg := concat("", ["nothing was sold: the booking is ", input.booking.status])
}

nothing_due contains {"code": "N-UNPAID", "message": "nothing was paid, so nothing can be refunded", "params": {}} if {
	input.booking.payment_status == "unpaid"
}

nothing_due contains {"code": "N-NO-PRICE", "message": "the booking costs nothing", "params": {}} if {
	input.booking.price.total_minor == 0
}
