// Package innkeeper is the plugin that the benchmarks run with: a provider
// that does not exist, written as the real ones are, for the webhooks that
// package payload makes. One webhook is one booking.
//
// It differs from a real plugin in one thing: Normalise checks the signature
// of the stored body again. Benchmarks that begin at the raw topic then do the
// work that a consumer without an HTTP segment in front would have to do.
package innkeeper
