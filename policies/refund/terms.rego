package travel.refund

# What the data alone says. Reservoir works these rules out once, when it reads
# the policies, because they ask nothing of the input; a decision looks up.

# terms has the versions of each tier, by the name that bookings use.
terms[key] := entry if {
	some family, tiers in data.catalog.tiers
	some name, list in tiers
	key := concat(".", [family, name])
	versions := [prepared(key, v) | some v in list]
	entry := object.union(plain(versions), {
		"versions": versions,
		"bounded": true in {v.bounded | some v in versions},
		"by_booking": true in {v.by_booking | some v in versions},
	})
}

# plain is the only version of a tier, where it is for all dates and stays.
default plain(_) := {}

plain([version]) := {"plain": version} if {
	version.dated == false
	version.bounded == false
}

# without_terms stands where a booking names no terms, or none that are known.
without_terms := {"version": null, "rows": [], "classes": data.catalog.components, "fit": fit(data.catalog.components)}

prepared(key, v) := object.union_n([by_start(rows), object.filter(v, {"evidence_reasons"}), {
	"version": v.version,
	"effective_from": v.effective_from,
	"effective_to": v.effective_to,
	"dated": dates != set(),
	"bounded": count(object.filter(v, {"min_nights", "max_nights"})) > 0,
	"min_nights": object.get(v, "min_nights", 0),
	"max_nights": object.get(v, "max_nights", 1000000),
	"by_booking": (dates | anchors) != set(),
	"rows": rows,
	"classes": classes(components),
	"fit": fit(classes(components)),
	"hours": [{"id": w.id, "above": c.min_minutes - 720, "below": c.min_minutes + 720} |
		some w in v.windows
		some c in w.all_of
		c.min_minutes
	],
}]) if {
	dates := {v.effective_from, v.effective_to} - {null}
	anchors := {c.anchor | some w in v.windows; some c in w.all_of} & {"booking"}
	components := object.get(v, "components", null)
	late := object.union(row("no_window", sprintf("%s.no_window", [key]), 0, "total"), {
		"too_late": sprintf("too late for every window of %s", [key]),
		"caveats": caveats(key, v),
		"all_of": [],
		"from": always_open,
	})
	rows := array.concat([window_row(key, v, w) | some w in v.windows], [late])
}

# by_start has the rows where no condition but minutes to the start decides.
default by_start(_) := {}

by_start(rows) := {"by_start": rows} if {
	count([r | some r in rows; not r.from]) == 0
}

window_row(key, v, w) := object.union_n([
	row("window", sprintf("%s.%s", [key, w.id]), 10000 - object.get(w.fee, "bp", 0), w.fee.of),
	said(key, v, w),
	opening(w),
	by_nights(w.fee),
	{
		"all_of": w.all_of,
		"fixed": "fixed_minor" in object.keys(w.fee),
		"keeps": {currency: {"minor": minor, "types": core_types} | some currency, minor in object.get(w.fee, "fixed_minor", {})},
	},
])

default by_nights(_) := {}

by_nights(fee) := {"nights": object.get(fee, "nights", 0)} if fee.of == "remaining_nights"

# always_open is before every moment that there is.
always_open := -1000000000000

# opening says from which minute on a row is open, where the start alone decides.
default opening(_) := {}

opening(w) := {"from": max({always_open} | {c.min_minutes | some c in w.all_of})} if {
	every c in w.all_of {
		c.min_minutes
	}
}

said(key, v, w) := {"reasons": grace} if {
	"booking" in {c.anchor | some c in w.all_of}
	reason := {"code": "R-GRACE", "message": "cancelled in the grace period after booking", "params": {"window": w.id}}
	grace := caveats(key, v) | {reason}
} else := {"id": w.id, "applies": sprintf("window %s of %s applies", [w.id, key]), "caveats": caveats(key, v)}

default caveats(_, _) := set()

caveats(key, v) := {{"code": "R-ASSUMED-TIER", "message": msg, "params": {"tier": key}}} if {
	v.basis == "assumption"
	msg := sprintf("the percentages of %s are a shipped assumption; the operator confirms them", [key])
}

caveats(key, v) := {{"code": "R-THIRD-PARTY-TIER", "message": msg, "params": params}} if {
	v.basis == "third_party"
	msg := sprintf("the rows of %s were read at a third party", [key])
	params := {"tier": key, "source": v.source, "retrieved_at": v.retrieved_at}
}

supplier_cancelled := object.union(row("supplier", "supplier_cancelled", 10000, "total"), {"reasons": {{
	"code": "R-SUPPLIER",
	"message": "the supplier cancelled: everything goes back",
	"params": {},
}}})

service_over := object.union(row("service_over", "service_over", 0, "total"), {"reasons": {{
	"code": "R-SERVICE-OVER",
	"message": "cancelled after the service had ended",
	"params": {},
}}})

open := {"kind": "open", "rule": null, "bp": null, "keeps": {}, "reasons": set()}

# row says what becomes of each class of components, before the start and after it.
row(kind, rule, bp, fee_of) := {
	"kind": kind,
	"rule": rule,
	"bp": bp,
	"keeps": {},
	"before": rates_by_class(bp, fee_of, {"bp": 10000}),
	"after": rates_by_class(bp, fee_of, {"bp": 0}),
}

# rates_by_class has the outcome's rate for all classes where the fee is of the
# total. A type that the catalogue does not know gets nothing back.
rates_by_class(bp, "total", _) := {
	"core": {"bp": bp},
	"always": {"bp": 10000},
	"before_start": {"bp": bp},
	"on_full": {"bp": bp},
	"never": {"bp": 0},
	"unknown": {"bp": 0},
}

rates_by_class(bp, fee_of, taxes) := {
	"core": {"bp": bp},
	"always": {"bp": 10000},
	"before_start": taxes,
	"on_full": {"bp": 0},
	"never": {"bp": 0},
	"unknown": {"bp": 0},
} if {
	fee_of != "total"
}

# classes is the catalogue's, with what a version says otherwise.
classes(null) := data.catalog.components

classes(components) := object.union(data.catalog.components, components) if components != null

# fit leaves out lines that take away or give back, whatever their class.
fit(types) := object.remove(types, {"cancellation", "refund"})

core_types := [t | some t, "core" in data.catalog.components]
