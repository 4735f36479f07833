// Command soak runs members of a pipeline against a real Kafka cluster, sends
// webhooks to them, and does harm all the time: it kills, stops and restarts
// members and brokers, moves leaders, writes junk and lets state be restored
// while it is compacted. In the end it reads every topic and proves that nothing
// was lost, doubled, or put in another order (package ledger).
//
//	go run ./cmd/soak -kafka .ci/kafka.sh -brokers 3 -minutes 60 -fault-every 20s -delivery exactly_once
//
// It prints its seed first, in a command line that does the same again: each
// sender has the same webhooks to send in the same order, and the same faults
// come in the same order, to the same members and brokers, for as long. How many
// of either there are in the time, which webhooks of two senders come first, at
// which member's door, and what a fault meets, no seed can say on a machine that
// is busy.
//
// Several runs one after the other, each with a seed of its own, until one finds
// something wrong:
//
//	for n in 1 2 3 4 5; do go run ./cmd/soak -minutes 10 -delivery exactly_once || break; done
//
// and the same of the suite that does each fault once, on brokers that are there:
//
//	dir=$(mktemp -d); KAFKA_PROPERTIES="$(go run ./cmd/soak -properties)" .ci/kafka.sh start 3 "$dir"
//	for n in 1 2 3 4 5; do RESERVOIR_TEST_CLUSTER=$dir go test -count=1 -timeout 30m -run OnARealCluster -v ./cmd/soak || break; done
//	.ci/kafka.sh stop "$dir"
//
// Where static members alone are restarted in order, and nothing worse was done
// for half a minute, a copy is wrong at least once too, and so is a group that
// rebalances because it does not know a member again: -faults '^(member-restart|member-rolling|calm)$'
// does nothing else.
//
// The files: options and run are the command; cluster the brokers, fleet and
// member the pipelines, load and sender the webhooks; faults what is done to
// them; watch measures and looks ask while it goes on; promise, settle and check
// judge.
package main
