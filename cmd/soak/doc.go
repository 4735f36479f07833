// Command soak runs members of a pipeline against a real Kafka cluster, sends
// webhooks to them, and does harm all the time: it kills, stops and restarts
// members and brokers, moves leaders, writes junk and lets state be restored
// while it is compacted. In the end it reads every topic and proves that nothing
// was lost, doubled, or put in another order (package ledger).
//
//	go run ./cmd/soak -kafka .ci/kafka.sh -brokers 3 -minutes 60 -fault-every 20s -delivery exactly_once
//
// It prints its seed first; -seed does the same harm again. What happens when,
// on a machine that is busy, no seed can say.
//
// The files: options and run are the command; cluster the brokers, fleet and
// member the pipelines, load and sender the webhooks; faults what is done to
// them; watch measures and looks ask while it goes on; settle and check judge.
package main
