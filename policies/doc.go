// Package policies holds the refund policy that is built in: Rego, the tiers
// it reads, its tests, and the JSON Schema of its input. The policy stage
// evaluates it for every event whose type it judges; README.md is for those who
// write such policies.
package policies
