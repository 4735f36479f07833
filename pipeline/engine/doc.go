// Package engine makes a configuration run: it binds the stages and plugins it
// is handed, cuts each pipeline's list of stages at its `to:` lines into
// segments, drives every Kafka segment by a Watermill router and the first one by
// an HTTP handler, and starts, drains and stops the whole.
//
// One webhook, in the order of the functions it passes:
//
//	web.serve ─ chain.run (ingest, verify) ─ encode ─ commit ─▶ 200
//	segment.handle ─ decode ─ chain.run (enrich, normalise) ─ outputs ─ commit
//	segment.handle ─ decode ─ chain.run (dedupe, policy) ─ outputs ─ commit ─ settle
//
// A segment is handed the records of a message together: each goes through the
// chain alone and has its own outcome, and what all of them lead to is written
// and waited for at once.
package engine
