// Package normalise turns a provider's webhook, or the answer of its look-up,
// into canonical booking events. The plugin fills what the provider knows; this
// stage gives ids, people's tokens and lineage, and holds every event to the
// schema. From here on one event is one booking, keyed by the booking's id.
package normalise
