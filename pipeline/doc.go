// Package pipeline holds the words that everything else in Reservoir speaks:
// the webhook as it was received (Request), what a plugin can tell of it
// (Identity, Verification, LookUp), the event that travels through the stages
// (Event), and the two contracts that others implement: Stage and Provider.
//
// One webhook goes through it like this:
//
//	Request ─ Identify ─ Verify ─▶ raw topic ─▶ LookUp ─ Normalise ─▶ normalised topic ─▶ dedupe ─ policy ─▶ outputs
//
// A stage knows how, a provider knows what, the pipeline knows where: a stage
// never names a topic and a provider never sees Kafka.
package pipeline
