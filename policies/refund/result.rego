# METADATA
# title: Refunds of cancelled bookings
# description: >-
#   Says which rates apply and why. It returns basis points, nights and fixed
#   amounts; the host does the money arithmetic and checks it.
package travel.refund

# The types of events this policy judges; no other event gets a decision record.
judges := {
	"travel.booking.cancelled.v1",
	"travel.booking.expired.v1",
}

# METADATA
# entrypoint: true
result := {
	"schema": "refund-rates/1",
	"decision": decision,
	"currency": currency,
	"rate_bp": row.bp,
	"tier": tier_key,
	"tier_version": version.version,
	"rule": row.rule,
	"rates": rates,
	"keep": object.get(row.keeps, currency, null),
	"auto_limit_minor": auto_limit_minor,
	"reasons": reasons,
	"violations": violation,
	"policy": data.catalog.policy,
} if {
	row := outcome
}

# A person looks while anything is an error.
decision := "review" if {
	violation[_].severity == "error"
} else := "approve" if {
	rates[_].bp > 0
} else := "not_applicable" if {
	applicable == false
} else := "deny"

# applicable says whether a refund can be due at all.
applicable := false if {
	input.booking.status in {"quoted", "expired", "rejected"}
} else := false if {
	input.booking.payment_status == "unpaid"
} else := false if {
	input.booking.price.total_minor == 0
} else := true

default currency := null

currency := input.booking.price.currency

default auto_limit_minor := null

auto_limit_minor := data.catalog.auto_limit_minor[input.booking.price.currency]
