// Package dedupe is the memory of the pipeline. It drops what was said before,
// marks what is older than what is known, fills thin events from the latest
// state, and keeps that state: one record a booking on bookings.current, and a
// copy of it on local disk (store.go).
//
// An event is judged by the newest state of its booking, reserved or kept
// (queue.go, process.go). Its own state is reserved in Process and kept or
// released in Settle, so that an event whose outputs were not acknowledged is
// never taken for a duplicate of itself.
//
// The topic is the truth. The local copy holds what the topic has acknowledged
// and nothing else: in memory at first (hot.go), then, with others, on disk
// (write.go), in a compact form of its own (blob.go, form.go). A checkpoint
// (checkpoint.go) says up to where the topic is in it, so that a restart reads
// only the tail (restore.go). In the background the checkpoint follows the topic
// by reading it, which also shows what a member that had lost its claim overwrote
// (follow.go), and what has expired is dropped (expire.go).
package dedupe
